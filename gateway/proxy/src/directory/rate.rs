//! Rate limits: a token bucket that all workers share, without a lock.

use gateway_model::RateLimit;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// How fast a bucket refills and how much it holds, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefillRate {
    each: u64,
    room: u64,
}

impl RefillRate {
    /// `count` at once, refilled within a minute.
    pub(crate) fn per_minute(count: u32) -> Self {
        let room = 60 * SECOND;
        Self {
            // A count of zero would divide by zero.
            each: room / u64::from(count.max(1)),
            room,
        }
    }

    pub(crate) fn of(limit: RateLimit) -> Self {
        // At least a nanosecond, or the bucket would have no size.
        let each = (SECOND / u64::from(limit.per_second.get())).max(1);
        Self {
            each,
            // Both factors are below 2^32.
            room: each * u64::from(limit.burst.get()),
        }
    }
}

/// Where the time of buckets begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch(pub(crate) Instant);

impl Epoch {
    fn nanos(self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.0).as_nanos();
        // Half of the range, so that a sum with the room cannot overflow.
        u64::try_from(since).unwrap_or(u64::MAX / 2)
    }
}

/// A single number: the time at which the bucket would be full again.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes one out of the bucket, or says how long to wait for it. A refusal writes nothing.
    pub(crate) fn take(
        &self,
        rate: RefillRate,
        epoch: Epoch,
        now: Instant,
    ) -> Result<(), Duration> {
        let now = epoch.nanos(now);
        let end = now.saturating_add(rate.room);
        let mut wait = 0;
        // Relaxed: the number is the whole state, and nothing else is published with it.
        let taken = (self.0).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            // A rate that changed meanwhile never leaves it emptier than empty.
            let next = full_at.clamp(now, end).saturating_add(rate.each);
            wait = next.saturating_sub(end);
            (wait == 0).then_some(next)
        });
        taken.map(|_| ()).map_err(|_| Duration::from_nanos(wait))
    }
}

/// The buckets of an app. They outlive a change of the directory.
#[derive(Debug, Default)]
pub(crate) struct AppBuckets {
    pub(crate) requests: Bucket,
    pub(crate) tokens: Bucket,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn epoch() -> Epoch {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        Epoch(Instant::now())
    }

    fn limit(per_second: u32, burst: u32) -> RefillRate {
        let number = |n| NonZeroU32::new(n).expect("not zero");
        RefillRate::of(RateLimit {
            per_second: number(per_second),
            burst: number(burst),
        })
    }

    #[test]
    fn bucket_empties_and_refills() {
        let (epoch, rate, bucket) = (epoch(), RefillRate::per_minute(3), Bucket::default());
        let start = epoch.0;
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, epoch, start), Ok(()));
        }
        let wait = bucket
            .take(rate, epoch, start)
            .expect_err("the bucket is empty");
        let early = start + wait - Duration::from_millis(1);
        assert!(bucket.take(rate, epoch, early).is_err());
        assert_eq!(bucket.take(rate, epoch, start + wait), Ok(()));
    }

    #[test]
    fn admitted_are_exactly_the_rate_and_the_burst() {
        let (epoch, rate, bucket) = (epoch(), limit(70, 5), Bucket::default());
        // Asked every half millisecond for ten seconds.
        let asked = (0..20_000).map(|step| epoch.0 + Duration::from_micros(500 * step));
        let admitted = asked.filter(|now| bucket.take(rate, epoch, *now).is_ok());
        assert_eq!(admitted.count(), 10 * 70 + 5 - 1);
    }

    #[test]
    fn narrower_pace_counts_from_now_on() {
        let (epoch, bucket) = (epoch(), Bucket::default());
        for _ in 0..1000 {
            assert_eq!(bucket.take(limit(1, 1000), epoch, epoch.0), Ok(()));
        }
        let wait = bucket.take(limit(1, 1), epoch, epoch.0);
        assert_eq!(wait, Err(Duration::from_secs(1)));
    }

    #[test]
    fn extreme_paces_do_not_overflow() {
        let epoch = epoch();
        let far = epoch.0 + Duration::from_secs(3600 * 24 * 365 * 100);
        for rate in [
            limit(1, u32::MAX),
            limit(u32::MAX, u32::MAX),
            limit(u32::MAX, 1),
        ] {
            assert_eq!(Bucket::default().take(rate, epoch, far), Ok(()));
        }
    }
}
