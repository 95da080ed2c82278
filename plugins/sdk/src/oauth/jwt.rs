//! How long a token lives that is a JSON Web Token (RFC 7519).

use super::number::seconds;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "seconds")]
    exp: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    iat: Option<u64>,
}

/// The lifetime of a JSON Web Token that was issued just now. `None` if it says none, or is no such token.
///
/// If the token says when it was issued, the clock of the gateway does not count: the carrier's may be wrong.
/// The signature is not checked, because only the carrier relies on it.
pub fn jwt_lifetime(token: &str, now_unix_ms: u64) -> Option<Duration> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let Claims { exp, iat } = serde_json::from_slice(&claims).ok()?;
    let issued = iat.unwrap_or(now_unix_ms / 1000);
    // A token that was never valid has no lifetime either.
    exp?.checked_sub(issued)
        .filter(|life| *life > 0)
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600_000;

    fn lifetime(claims: &str) -> Option<u64> {
        let claims = URL_SAFE_NO_PAD.encode(claims);
        let token = format!("eyJhbGciOiJub25lIn0.{claims}.c2ln");
        jwt_lifetime(&token, NOW).map(|life| life.as_secs())
    }

    #[test]
    fn lifetime_is_that_of_the_claims_and_not_of_the_clock() {
        assert_eq!(lifetime(r#"{"iat":1000,"exp":15400}"#), Some(14_400));
        assert_eq!(lifetime(r#"{"iat":"1000","exp":"15400"}"#), Some(14_400));
        assert_eq!(lifetime(r#"{"exp":1767229200}"#), Some(3600));
        assert_eq!(lifetime(r#"{"exp":1767229200.5}"#), Some(3600));
    }

    #[test]
    fn token_without_a_lifetime_has_none() {
        for claims in [
            "{}",
            r#"{"iat":1000}"#,
            r#"{"iat":1000,"exp":1000}"#,
            r#"{"iat":1000,"exp":999}"#,
            r#"{"exp":1000}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":null}"#,
            "[]",
            "no claims",
        ] {
            assert_eq!(lifetime(claims), None, "{claims}");
        }
        for token in ["", "opaque", "a.b", "a.!.c", "a..c"] {
            assert_eq!(jwt_lifetime(token, NOW), None, "{token}");
        }
    }
}
