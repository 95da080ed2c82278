//! From a token answer to a credential.

use super::{CarrierTokenResponse, TokenKind};
use crate::{Class, Credential, Error, Facts, Result};
use oauth2::{ExtraTokenFields, TokenResponse};
use std::time::Duration;

/// Access tokens live for hours. Anything beyond a year is a mistake, and to believe it would mean to
/// inject a dead token until an operator notices.
const MAX_LIFETIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The bearer token of an answer. The answer has to say how long it is good for.
pub fn credential<F: ExtraTokenFields>(
    answer: &CarrierTokenResponse<F>,
    carrier: &str,
) -> Result<Credential> {
    let protocol = |code: &'static str, fault: &str| {
        Error::new(
            Class::Protocol,
            code,
            format!("{carrier}'s token answer {fault}"),
        )
    };
    if *answer.token_type() != TokenKind::Bearer {
        return Err(protocol("token_type", "holds no bearer token"));
    }
    let lifetime = lifetime(answer.expires_in(), carrier)?;
    let scopes = answer.scopes().map(|scopes| {
        let words: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        words.join(" ")
    });
    let facts = Facts {
        token_type: Some("Bearer".to_owned()),
        scope: scopes.filter(|text| !text.is_empty()),
        ..Facts::default()
    };
    Ok(Credential::bearer(answer.access_token().secret())?
        .expires_in(Some(lifetime))
        .facts(facts))
}

/// A lifetime that a carrier can have meant.
pub fn lifetime(said: Option<Duration>, carrier: &str) -> Result<Duration> {
    let fault = match said {
        Some(lifetime) if !lifetime.is_zero() && lifetime <= MAX_LIFETIME => return Ok(lifetime),
        Some(_) => "has an impossible lifetime",
        None => "does not say how long the token is good for",
    };
    let message = format!("{carrier}'s token answer {fault}");
    Err(Error::new(Class::Protocol, "expires_in", message))
}
