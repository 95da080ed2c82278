//! A limit for log lines that a stranger can cause.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The least time between two lines of a worker.
const PAUSE: Duration = Duration::from_secs(1);

/// When the next line may be written, and how many were left out since the last one.
#[derive(Debug, Default)]
pub(crate) struct LogLimit {
    next: Cell<Option<Instant>>,
    left_out: Cell<u64>,
}

impl LogLimit {
    /// If a line may be written now: how many were left out before it.
    pub(crate) fn admit(&self, now: Instant) -> Option<u64> {
        if self.next.get().is_some_and(|next| now < next) {
            self.left_out.set(self.left_out.get().saturating_add(1));
            return None;
        }
        self.next.set(now.checked_add(PAUSE));
        Some(self.left_out.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test needs any instant")]
    fn lines_within_a_pause_are_counted_and_left_out() {
        let (limit, now) = (LogLimit::default(), Instant::now());
        assert_eq!(limit.admit(now), Some(0));
        assert_eq!(limit.admit(now), None);
        assert_eq!(limit.admit(now + PAUSE / 2), None);
        assert_eq!(limit.admit(now + PAUSE), Some(2));
        assert_eq!(limit.admit(now + PAUSE), None);
    }
}
