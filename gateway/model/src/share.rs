//! One gateway's part of what a fleet allows.

use crate::RateLimit;
use std::num::NonZeroU32;

/// One gateway's part of what a fleet allows. The parts of all gateways are the whole again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many gateways come before this one.
    rank: u32,
    of: NonZeroU32,
}

impl Default for Share {
    /// The whole.
    fn default() -> Self {
        Self::new(0, 1)
    }
}

impl Share {
    /// The part of the gateway that `rank` others come before, in a fleet of `of`.
    pub fn new(rank: usize, of: usize) -> Self {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            rank: number(rank),
            of: NonZeroU32::new(number(of)).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// The part of a limit, and never nothing: with more gateways than requests a second each allows one.
    #[must_use]
    pub fn of(self, limit: RateLimit) -> RateLimit {
        RateLimit {
            per_second: self.part(limit.per_second),
            burst: self.part(limit.burst),
        }
    }

    fn part(self, whole: NonZeroU32) -> NonZeroU32 {
        let remainder = whole.get() % self.of;
        // The first gateways take what does not divide.
        let part = whole.get() / self.of + u32::from(self.rank < remainder);
        NonZeroU32::new(part).unwrap_or(NonZeroU32::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_second: u32, burst: u32) -> RateLimit {
        let number = |n| NonZeroU32::new(n).expect("not zero");
        RateLimit {
            per_second: number(per_second),
            burst: number(burst),
        }
    }

    #[test]
    fn shares_of_all_gateways_are_the_whole() {
        for of in 1..=8 {
            let shares = (0..of).map(|rank| Share::new(rank, of).of(limit(10, 23)));
            let (rates, bursts): (Vec<u32>, Vec<u32>) = shares
                .map(|share| (share.per_second.get(), share.burst.get()))
                .unzip();
            assert_eq!(rates.iter().sum::<u32>(), 10, "{rates:?}");
            assert_eq!(bursts.iter().sum::<u32>(), 23, "{bursts:?}");
        }
    }

    #[test]
    fn every_gateway_allows_something() {
        let share = Share::new(7, 8).of(limit(3, 3));
        assert_eq!((share.per_second.get(), share.burst.get()), (1, 1));
        assert_eq!(Share::default().of(limit(3, 5)), limit(3, 5));
    }
}
