//! What some carriers say about a refresh token beyond OAuth: numbers or strings, and some of it not always.

use crate::Facts;
use oauth2::ExtraTokenFields;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// No login lives for years; a longer life is a mistake and counts as unsaid.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// The fields that UPS and USPS add to a token answer. No value here can spoil an answer that holds a token:
/// what cannot be read counts as absent.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RefreshTokenFields {
    status: Value,
    refresh_token_status: Value,
    refresh_token_expires_in: Value,
    refresh_token_issued_at: Value,
    refresh_count: Value,
}

impl ExtraTokenFields for RefreshTokenFields {}

impl RefreshTokenFields {
    /// A missing status is no objection; any other word is.
    pub fn approved(&self) -> bool {
        approved(&self.status)
    }

    /// Whether the refresh token has the status `approved`.
    pub fn refresh_approved(&self) -> bool {
        approved(&self.refresh_token_status)
    }

    /// How long the refresh token lives, if the carrier says so.
    pub fn refresh_lifetime(&self) -> Option<Duration> {
        let seconds = whole(&self.refresh_token_expires_in)?;
        Some(Duration::from_secs(seconds)).filter(|life| !life.is_zero() && *life <= LONGEST)
    }

    /// For people; the rest comes from fields that OAuth knows.
    pub fn facts(&self, now_unix_ms: u64) -> Facts {
        let issued = whole(&self.refresh_token_issued_at);
        let lifetime = whole(&self.refresh_token_expires_in);
        let expires = lifetime.map(|seconds| {
            // Without a time of the carrier's own, the answer's arrival is the nearest one.
            let issued = issued.unwrap_or(now_unix_ms);
            issued.saturating_add(seconds.saturating_mul(1000))
        });
        Facts {
            status: word(&self.status),
            refresh_status: word(&self.refresh_token_status),
            refresh_issued_at_ms: issued,
            refresh_expires_at_ms: expires,
            refresh_count: whole(&self.refresh_count),
            ..Facts::default()
        }
    }
}

fn approved(status: &Value) -> bool {
    match status {
        Value::Null => true,
        Value::String(status) => status.eq_ignore_ascii_case("approved"),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn word(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// `"5183999"` or `5183999`.
fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
