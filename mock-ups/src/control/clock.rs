//! Moves the mock's clock.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::span::Span;

use super::request::{ControlError, ControlRequest, ControlResult};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `"90s"`, `"2h 30m"`, `"P1D"` or a number of seconds.
    advance: Option<Span>,
    /// A timestamp as in RFC 3339.
    set: Option<String>,
    freeze: Option<bool>,
}

pub(super) fn show(control: &ControlRequest<'_>) -> Value {
    let clock = &control.mock.clock;
    json!({
        "now": clock.now().to_string(),
        "frozen": clock.is_frozen(),
        "ahead_of_system_seconds": clock.offset_ms() / 1000,
    })
}

pub(super) fn change(control: &ControlRequest<'_>) -> ControlResult {
    let change: Change = control.parse()?;
    let clock = &control.mock.clock;
    // All is parsed before anything moves.
    let set = change
        .set
        .as_deref()
        .map(str::parse::<Timestamp>)
        .transpose();
    let set = set.map_err(|error| ControlError::bad_request(format!("set: {error}")))?;
    // Frozen or released first, so that `set` and `advance` act on the clock that is wanted.
    match change.freeze {
        Some(true) => clock.freeze(),
        Some(false) => clock.unfreeze(),
        None => {}
    }
    // Set before advance: both together mean "this time, and so much later".
    if let Some(set) = set {
        clock.set(set);
    }
    if let Some(Span(advance)) = change.advance {
        clock.advance(advance);
    }
    Ok(show(control))
}
