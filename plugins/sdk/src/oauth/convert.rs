//! From the `oauth2` crate's error to the SDK's, without the answer that it may hold.

use super::{CarrierErrorBody, CarrierTokenResponse};
use crate::{Class, Error, Result};
use oauth2::{ExtraTokenFields, RequestTokenError};
use serde::de::DeserializeOwned;

/// `RequestTokenError::Parse` carries the whole answer: when a *good* answer does not parse, that
/// is the token. So nothing of it is shown but where the parser stopped, if OAuth names it.
impl From<RequestTokenError<Self, CarrierErrorBody>> for Error {
    fn from(error: RequestTokenError<Self, CarrierErrorBody>) -> Self {
        match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(body) => refused(&body),
            RequestTokenError::Parse(error, _answer) => unreadable(&error.path().to_string()),
            // Its text quotes a field that the carrier chose.
            RequestTokenError::Other(_) => no_json(),
        }
    }
}

/// Reads the content of a token answer, with the same care about what an error shows.
pub(super) fn token_response<F>(body: &[u8]) -> Result<CarrierTokenResponse<F>>
where
    F: ExtraTokenFields + DeserializeOwned,
{
    if body.is_empty() {
        return Err(no_json());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| unreadable(&error.path().to_string()))
}

fn no_json() -> Error {
    Error::new(
        Class::Protocol,
        "no_json",
        "the token endpoint's answer is empty or no JSON",
    )
}

fn refused(body: &CarrierErrorBody) -> Error {
    let (class, code, message) = match body.error() {
        Some("invalid_client") => (
            Class::Rejected,
            "invalid_client",
            "the carrier does not know this client id or refuses its secret",
        ),
        Some("unauthorized_client") => (
            Class::Rejected,
            "unauthorized_client",
            "the carrier does not allow this client to ask for tokens this way",
        ),
        Some("invalid_grant") => (
            Class::Interaction,
            "invalid_grant",
            "the carrier no longer honours the consent: a person has to log in again",
        ),
        Some("invalid_scope") => (
            Class::Config,
            "invalid_scope",
            "the carrier does not grant the configured scope",
        ),
        Some("invalid_request" | "unsupported_grant_type") => (
            Class::Protocol,
            "invalid_request",
            "the carrier does not understand the token request",
        ),
        Some(_) | None => (
            Class::Protocol,
            "refused",
            "the token endpoint answered with an error of its own",
        ),
    };
    Error::new(class, code, message)
}

fn unreadable(path: &str) -> Error {
    const NAMES: [&str; 5] = [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
    ];
    let message = match NAMES.into_iter().find(|name| *name == path) {
        Some(name) => format!("the token answer's {name} has an impossible value"),
        None => "the token answer is not what OAuth describes".to_owned(),
    };
    Error::new(Class::Protocol, "unreadable_answer", message)
}
