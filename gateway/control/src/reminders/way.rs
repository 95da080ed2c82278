//! A way out for notices: when it is tried again, and what it took already.

use gateway_store::NoticeRecord;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// The pause after the first failure; it doubles with each that follows.
const FIRST: Duration = Duration::from_secs(30);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// What is remembered of a way out. What left for good is in the store.
#[derive(Debug, Default)]
pub(crate) struct Way {
    failures: u32,
    not_before: Option<Instant>,
    /// Taken by the receiver, and not noted in the store yet: they do not leave again.
    taken: BTreeSet<i64>,
}

impl Way {
    /// How long the way is not to be tried; `None`: it may be now.
    pub(crate) fn rests(&self, now: Instant) -> Option<Duration> {
        let left = self.not_before?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Everything went well.
    pub(crate) fn worked(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// Something did not; gives the pause. `part` is random, in 0..1.
    pub(crate) fn failed(&mut self, now: Instant, part: f64) -> Duration {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures));
        let pause = doubled.min(LONGEST).mul_f64(0.8 + 0.4 * part);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.checked_add(pause);
        pause
    }

    /// Nothing more leaves for that long.
    pub(crate) fn rest(&mut self, now: Instant, pause: Duration) {
        self.not_before = now.checked_add(pause);
    }

    pub(crate) fn took(&mut self, notice: &NoticeRecord) {
        self.taken.insert(notice.id);
    }

    /// The store knows it now.
    pub(crate) fn noted(&mut self, notice: &NoticeRecord) {
        self.taken.remove(&notice.id);
    }

    pub(crate) fn has_taken(&self, notice: &NoticeRecord) -> bool {
        self.taken.contains(&notice.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    fn pauses_double_up_to_an_hour_and_end_with_a_success() {
        let now = Instant::now();
        let mut way = Way::default();
        assert_eq!(way.rests(now), None);
        let pauses: Vec<u64> = (0..9).map(|_| way.failed(now, 0.5).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(way.rests(now), Some(Duration::from_secs(3600)));
        assert_eq!(way.rests(now + Duration::from_secs(3600)), None);
        for _ in 0..70 {
            way.failed(now, 1.0);
        }
        assert!(way.rests(now) <= Some(Duration::from_secs(4320)));
        way.worked();
        assert_eq!(way.rests(now), None);
        assert_eq!(way.failed(now, 0.0).as_secs(), 24);
    }
}
