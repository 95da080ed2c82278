//! How long to wait after a failure.

use crate::Jitter;
use std::time::Duration;

/// Exponential back-off with full jitter: a random wait below a bound that doubles with every
/// failure, so that a thousand accounts that failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// No wait is shorter.
    pub floor: Duration,
    /// The bound after the first failure.
    pub base: Duration,
    /// The bound never grows past this.
    pub max: Duration,
}

impl Backoff {
    /// The wait after the `failures`-th failure in a row (the first is 1).
    pub fn wait(&self, failures: u32, jitter: Jitter) -> Duration {
        // Bounded, or the shift would overflow.
        let doublings = failures.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.max);
        // The floor last: full jitter may draw no wait at all.
        bound.mul_f64(jitter.unit()).max(self.floor)
    }
}

/// The range in which a `Retry-After` is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfterRange {
    /// A shorter one is lengthened to this.
    pub min: Duration,
    /// A longer one is cut to this.
    pub max: Duration,
}

impl RetryAfterRange {
    /// The wait that the carrier asked for, within the range, and up to a tenth more so that
    /// callers who were told the same do not come back together.
    pub fn wait(&self, asked: Duration, jitter: Jitter) -> Duration {
        let wait = asked.max(self.min).min(self.max);
        wait.saturating_add(wait.mul_f64(jitter.unit() / 10.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        floor: Duration::from_secs(1),
        base: Duration::from_secs(4),
        max: Duration::from_secs(60),
    };

    #[test]
    fn backoff_bound_doubles_up_to_the_maximum() {
        let almost_one = Jitter::new(0.999_999);
        let waits: Vec<u64> = (1..=7)
            .map(|n| BACKOFF.wait(n, almost_one).as_secs_f64().round() as u64)
            .collect();
        assert_eq!(waits, [4, 8, 16, 32, 60, 60, 60]);
        assert!(BACKOFF.wait(u32::MAX, almost_one) <= BACKOFF.max);
    }

    #[test]
    fn backoff_jitter_is_full_above_the_floor() {
        assert_eq!(BACKOFF.wait(5, Jitter::new(0.0)), BACKOFF.floor);
        assert_eq!(BACKOFF.wait(5, Jitter::new(0.25)), Duration::from_secs(15));
    }

    #[test]
    fn retry_after_is_clamped_on_both_sides() {
        let range = RetryAfterRange {
            min: Duration::from_secs(1),
            max: Duration::from_secs(600),
        };
        let none = Jitter::new(0.0);
        assert_eq!(range.wait(Duration::ZERO, none), Duration::from_secs(1));
        assert_eq!(range.wait(Duration::MAX, none), Duration::from_secs(600));
        assert_eq!(
            range.wait(Duration::from_secs(30), none),
            Duration::from_secs(30)
        );
    }
}
