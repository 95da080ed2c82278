//! How often a 401 may start a renewal.
//!
//! A carrier answers 401 for reasons that no new token cures (UPS: `250002` when the app lacks the
//! API product). One renewal per 401 would turn such an account into a token storm.

use std::time::{Duration, Instant};

/// How long 401s are ignored after a 401 has started a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoolDownPolicy {
    /// The first wait.
    pub base: Duration,
    /// It doubles up to this while 401s go on.
    pub max: Duration,
}

/// The cool-down of one lifecycle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CoolDown {
    pub(crate) until: Option<Instant>,
    pub(crate) strikes: u32,
}

impl CoolDown {
    /// Until when no 401 starts a renewal, if that is still to come.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| now < *until)
    }

    /// A 401 starts a renewal now.
    pub(crate) fn arm(&mut self, now: Instant, policy: &CoolDownPolicy) {
        // A long quiet time since the last one means that its renewal had helped.
        let helped = self
            .until
            .is_none_or(|until| now.saturating_duration_since(until) >= policy.max);
        self.strikes = if helped {
            0
        } else {
            self.strikes.saturating_add(1)
        };
        let wait = policy
            .base
            // Bounded, or the shift would overflow.
            .saturating_mul(1 << self.strikes.min(16))
            .min(policy.max.max(policy.base));
        self.until = now.checked_add(wait);
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
    fn cool_down_doubles_while_401s_go_on_and_forgets_after_quiet() {
        let policy = CoolDownPolicy {
            base: Duration::from_secs(60),
            max: Duration::from_secs(300),
        };
        let mut cool_down = CoolDown::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..4 {
            cool_down.arm(now, &policy);
            let until = cool_down.until(now).expect("armed");
            waits.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(waits, [60, 120, 240, 300]);
        now += policy.max;
        cool_down.arm(now, &policy);
        assert_eq!(cool_down.until(now), Some(now + policy.base));
    }
}
