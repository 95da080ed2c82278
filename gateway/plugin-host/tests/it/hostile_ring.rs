//! The oracle of the shared memory: whatever a worker process writes there, the gateway gets a signature within
//! the bounds, a failure, or goes on waiting.

use gateway_model::Clock;
use gateway_plugin_host::survive_hostile_ring;
use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

struct Standing(Instant);

impl Clock for Standing {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// Whether the gateway took a signature from these bytes.
pub(crate) fn check(bytes: &[u8]) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let clock = Arc::new(Standing(Instant::now()));
    match survive_hostile_ring(bytes, clock).expect("memory to share") {
        Some(Ok(fields)) => {
            let length = |(name, value): &(http::HeaderName, http::HeaderValue)| {
                name.as_str().len() + value.len()
            };
            assert!(fields.len() <= 16, "{} fields", fields.len());
            assert!(fields.iter().map(length).sum::<usize>() <= 16 << 10);
            assert!(fields.iter().all(|(_, value)| value.is_sensitive()));
            true
        }
        Some(Err(failure)) => {
            assert!(failure.certainly_not_sent, "{failure}");
            false
        }
        None => false,
    }
}
