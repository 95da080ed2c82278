//! Time as an argument.

use std::time::{Instant, SystemTime};

/// The only source of time. `gateway` has the system's; tests bring their own.
///
/// Deadlines and expiries are monotonic instants, so that a jump of the wall clock neither stops nor
/// storms renewals; wall time is for people, for wire fields and for what is stored.
pub trait Clock: Send + Sync + 'static {
    /// The monotonic clock.
    fn now(&self) -> Instant;
    /// The wall clock.
    fn wall(&self) -> SystemTime;
}
