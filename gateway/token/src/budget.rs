//! A cap on token requests per OAuth client, whatever the lifecycles want.

use std::time::{Duration, Instant};

/// How many tokens one OAuth client may mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MintBudgetPolicy {
    /// So many at once after a quiet time.
    pub burst: u32,
    /// One more every so often.
    pub every: Duration,
}

impl Default for MintBudgetPolicy {
    fn default() -> Self {
        Self {
            burst: 30,
            every: Duration::from_secs(2),
        }
    }
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mint budget of this OAuth client is used up")]
pub struct OverBudget {
    /// When one more token may be requested.
    pub retry_at: Instant,
}

/// A token bucket (in the sense of rate limiting), one per OAuth client.
///
/// Kept as the instant at which the bucket is full again, so it needs no counting in the
/// background.
#[derive(Clone, Copy, Debug)]
pub struct MintBudget {
    policy: MintBudgetPolicy,
    full_at: Option<Instant>,
}

impl MintBudget {
    /// A full budget; a burst of zero is read as one, since an account could never start. An
    /// interval of zero sets no limit, one of more than a day is read as a day.
    pub fn new(mut policy: MintBudgetPolicy) -> Self {
        policy.burst = policy.burst.max(1);
        policy.every = policy.every.min(Duration::from_secs(24 * 3600));
        Self {
            policy,
            full_at: None,
        }
    }

    /// Takes one mint out.
    ///
    /// # Errors
    /// When none is left; nothing is taken then.
    pub fn take(&mut self, now: Instant) -> Result<(), OverBudget> {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let after = full_at + self.policy.every;
        let reach = self.policy.every.saturating_mul(self.policy.burst);
        if after.saturating_duration_since(now) > reach {
            // `after - reach` cannot lie before `now`: their distance was just compared.
            return Err(OverBudget {
                retry_at: after.checked_sub(reach).unwrap_or(now),
            });
        }
        self.full_at = Some(after);
        Ok(())
    }

    /// Whether it is full, so that forgetting it changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
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
    fn budget_allows_the_burst_then_one_per_interval() {
        // P4, P12: whatever asks, the client's quota at the carrier is not used up.
        let every = Duration::from_secs(2);
        let mut budget = MintBudget::new(MintBudgetPolicy { burst: 3, every });
        let start = Instant::now();
        for _ in 0..3 {
            budget.take(start).expect("the burst");
        }
        assert_eq!(
            budget.take(start),
            Err(OverBudget {
                retry_at: start + every
            })
        );
        budget.take(start + every).expect("one more");
        assert!(budget.take(start + every).is_err());
        let mut minted = 0;
        for ms in 0..60_000 {
            minted += u32::from(budget.take(start + Duration::from_millis(ms)).is_ok());
        }
        assert_eq!(
            minted, 28,
            "a minute of asking every millisecond after 4 were taken"
        );
        assert!(budget.is_full(start + Duration::from_secs(70)));
    }
}
