//! The clock of the plugin hosts in tests.

use gateway_model::Clock;
use std::time::{Instant, SystemTime};

pub(crate) struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of tests")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
