//! How often the API may be called, by one address and by all, and how often a token may be wrong.
//!
//! Time is an argument. The memory is bounded: addresses that have long been quiet are forgotten,
//! and when there are too many at once, the further ones share a bucket.

use gateway_model::{TokenBucket, TokenBucketPolicy};
use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Of one address.
const PEER: TokenBucketPolicy = TokenBucketPolicy {
    // A script may make a hundred calls at once, and twenty a second after that.
    burst: 100,
    interval: Duration::from_millis(50),
};
/// Of all addresses.
const TOTAL: TokenBucketPolicy = TokenBucketPolicy {
    // Higher than one address's, so that one client alone cannot use up what all share.
    burst: 200,
    interval: Duration::from_millis(10),
};
/// Wrong tokens of one address.
const PEER_FAILURES: TokenBucketPolicy = TokenBucketPolicy {
    // Ten mistakes are a person's; then ten a minute make guessing hopeless.
    burst: 10,
    interval: Duration::from_secs(6),
};
/// Wrong tokens of all addresses.
const TOTAL_FAILURES: TokenBucketPolicy = TokenBucketPolicy {
    // Against guesses from many addresses.
    burst: 50,
    interval: Duration::from_secs(1),
};
/// Addresses that are told apart.
// Bounded, because an attacker chooses the addresses; all of them take less than a megabyte.
const MAX_PEERS: usize = 4096;
/// Tokens that are known to have been right; there are never so many.
const MAX_PROVEN: usize = 256;

#[derive(Clone, Copy, Default)]
struct Buckets {
    requests: TokenBucket,
    failures: TokenBucket,
}

#[derive(Default)]
struct State {
    total: Buckets,
    peers: HashMap<IpAddr, Buckets>,
    proven: HashSet<[u8; 32]>,
}

impl State {
    fn peer(&mut self, peer: IpAddr, now: Instant) -> &mut Buckets {
        let mut key = network(peer);
        // Only when the table is full, because it walks over all of it.
        if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&key) {
            self.peers
                // Full buckets have nothing to remember.
                .retain(|_, of| !of.requests.is_full(now) || !of.failures.is_full(now));
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

    /// Counts a request, or says how long to wait. A refused request counts for nothing.
    pub(crate) fn request(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        let total = state.total.requests.wait(TOTAL, now);
        let of_peer = state.peer(peer, now);
        // Look at both before taking from either: a refused request must not cost the other bucket.
        allowed(total.max(of_peer.requests.wait(PEER, now)))?;
        of_peer.requests.charge(PEER, now);
        state.total.requests.charge(TOTAL, now);
        Ok(())
    }

    /// Whether a token is looked at: not after too many wrong ones, unless it was right before.
    pub(crate) fn attempt(
        &self,
        peer: IpAddr,
        token: Option<&[u8; 32]>,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut state = self.state();
        // Not the last word: the caller still looks the token up, since it may have been removed.
        if token.is_some_and(|token| state.proven.contains(token)) {
            return Ok(());
        }
        let total = state.total.failures.wait(TOTAL_FAILURES, now);
        let of_peer = state.peer(peer, now).failures.wait(PEER_FAILURES, now);
        allowed(total.max(of_peer))
    }

    /// A token was right.
    pub(crate) fn proven(&self, token: [u8; 32]) {
        let mut state = self.state();
        if state.proven.len() >= MAX_PROVEN {
            // Emptied whole: all that it costs is that a right token is proven once more.
            state.proven.clear();
        }
        state.proven.insert(token);
    }

    /// A token was missing or wrong.
    pub(crate) fn failed(&self, peer: IpAddr, token: Option<&[u8; 32]>, now: Instant) {
        let mut state = self.state();
        if let Some(token) = token {
            // It was removed since: from now on it is a wrong one like any other.
            state.proven.remove(token);
        }
        state.total.failures.charge(TOTAL_FAILURES, now);
        state.peer(peer, now).failures.charge(PEER_FAILURES, now);
    }
}

fn allowed(wait: Duration) -> Result<(), Duration> {
    if wait.is_zero() { Ok(()) } else { Err(wait) }
}

#[cfg(test)]
mod tests;
