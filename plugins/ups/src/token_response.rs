//! What a good token answer yields.

use oauth2::TokenResponse;
use plugins_sdk::{
    Class, Credential, Error, Facts, Grant, Result,
    oauth::{CarrierTokenResponse, RefreshTokenFields, TokenKind, write_login},
};
use std::time::Duration;

/// UPS's tokens live some hours. Anything beyond a year is a mistake, and to believe it would mean
/// to inject a dead token until an operator notices.
const MAX_LIFETIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What a login's token lives if UPS does not say so: a guess that a 401 corrects. To refuse the
/// answer would lose the new refresh token, and with it the login.
const CAUTIOUS_LIFETIME: Duration = Duration::from_secs(15 * 60);

type UpsTokenResponse = CarrierTokenResponse<RefreshTokenFields>;

/// The credential of an answer to client credentials.
pub(crate) fn credential(answer: &UpsTokenResponse, now_unix_ms: u64) -> Result<Credential> {
    if !answer.extra().approved() {
        return Err(Error::new(
            Class::Rejected,
            "not_approved",
            "UPS issued a token that is not approved: look at the application's state at UPS",
        ));
    }
    let Some(lifetime) = answer.expires_in() else {
        return Err(protocol(
            "expires_in",
            "UPS's token answer does not say how long it is good",
        ));
    };
    if !believable(lifetime) {
        return Err(protocol(
            "expires_in",
            "UPS's token has an impossible lifetime",
        ));
    }
    bearer(answer, lifetime, now_unix_ms)
}

/// The credential of an answer to a code or a refresh token, with the login's next state.
///
/// The token that was presented is used up in any case: UPS rotates. An answer without a new one, or
/// with one that UPS does not approve, is good for its access token and then for nothing.
pub(crate) fn login(answer: &UpsTokenResponse, now_unix_ms: u64) -> Result<Credential> {
    if !answer.extra().approved() {
        let message = "UPS did not approve the login: look at the application's state at UPS, then \
                       log in again";
        return Err(Error::new(Class::Interaction, "not_approved", message).grant_refused());
    }
    // No error for an odd lifetime: it would throw away the new refresh token, and with it the login.
    let said = answer.expires_in().filter(|said| believable(*said));
    let credential = bearer(answer, said.unwrap_or(CAUTIOUS_LIFETIME), now_unix_ms)?;
    let next = answer
        .refresh_token()
        .filter(|_| answer.extra().refresh_approved())
        .and_then(|token| write_login(token.secret()));
    Ok(match next {
        Some(state) => credential.state(&state).grant(Grant::Replaced {
            lifetime: answer.extra().refresh_lifetime(),
        }),
        // UPS rotates with each use, so the token that was presented is dead even without a successor.
        None => credential.grant(Grant::Gone),
    })
}

fn bearer(answer: &UpsTokenResponse, lifetime: Duration, now_unix_ms: u64) -> Result<Credential> {
    if *answer.token_type() != TokenKind::Bearer {
        return Err(protocol("token_type", "UPS's token is no bearer token"));
    }
    let facts = Facts {
        token_type: Some("Bearer".to_owned()),
        scope: scope(answer),
        ..answer.extra().facts(now_unix_ms)
    };
    Ok(Credential::bearer(answer.access_token().secret())?
        .expires_in(Some(lifetime))
        .facts(facts))
}

fn believable(lifetime: Duration) -> bool {
    !lifetime.is_zero() && lifetime <= MAX_LIFETIME
}

fn scope(answer: &UpsTokenResponse) -> Option<String> {
    let scopes: Vec<_> = answer
        .scopes()?
        .iter()
        .map(|scope| scope.as_str())
        .collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

fn protocol(code: &'static str, message: &'static str) -> Error {
    Error::new(Class::Protocol, code, message)
}
