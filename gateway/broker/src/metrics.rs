//! What the broker counts.

use gateway_model::FailureClass;
use std::sync::atomic::{AtomicU64, Ordering};

/// The broker's counters at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerMetrics {
    /// Accounts that are kept.
    pub accounts: u64,
    /// Accounts with a usable token.
    pub usable: u64,
    /// Accounts that wait for a person.
    pub rejected: u64,
    /// Token requests made.
    pub requested: u64,
    /// Token requests that brought a token.
    pub minted: u64,
    /// Token requests that brought none, by class.
    pub failed: FailureCounts,
    /// Callers who joined a flight in progress.
    pub joined: u64,
    /// Callers who found a usable token.
    pub served: u64,
    /// Callers who were turned away or gave up.
    pub turned_away: u64,
    /// Token requests that the mint budget kept from the carrier.
    pub over_budget: u64,
    /// Requests that the carrier answered 401.
    pub unauthorized: u64,
    /// Those of them that a cool-down kept from starting a renewal.
    pub cooled_down: u64,
    /// Token requests under way.
    pub in_flight: u64,
}

/// Failures by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the classes")]
pub struct FailureCounts {
    pub transient: u64,
    pub rejected: u64,
    pub config: u64,
    pub protocol: u64,
    pub interaction: u64,
    pub bug: u64,
}

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn up(&self) {
        // Relaxed: nothing is published with a count.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) requested: Count,
    pub(crate) minted: Count,
    failed: [Count; 6],
    pub(crate) joined: Count,
    pub(crate) served: Count,
    pub(crate) turned_away: Count,
    pub(crate) over_budget: Count,
    pub(crate) unauthorized: Count,
    pub(crate) cooled_down: Count,
    pub(crate) in_flight: Count,
}

impl Metrics {
    pub(crate) fn failed(&self, class: FailureClass) {
        let at = match class {
            FailureClass::Transient => 0,
            FailureClass::Rejected => 1,
            FailureClass::Config => 2,
            FailureClass::Protocol => 3,
            FailureClass::Interaction => 4,
            FailureClass::Bug => 5,
        };
        self.failed[at].up();
    }

    /// Everything but the gauges over accounts.
    pub(crate) fn snapshot(&self) -> BrokerMetrics {
        let [transient, rejected, config, protocol, interaction, bug] =
            self.failed.each_ref().map(Count::value);
        BrokerMetrics {
            accounts: 0,
            usable: 0,
            rejected: 0,
            requested: self.requested.value(),
            minted: self.minted.value(),
            failed: FailureCounts {
                transient,
                rejected,
                config,
                protocol,
                interaction,
                bug,
            },
            joined: self.joined.value(),
            served: self.served.value(),
            turned_away: self.turned_away.value(),
            over_budget: self.over_budget.value(),
            unauthorized: self.unauthorized.value(),
            cooled_down: self.cooled_down.value(),
            in_flight: self.in_flight.value(),
        }
    }
}
