//! The settings of a lifecycle.

use crate::{Backoff, CoolDownPolicy, RenewalPolicy, RetryAfterRange};
use std::time::Duration;

/// The waits after failures, by the kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffPolicy {
    /// Temporary failures.
    pub transient: Backoff,
    /// Answers that were not understood: slower, because the carrier or the plugin must change first.
    pub protocol: Backoff,
    /// A plugin that broke its contract.
    pub bug: Backoff,
    /// The range in which a `Retry-After` is obeyed.
    pub retry_after: RetryAfterRange,
    /// A demand may try refused credentials again after this time.
    pub probe_every: Duration,
}

/// The last presentation of a single-use grant whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastChancePolicy {
    /// Switched off for carriers where it does harm.
    pub allowed: bool,
    /// How long before the access token's end.
    pub lead: Duration,
}

/// The settings of a lifecycle. [`Policy::default`] suits a carrier whose behaviour is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// When tokens are renewed.
    pub renewal: RenewalPolicy,
    /// How long to wait after failures.
    pub backoff: BackoffPolicy,
    /// How often a 401 may start a renewal.
    pub cool_down: CoolDownPolicy,
    /// Whether and when a grant of unknown fate is presented once more.
    pub last_chance: LastChancePolicy,
    /// The part of its life after which a refresh grant is used even if no token is due.
    pub keep_alive_fraction: f64,
}

impl Default for Policy {
    fn default() -> Self {
        const fn secs(n: u64) -> Duration {
            Duration::from_secs(n)
        }
        Self {
            renewal: RenewalPolicy {
                fraction: 0.8,
                spread: 0.1,
                renew_after: None,
                margin: secs(5),
                reserve: secs(0),
                min_interval: secs(1),
                max_lifetime: secs(30 * 24 * 3600),
            },
            backoff: BackoffPolicy {
                transient: Backoff {
                    floor: secs(1),
                    base: secs(2),
                    max: secs(120),
                },
                protocol: Backoff {
                    floor: secs(15),
                    base: secs(30),
                    max: secs(600),
                },
                bug: Backoff {
                    floor: secs(5),
                    base: secs(10),
                    max: secs(600),
                },
                retry_after: RetryAfterRange {
                    min: secs(1),
                    max: secs(600),
                },
                probe_every: secs(300),
            },
            cool_down: CoolDownPolicy {
                base: secs(60),
                max: secs(300),
            },
            last_chance: LastChancePolicy {
                allowed: true,
                lead: secs(60),
            },
            // The other half of its life is left for outages, of the gateway and of the carrier.
            keep_alive_fraction: 0.5,
        }
    }
}
