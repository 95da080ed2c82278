//! Words for people: times in their zone, and texts from elsewhere without control characters.

use gateway_model::ManagedBy;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// Carriers' words must not steer a terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        // Replaced and not removed, so that two words do not become one.
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// In the zone of who reads it, with the zone's name: `2026-11-22 14:03:05 CET`.
pub fn when(at: Timestamp) -> String {
    when_in(at, TimeZone::system())
}

fn when_in(at: Timestamp, zone: TimeZone) -> String {
    at.to_zoned(zone)
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// A time that may not be known.
pub(crate) fn when_known(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), when)
}

pub(crate) const fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Where something is changed.
pub(crate) const fn kept_in(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Config => "configuration",
        ManagedBy::Operator => "store",
    }
}

/// How a value is called on the wire: `needs_consent`, for people `needs consent`.
pub(crate) fn word(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    name.unwrap_or_default().replace('_', " ")
}

/// Names in one cell.
pub(crate) fn joined<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_name_their_zone() {
        let at: Timestamp = "2026-07-01T12:00:00Z".parse().expect("a time");
        assert_eq!(when_in(at, TimeZone::UTC), "2026-07-01 12:00:00 UTC");
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        assert_eq!(when_in(at, zone), "2026-07-01 14:00:00 CEST");
    }

    #[test]
    fn foreign_words_cannot_steer_a_terminal() {
        assert_eq!(clean("no\u{1b}[2Jrates\r\n"), "no [2Jrates  ");
    }
}
