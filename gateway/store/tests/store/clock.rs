//! A clock that a test can put forward.

use gateway_model::Clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The system's clock, and seconds beside it.
#[derive(Debug, Default)]
pub(crate) struct MovableClock(AtomicU64);

impl MovableClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn ahead(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

impl Clock for MovableClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "leases are compared with a real database's clock"
    )]
    fn now(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "leases are compared with a real database's clock"
    )]
    fn wall(&self) -> SystemTime {
        SystemTime::now() + self.ahead()
    }
}
