//! Checks the bearer of an API call and refuses as UPS does.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::{Environment, UpsError};
use crate::config::{ExpiredToken, InvalidToken};
use crate::journal::RequestFacts;
use crate::mock_state::MockState;
use crate::tokens::AccessToken;

/// A bad, expired or foreign token, or an app without the product.
pub(crate) fn invalid_authentication() -> UpsError {
    UpsError::new(
        StatusCode::UNAUTHORIZED,
        "250002",
        "Invalid Authentication Information.",
    )
}

/// No token, or one that is not the mock's.
fn not_a_token(state: &MockState) -> UpsError {
    match state.settings().invalid_token {
        InvalidToken::InvalidAuthentication => invalid_authentication(),
        InvalidToken::NotPresent => UpsError::new(
            StatusCode::UNAUTHORIZED,
            "UJ0001",
            "Invalid token or token is not present",
        ),
    }
}

/// A good token on a path without `/api`.
pub(crate) fn invalid_license() -> UpsError {
    UpsError::new(
        StatusCode::UNAUTHORIZED,
        "250003",
        "Invalid Access License number",
    )
}

/// The token that the connection used last. A connection nearly always repeats its token, and
/// comparing is cheaper than hashing; nothing here is shared with other connections.
#[derive(Debug, Default)]
pub(crate) struct LastBearer(Mutex<Option<(HeaderValue, Arc<AccessToken>)>>);

impl LastBearer {
    /// Forgets it, for a connection that rests.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Runs `then` with the live token of the request, or says why there is none.
    pub(crate) fn check<T>(
        &self,
        state: &MockState,
        environment: Environment,
        headers: &HeaderMap,
        now_ms: i64,
        facts: &mut RequestFacts,
        then: impl FnOnce(&AccessToken, &mut RequestFacts) -> T,
    ) -> Result<T, UpsError> {
        // Several fields are an attempt at smuggling, or a gateway that adds its own without removing the client's.
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            facts.note = Some("no Authorization header");
            return Err(not_a_token(state));
        };
        if values.next().is_some() {
            // UPS's code for it is not known; the safest for a client is the one for a bad token.
            facts.note = Some("several Authorization headers");
            return Err(invalid_authentication());
        }
        // Held while the product answers: streams of one connection take turns, others do not wait.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|(known, _)| known != value) {
            // Cleared first: a refused token must not leave the previous one in place.
            *last = None;
            let found = text(value).and_then(|text| state.tokens.find(text));
            let Some(token) = found else {
                facts.note = Some("not a token of this mock");
                return Err(not_a_token(state));
            };
            // Copied: the value of the request is a part of the read buffer and would keep all of it.
            let copy = HeaderValue::from_bytes(value.as_bytes());
            let copy = copy.unwrap_or_else(|_| value.clone());
            *last = Some((copy, token));
        }
        let Some((_, token)) = last.as_ref() else {
            return Err(invalid_authentication());
        };
        // Set before the refusals, so that the journal shows which token was refused.
        facts.token = token.serial;
        // The environment first: an expired token of the other one is still foreign.
        if token.environment != environment {
            facts.note = Some("token of the other environment");
            return Err(invalid_authentication());
        }
        if !token.is_live(now_ms) {
            facts.note = Some("expired or revoked token");
            let is_expired = token.expires_at_ms() <= now_ms;
            // 251004 stands in one of UPS's files only, so it is a setting; live answers have 250002.
            let names_it = state.settings().expired_token == ExpiredToken::Expired;
            return Err(match is_expired && names_it {
                true => UpsError::new(
                    StatusCode::UNAUTHORIZED,
                    "251004",
                    "The access token has expired",
                ),
                false => invalid_authentication(),
            });
        }
        // After the refusals: only calls that got through are uses.
        token.count_use();
        Ok(then(token, facts))
    }
}

/// The token in a bearer's header value.
pub(crate) fn text(value: &HeaderValue) -> Option<&str> {
    // Without a token after the scheme there is nothing to look up.
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
