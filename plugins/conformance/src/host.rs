//! A host whose plugins see a standing clock and a repeatable randomness.

use gateway_model::Clock;
use gateway_plugin_host::{Host, Random};
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// 2026-01-01T00:00:00Z, as good as any.
const NOW: Duration = Duration::from_secs(1_767_225_600);

/// The host to load a plugin under before [`crate::check`]. `clock` is the real one, for deadlines.
pub fn host(clock: Arc<dyn Clock>) -> Host {
    Host::with_random(Arc::new(FixedClock(clock)), Arc::new(FixedRandom))
}

struct FixedClock(Arc<dyn Clock>);

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        // The real one: deadlines must pass, or a plugin that hangs would hang the suite.
        self.0.now()
    }

    fn wall(&self) -> SystemTime {
        // It stands still, so that two runs give the same signatures and times.
        SystemTime::UNIX_EPOCH + NOW
    }
}

/// Gives the same bytes in every run, so that two runs can be compared. Not random, so for checks only.
struct FixedRandom;

impl Random for FixedRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut next = 0x5a_u8;
        for byte in bytes {
            next = next.wrapping_mul(31).wrapping_add(17);
            *byte = next;
        }
    }
}
