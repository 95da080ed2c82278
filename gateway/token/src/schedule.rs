//! When a token is renewed and when it is no longer used.

use crate::Jitter;
use std::time::{Duration, Instant};

/// A shorter lifetime is treated as a mistake of the carrier.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(1);

/// How a token's life is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenewalPolicy {
    /// At which part of its lifetime a token is renewed.
    pub fraction: f64,
    /// By which part of that the renewal moves at random, both ways.
    pub spread: f64,
    /// Renew after this time even if the lifetime is longer.
    pub renew_after: Option<Duration>,
    /// A token is no longer used this long before its end (or in the last tenth of its life, if that is
    /// shorter): clocks differ, and a request takes time to arrive.
    pub margin: Duration,
    /// Renew this long before the token is no longer used, or at half of its life if that is later: so much time remains
    /// for somebody else if who renews it dies.
    pub reserve: Duration,
    /// Never start two renewals within this time, however short tokens live.
    pub min_interval: Duration,
    /// A token that lives longer, or without an end, is treated as if it lived this long.
    pub max_lifetime: Duration,
}

/// The instants that matter in one token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// When the next token is requested.
    pub renew_at: Instant,
    /// Until when the token may be injected.
    pub usable_until: Instant,
    /// When the token expires at the carrier.
    pub expires_at: Instant,
}

impl RenewalPolicy {
    /// Plans a token's life from the start of the request that brought it. Returns `None` if the token
    /// has expired already.
    pub fn schedule(
        &self,
        started: Instant,
        lifetime: Option<Duration>,
        renew_after: Option<Duration>,
        jitter: Jitter,
    ) -> Option<Schedule> {
        let lifetime = lifetime.map_or(self.max_lifetime, |life| life.min(self.max_lifetime));
        if lifetime < SHORTEST_LIFETIME {
            return None;
        }
        // At most a tenth: a fixed margin would leave nothing of a token that lives for seconds.
        let usable = lifetime - self.margin.min(lifetime / 10);
        // At random, so that accounts whose tokens came together do not renew together for ever.
        let spread = self.spread.clamp(0.0, 0.5);
        let deviation = 1.0 + spread * (2.0 * jitter.unit() - 1.0);
        let mut renew = lifetime.mul_f64((self.fraction.clamp(0.05, 0.95) * deviation).min(1.0));
        if !self.reserve.is_zero() {
            let latest = usable.saturating_sub(self.reserve).max(lifetime / 2);
            // The latest of the random instants, so that they stay random.
            renew = renew.min(latest.mul_f64(deviation / (1.0 + spread)));
        }
        let renew = renew
            .min(renew_after.unwrap_or(Duration::MAX))
            .min(self.renew_after.unwrap_or(Duration::MAX))
            .min(usable)
            // Last, so that no setting can make renewals follow each other without a pause.
            .max(self.min_interval);
        Some(Schedule {
            renew_at: started.checked_add(renew)?,
            usable_until: started.checked_add(usable)?,
            expires_at: started.checked_add(lifetime)?,
        })
    }
}

#[cfg(test)]
mod tests;
