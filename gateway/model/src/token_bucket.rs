//! A token bucket (in the sense of rate limiting; nothing to do with OAuth tokens).

use std::time::{Duration, Instant};

/// A longer interval is read as this one, so that no sum of intervals leaves the range of `Instant`.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The size of a bucket and the pace at which it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucketPolicy {
    /// How many may be taken at once after a quiet time. Zero is read as one, because nothing could
    /// ever be taken otherwise.
    pub burst: u32,
    /// One more may be taken after each such interval. Zero sets no limit, and more than a day is
    /// read as a day.
    pub interval: Duration,
}

impl TokenBucketPolicy {
    fn interval(&self) -> Duration {
        self.interval.min(LONGEST_INTERVAL)
    }

    /// How far ahead of the present the bucket may be drawn.
    fn capacity(&self) -> Duration {
        self.interval().saturating_mul(self.burst.max(1))
    }
}

/// One bucket. A new one is full.
///
/// It is pure: time is an argument, and so is the policy, because thousands of buckets may share
/// one. What it keeps is the instant at which it is full again, so nothing has to count in the
/// background.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenBucket {
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// How long until one may be taken; zero if one may be taken now.
    pub fn wait(&self, policy: TokenBucketPolicy, now: Instant) -> Duration {
        let drawn = self.after_one_more(policy, now).duration_since(now);
        // What lies within the capacity is paid for; only the rest must be waited for.
        drawn.saturating_sub(policy.capacity())
    }

    /// Takes one.
    ///
    /// # Errors
    /// With the time to wait, when none is left. Nothing is taken then.
    pub fn take(&mut self, policy: TokenBucketPolicy, now: Instant) -> Result<(), Duration> {
        let wait = self.wait(policy, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.charge(policy, now);
        Ok(())
    }

    /// Takes one even if none is left: for what has happened already, such as a wrong password.
    pub fn charge(&mut self, policy: TokenBucketPolicy, now: Instant) {
        // Beyond the capacity too: a charge without a question makes the next caller wait longer.
        self.full_at = Some(self.after_one_more(policy, now));
    }

    /// Whether it is full, so that forgetting it changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }

    fn after_one_more(&self, policy: TokenBucketPolicy, now: Instant) -> Instant {
        // An instant in the past means full: what fills beyond the brim is lost.
        self.full_at.map_or(now, |at| at.max(now)) + policy.interval()
    }
}

#[cfg(test)]
mod tests;
