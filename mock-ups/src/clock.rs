//! The mock's clock: the system's, shifted or frozen at will. All expiries and lives follow it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

// No time can be this, as the clock is clamped.
const RUNNING: i64 = i64::MIN;
/// 1970-01-01 and 2900-01-01 in milliseconds: what the clock may show. Calendar arithmetic on any
/// time between them cannot overflow.
const EARLIEST: i64 = 0;
const LATEST: i64 = 29_348_006_400_000;

/// A clock that tests move. Reading it costs two relaxed loads beside the system call.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    offset: AtomicI64,
    frozen_at: AtomicI64,
    change: Mutex<()>,
}

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self {
            offset: AtomicI64::new(0),
            frozen_at: AtomicI64::new(RUNNING),
            change: Mutex::new(()),
        }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        match self.frozen_at.load(Ordering::Acquire) {
            RUNNING => clamp(system_ms().saturating_add(self.offset.load(Ordering::Acquire))),
            // One load decides: a clock that is frozen while it is read shows one of the two times.
            frozen => frozen,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        timestamp(self.now_ms())
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen_at.load(Ordering::Acquire) != RUNNING
    }

    /// Whether the clock shows another time than the system's.
    pub(crate) fn is_moved(&self) -> bool {
        self.is_frozen() || self.offset.load(Ordering::Acquire) != 0
    }

    /// How far the clock is ahead of the system's (negative: behind).
    pub(crate) fn offset_ms(&self) -> i64 {
        // Not the offset itself: a frozen clock falls behind while it stands.
        self.now_ms().saturating_sub(system_ms())
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.change(|now| now.saturating_add(by));
    }

    pub(crate) fn set(&self, to: Timestamp) {
        self.change(|_| to.as_millisecond());
    }

    pub(crate) fn freeze(&self) {
        // One change at a time, or two advances could count as one.
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        self.frozen_at.store(self.now_ms(), Ordering::Release);
    }

    pub(crate) fn unfreeze(&self) {
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let frozen = self.frozen_at.load(Ordering::Acquire);
        if frozen != RUNNING {
            // The offset before the release, so that no reader sees the system's time in between.
            self.offset
                .store(frozen.saturating_sub(system_ms()), Ordering::Release);
            self.frozen_at.store(RUNNING, Ordering::Release);
        }
    }

    /// As a new clock: the system's time, or frozen at a time.
    pub(crate) fn restart(&self, frozen_at: Option<Timestamp>) {
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        self.offset.store(0, Ordering::Release);
        let at = frozen_at.map_or(RUNNING, |at| clamp(at.as_millisecond()));
        self.frozen_at.store(at, Ordering::Release);
    }

    fn change(&self, to: impl FnOnce(i64) -> i64) {
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        // Clamped before it is stored, so that every later sum stays in range.
        let target = clamp(to(self.now_ms()));
        if self.is_frozen() {
            self.frozen_at.store(target, Ordering::Release);
        } else {
            self.offset
                .store(target.saturating_sub(system_ms()), Ordering::Release);
        }
    }
}

fn clamp(ms: i64) -> i64 {
    ms.clamp(EARLIEST, LATEST)
}

/// A moment of the clock as a timestamp.
pub(crate) fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(clamp(ms)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn system_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        // A system clock before 1970 counts as 1970.
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(LATEST)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LATEST, VirtualClock};

    #[test]
    fn frozen_clock_advances_only_when_told() {
        let clock = VirtualClock::new();
        clock.freeze();
        let start = clock.now_ms();
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now_ms(), start + 3_600_000);
        clock.unfreeze();
        assert!(clock.now_ms() >= start + 3_600_000);
        assert!(clock.offset_ms() >= 3_590_000);
    }

    #[test]
    fn absurd_advance_stops_at_the_last_moment() {
        let clock = VirtualClock::new();
        clock.freeze();
        clock.advance(Duration::MAX);
        assert_eq!(clock.now_ms(), LATEST);
    }
}
