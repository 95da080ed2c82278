//! How long a diagnosis may take.

use gateway_model::Clock;
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// The message of a check for which there was no time left.
pub(super) const NO_TIME: &str =
    "the doctor's time was over before this check: run the doctor for this account alone";

/// The time that is left for a diagnosis.
pub(super) struct TimeBudget<'a> {
    clock: &'a dyn Clock,
    until: Instant,
}

impl<'a> TimeBudget<'a> {
    pub(super) fn new(clock: &'a dyn Clock, limit: Duration) -> Self {
        Self {
            clock,
            until: clock.now() + limit,
        }
    }

    /// Runs `work`; `None` when the time is over before it is done.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left = self.until.saturating_duration_since(self.clock.now());
        // Nothing is begun without time to end it.
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, work).await.ok()
    }
}
