//! A delivery channel (webhook or mail): when it is tried again, and what it has delivered.

use gateway_store::NoticeRecord;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// The pause after the first failure. It doubles with each further failure.
const FIRST: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// When something that failed is tried again.
#[derive(Debug, Default)]
struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.not_before?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn failed(&mut self, now: Instant, part: f64) -> Duration {
        // Saturating, because failures may go on for weeks.
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures));
        // A fifth up or down, so that gateways which failed together do not come back together.
        let pause = doubled.min(LONGEST).mul_f64(0.8 + 0.4 * part);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.checked_add(pause);
        pause
    }
}

/// The state of a delivery channel. What it has delivered is recorded in the store.
#[derive(Debug, Default)]
pub(crate) struct ChannelState {
    whole: Backoff,
    /// Of each notice that the receiver did not take, so that no other notice waits for it.
    of_notice: BTreeMap<i64, Backoff>,
    /// Notices that the receiver has taken and that the store does not know as delivered yet. They are
    /// not delivered again, even if the store fails in between.
    delivered: BTreeSet<i64>,
}

impl ChannelState {
    /// How long all deliveries are paused; `None` if they are not.
    pub(crate) fn paused_for(&self, now: Instant) -> Option<Duration> {
        self.whole.left(now)
    }

    /// The receiver works.
    pub(crate) fn succeeded(&mut self) {
        self.whole = Backoff::default();
    }

    /// The receiver does not work; returns the pause of all deliveries. `part` is a random number from 0
    /// to 1: it spreads the attempts of several gateways.
    pub(crate) fn failed(&mut self, now: Instant, part: f64) -> Duration {
        self.whole.failed(now, part)
    }

    /// The receiver is another one: nothing that failed counts any more.
    pub(crate) fn restart(&mut self) {
        self.whole = Backoff::default();
        self.of_notice.clear();
    }

    /// Pauses all deliveries for this long.
    pub(crate) fn pause_for(&mut self, now: Instant, pause: Duration) {
        self.whole.not_before = now.checked_add(pause);
    }

    /// Whether this notice failed and is not due for its next attempt yet.
    pub(crate) fn is_backing_off(&self, notice: &NoticeRecord, now: Instant) -> bool {
        let of_notice = self.of_notice.get(&notice.id);
        of_notice.is_some_and(|of| of.left(now).is_some())
    }

    /// The receiver did not take this notice.
    pub(crate) fn notice_failed(&mut self, notice: &NoticeRecord, now: Instant, part: f64) {
        self.of_notice
            .entry(notice.id)
            .or_default()
            .failed(now, part);
    }

    /// How long until a notice that failed is due again. Forgets the notices that are not among `due`.
    pub(crate) fn next_notice(&mut self, due: &[NoticeRecord], now: Instant) -> Option<Duration> {
        let ids: BTreeSet<i64> = due.iter().map(|notice| notice.id).collect();
        self.of_notice.retain(|id, _| ids.contains(id));
        let waits = self.of_notice.values();
        waits.map(|of| of.left(now).unwrap_or_default()).min()
    }

    pub(crate) fn mark_delivered(&mut self, notice: &NoticeRecord) {
        self.delivered.insert(notice.id);
        self.of_notice.remove(&notice.id);
    }

    /// The store has recorded the delivery.
    pub(crate) fn mark_recorded(&mut self, notice: &NoticeRecord) {
        self.delivered.remove(&notice.id);
    }

    pub(crate) fn is_delivered(&self, notice: &NoticeRecord) -> bool {
        self.delivered.contains(&notice.id)
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
        let mut channel = ChannelState::default();
        assert_eq!(channel.paused_for(now), None);
        let pauses: Vec<u64> = (0..9).map(|_| channel.failed(now, 0.5).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(channel.paused_for(now), Some(Duration::from_secs(3600)));
        assert_eq!(channel.paused_for(now + Duration::from_secs(3600)), None);
        for _ in 0..70 {
            channel.failed(now, 1.0);
        }
        assert!(channel.paused_for(now) <= Some(Duration::from_secs(4320)));
        channel.succeeded();
        assert_eq!(channel.paused_for(now), None);
        assert_eq!(channel.failed(now, 0.0).as_secs(), 24);
    }
}
