//! The lines about failed requests: how many may be written, and the line about those that were left out.

use gateway_model::{TokenBucket, TokenBucketPolicy};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The target of the lines, by which a level can be set for them.
pub(crate) const TARGET: &str = "request";

/// Lines of one worker, for known callers and for strangers each.
const LINES: TokenBucketPolicy = TokenBucketPolicy {
    burst: 100,
    interval: Duration::from_millis(100),
};
/// The time from the first line that is left out to the line that says how many were.
const PAUSE: Duration = Duration::from_secs(10);

/// What one worker may still write.
#[derive(Debug, Default)]
pub(crate) struct FailureLog {
    /// Apart, so that no stranger can take the lines about a known caller's requests away.
    callers: Cell<TokenBucket>,
    strangers: Cell<TokenBucket>,
    left_out: Cell<u64>,
    /// When the first of them was left out.
    since: Cell<Option<Instant>>,
}

impl FailureLog {
    /// Whether a line may be written now.
    pub(crate) fn admits(&self, known_caller: bool, now: Instant) -> bool {
        let lines = if known_caller {
            &self.callers
        } else {
            &self.strangers
        };
        let mut bucket = lines.get();
        let admitted = bucket.take(LINES, now).is_ok();
        lines.set(bucket);
        if !admitted {
            self.left_out.set(self.left_out.get().saturating_add(1));
            self.since.set(self.since.get().or(Some(now)));
        }
        admitted
    }

    /// Writes how many lines were left out, once it is time. Called once per tick.
    pub(super) fn tell(&self, now: Instant) {
        let is_due = |since: Instant| now.saturating_duration_since(since) >= PAUSE;
        if self.since.get().is_some_and(is_due) {
            self.tell_now();
        }
    }

    #[cold]
    fn tell_now(&self) {
        self.since.set(None);
        let left_out = self.left_out.take();
        tracing::warn!(
            target: TARGET,
            left_out,
            "more requests failed than the log has lines for; `waybill requests --failed` lists the last 1000"
        );
    }
}

impl Drop for FailureLog {
    fn drop(&mut self) {
        // The worker ends: later it cannot be said any more.
        if self.left_out.get() > 0 {
            self.tell_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test needs any instant")]
    fn lines_beyond_the_rate_are_counted_and_left_out() {
        let (log, start) = (FailureLog::default(), Instant::now());
        let admitted = |known, now| (0..1000).filter(|_| log.admits(known, now)).count();
        assert_eq!(admitted(false, start), 100);
        assert_eq!(log.left_out.get(), 900);
        // Strangers took nothing of what is for callers.
        assert_eq!(admitted(true, start), 100);
        assert_eq!(log.left_out.get(), 1800);
        assert_eq!(admitted(false, start + Duration::from_secs(1)), 10);
        log.tell(start + PAUSE / 2);
        assert_eq!(log.left_out.get(), 2790);
        log.tell(start + PAUSE);
        assert_eq!((log.left_out.get(), log.since.get()), (0, None));
    }
}
