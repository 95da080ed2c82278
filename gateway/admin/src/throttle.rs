//! How often the API may be called with a token and without one, and how often a token may be wrong.
//!
//! Each budget belongs to the one who uses it up. A right token has a budget of its own, whatever
//! address it comes from. Guesses count against the address of the guesser, and so do requests to the
//! routes without a token, in a budget of their own. No budget is shared by all: one client could use
//! it up for everyone.
//!
//! Time is an argument. The memory is bounded: addresses that have long been quiet are forgotten,
//! and when there are too many at once, the further ones share a budget. Tokens that are right are few.

use gateway_model::{TokenBucket, TokenBucketPolicy};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Requests with one right token.
const TOKEN: TokenBucketPolicy = TokenBucketPolicy {
    // A script may make two hundred calls at once, and a hundred a second after that.
    burst: 200,
    interval: Duration::from_millis(10),
};
/// Requests of one address to the routes without a token.
const ANONYMOUS: TokenBucketPolicy = TokenBucketPolicy {
    burst: 100,
    interval: Duration::from_millis(50),
};
/// Wrong tokens of one address, at all gateways of a fleet together.
const GUESSES: TokenBucketPolicy = TokenBucketPolicy {
    // Ten mistakes are a person's; what comes faster is a program's.
    burst: 10,
    interval: Duration::from_secs(6),
};
/// Wrong tokens that each gateway of a fleet allows at once.
const LEAST_GUESSES: u32 = 3;
/// Addresses that are told apart.
// Bounded, because an attacker chooses the addresses; all of them take less than a megabyte.
const MAX_PEERS: usize = 4096;
/// Tokens that are told apart. A token that was removed leaves its budget behind.
const MAX_TOKENS: usize = 1024;

#[derive(Clone, Copy, Default)]
struct Buckets {
    anonymous: TokenBucket,
    guesses: TokenBucket,
}

#[derive(Default)]
struct State {
    peers: HashMap<IpAddr, Buckets>,
    tokens: HashMap<String, TokenBucket>,
}

impl State {
    fn peer(&mut self, peer: IpAddr, now: Instant) -> &mut Buckets {
        let mut key = network(peer);
        // Only when the table is full, because it walks over all of it.
        if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&key) {
            // Full buckets have nothing to remember.
            self.peers
                .retain(|_, of| !of.anonymous.is_full(now) || !of.guesses.is_full(now));
            if self.peers.len() >= MAX_PEERS {
                // The shared bucket is an address that nobody sends from.
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        self.peers.entry(key).or_default()
    }
}

/// Who has one IPv6 address usually has all of its /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Counts requests and wrong tokens.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<State>);

impl Throttle {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves counts that are still usable, and the listener must go on.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request with the right token of this name.
    ///
    /// # Errors
    /// With the time to wait, when there were too many. A refused request counts for nothing.
    pub(crate) fn with_token(&self, name: &str, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        if state.tokens.len() >= MAX_TOKENS && !state.tokens.contains_key(name) {
            state.tokens.retain(|_, of| !of.is_full(now));
        }
        let bucket = state.tokens.entry(name.to_owned()).or_default();
        bucket.take(TOKEN, now)
    }

    /// Counts a request to a route without a token.
    ///
    /// # Errors
    /// With the time to wait, when there were too many. A refused request counts for nothing.
    pub(crate) fn anonymous(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        self.state().peer(peer, now).anonymous.take(ANONYMOUS, now)
    }

    /// Counts a token that is missing or wrong. `gateways`: how many count guesses of their own, each of which
    /// allows its part.
    ///
    /// # Errors
    /// With the time to wait, when there were too many. A refused guess counts for nothing.
    pub(crate) fn guess(&self, peer: IpAddr, gateways: u32, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        state.peer(peer, now).guesses.take(guesses(gateways), now)
    }
}

/// The part of one gateway. Together they refill as one would, so more gateways are no more guesses.
fn guesses(gateways: u32) -> TokenBucketPolicy {
    let gateways = gateways.max(1);
    TokenBucketPolicy {
        // A person who mistypes twice goes on, however many gateways there are.
        burst: (GUESSES.burst / gateways).max(LEAST_GUESSES),
        interval: GUESSES.interval.saturating_mul(gateways),
    }
}

#[cfg(test)]
mod tests;
