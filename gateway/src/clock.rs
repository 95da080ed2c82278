//! The system's clocks.

use gateway_model::Clock;
use std::time::{Instant, SystemTime};

/// The one place of the gateway that asks the system for the time. Everything else gets a
/// [`Clock`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that the ban points to"
    )]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that the ban points to"
    )]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
