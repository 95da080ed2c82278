//! Times as the admin API shows them.

use gateway_store::Timestamp;
use std::time::SystemTime;

/// The time of a stored record. A time outside the calendar becomes the epoch.
pub(crate) fn from_store(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// The time of the system's clock, in milliseconds.
pub(crate) fn from_system(at: SystemTime) -> jiff::Timestamp {
    from_store(at.into())
}

/// The time that a carrier sent, in milliseconds since the epoch; `None` outside the calendar.
pub(crate) fn from_millis(at: u64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()
}

/// A point in time as a sentence for people names it.
pub(crate) fn in_words(at: SystemTime) -> String {
    from_system(at).strftime("%Y-%m-%d %H:%M UTC").to_string()
}
