//! What UPS says about a token beyond OAuth: strings for everything, and some of it not always.

use oauth2::ExtraTokenFields;
use plugins_sdk::Facts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// No login lives for years; a longer life is a mistake and counts as unsaid.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// UPS's own fields. No value here can spoil an answer that holds a token: what cannot be read counts
/// as absent.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct UpsFields {
    status: Value,
    refresh_token_status: Value,
    refresh_token_expires_in: Value,
    refresh_token_issued_at: Value,
    refresh_count: Value,
}

impl ExtraTokenFields for UpsFields {}

impl UpsFields {
    /// A missing status is no objection; any other word is.
    pub(crate) fn approved(&self) -> bool {
        approved(&self.status)
    }

    /// Whether the refresh token has the status `approved`.
    pub(crate) fn refresh_approved(&self) -> bool {
        approved(&self.refresh_token_status)
    }

    /// How long the refresh token lives, if UPS says so.
    pub(crate) fn refresh_lifetime(&self) -> Option<Duration> {
        let seconds = whole(&self.refresh_token_expires_in)?;
        Some(Duration::from_secs(seconds)).filter(|life| !life.is_zero() && *life <= LONGEST)
    }

    /// For people; the rest comes from fields that OAuth knows.
    pub(crate) fn facts(&self, now_unix_ms: u64) -> Facts {
        let issued = whole(&self.refresh_token_issued_at);
        let lifetime = whole(&self.refresh_token_expires_in);
        let expires = lifetime.map(|seconds| {
            // Without a time of UPS's own, the answer's arrival is the nearest one.
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
