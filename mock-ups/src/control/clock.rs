//! Moves the mock's clock.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, Refusal, Reply};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `"90s"`, `"2h 30m"`, `"P1D"` or a number of seconds.
    advance: Option<Value>,
    /// A timestamp as in RFC 3339.
    set: Option<String>,
    freeze: Option<bool>,
}

pub(super) fn show(control: &Control<'_>) -> Value {
    let clock = &control.world.clock;
    json!({
        "now": clock.now().to_string(),
        "frozen": clock.is_frozen(),
        "ahead_of_system_seconds": clock.offset_ms() / 1000,
    })
}

pub(super) fn change(control: &Control<'_>) -> Reply {
    let change: Change = control.parse()?;
    let clock = &control.world.clock;
    // All is parsed before anything moves.
    let advance = change.advance.as_ref().map(duration).transpose()?;
    let set = change
        .set
        .as_deref()
        .map(str::parse::<Timestamp>)
        .transpose();
    let set = set.map_err(|error| Refusal::bad_request(format!("set: {error}")))?;
    match change.freeze {
        Some(true) => clock.freeze(),
        Some(false) => clock.unfreeze(),
        None => {}
    }
    if let Some(set) = set {
        clock.set(set);
    }
    if let Some(advance) = advance {
        clock.advance(advance);
    }
    Ok(show(control))
}

fn duration(value: &Value) -> Result<std::time::Duration, Refusal> {
    let parsed = match value {
        Value::Number(seconds) => seconds.as_u64().map(std::time::Duration::from_secs),
        Value::String(text) => parse_duration(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    parsed.ok_or_else(|| {
        Refusal::bad_request("advance: a length of time such as \"2h 30m\", or seconds")
    })
}

/// A length of time as people write it.
pub(crate) fn parse_duration(text: &str) -> Option<std::time::Duration> {
    let with_days = text.trim();
    if let Some(days) = with_days
        .strip_suffix('d')
        .and_then(|days| days.trim().parse::<u64>().ok())
    {
        return Some(std::time::Duration::from_secs(days.saturating_mul(86_400)));
    }
    let signed: SignedDuration = with_days.parse().ok()?;
    signed.try_into().ok()
}
