//! Reading names, queries and contents, with errors that say what is wrong and never repeat a value.

use crate::error::AdminError;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request},
};
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;
use std::{fmt::Display, str::FromStr};

/// The `{name}` in a path.
pub(super) struct PathName<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for PathName<T>
where
    S: Send + Sync,
    T: FromStr<Err: Display>,
{
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        let bad = |message| AdminError::Invalid("bad_name", message);
        // Checked before its text is used: the route has a parameter.
        RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_not_utf8| bad("the name in the path is not UTF-8".to_owned()))?;
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_not_utf8| bad("the name in the path is not UTF-8".to_owned()))?;
        // The type's own rule decides, so that a name means the same here as in the configuration file.
        name.parse()
            .map(Self)
            .map_err(|error: T::Err| bad(error.to_string()))
    }
}

/// The query of a request.
pub(super) struct QueryOf<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let cause = cause.unwrap_or_default();
            invalid("bad_query", "the query", &cause)
        })
    }
}

/// A request's JSON content.
pub(super) struct Content<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Content<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminError> {
        if !is_json(request.headers()) {
            return Err(AdminError::NotJson);
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_unreadable| AdminError::TooLarge)?;
        // By hand instead of axum's `Json`, so that the error names the place and never repeats a value.
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { "the content" } else { &path };
            invalid("bad_json", place, &error.inner().to_string())
        })?;
        // Content after the first document is an error as well.
        reader
            .end()
            .map_err(|error| invalid("bad_json", "the content", &error.to_string()))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    let kind = text.and_then(|text| text.split(';').next());
    // Parameters such as `charset` change nothing: JSON is always UTF-8 (RFC 8259 section 8.1).
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// serde's message without the value that it found, because that may be a secret in the wrong place.
fn invalid(code: &'static str, place: &str, cause: &str) -> AdminError {
    // The message about a query begins with the name of the field.
    let without_field = cause.split_once(": ").map_or("", |(_, message)| message);
    let unknown = [cause, without_field]
        .iter()
        .any(|text| text.starts_with("unknown field"));
    let found_value = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .any(|start| cause.starts_with(start));
    // The last one: a value that was found may contain ", expected " itself.
    let reason = match (found_value, cause.rsplit_once(", expected ")) {
        (true, Some((_, expected))) => format!("expected {expected}"),
        (true, None) => "the value has the wrong type".to_owned(),
        (false, _) => cause.to_owned(),
    };
    let mut message = format!("{place}: {reason}");
    // By characters: a cut inside one would panic.
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    AdminError::Invalid(if unknown { "unknown_field" } else { code }, message)
}

/// The maximum length of a message. A name in it may be as long as the content.
const MAX_MESSAGE: usize = 400;

#[cfg(test)]
mod tests;
