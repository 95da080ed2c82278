//! Phase 9, counters: one set per worker, written by it alone, summed by whoever reads.

use crate::{error::Code, live::DirectoryCell};
use gateway_model::AccountId;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the latency buckets, microseconds; above the last is one bucket more.
pub const LATENCY_BOUNDS_US: [u64; 18] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// A counter with one writer: plain load and store, no locked instruction.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(n),
            Ordering::Relaxed,
        );
    }

    pub(crate) fn sub(&self, n: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).saturating_sub(n),
            Ordering::Relaxed,
        );
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One counter for each code.
#[derive(Debug)]
pub(crate) struct PerCode([Counter; Code::COUNT]);

impl PerCode {
    pub(crate) const fn of(&self, code: Code) -> &Counter {
        &self.0[code as usize]
    }
}

impl Default for PerCode {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

/// What one worker counts. Aligned so that no two workers write one cache line (or its neighbour,
/// which the prefetcher fetches with it).
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct WorkerMetrics {
    pub(crate) connections_open: Counter,
    pub(crate) connections_resting: Counter,
    pub(crate) connections_accepted: Counter,
    pub(crate) connections_refused: Counter,
    pub(crate) connections_handed_over: Counter,
    pub(crate) connections_timed_out: Counter,
    pub(crate) requests_in_flight: Counter,
    pub(crate) statuses: [Counter; 5],
    pub(crate) errors: PerCode,
    pub(crate) aborted: Counter,
    pub(crate) latency: [Counter; LATENCY_BOUNDS_US.len() + 1],
    pub(crate) latency_sum_us: Counter,
    pub(crate) replays: Counter,
    pub(crate) retries: Counter,
    pub(crate) upstream_connects: Counter,
    pub(crate) app_tokens_issued: Counter,
    pub(crate) legacy_requests: Counter,
}

/// Per account, per worker; aligned as [`WorkerMetrics`].
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct AccountMetrics {
    pub(crate) requests: Counter,
    pub(crate) rejected: Counter,
}

/// What is counted for one account. It goes over from one directory to the next as long as the account
/// is there, and goes with it. An account that nobody uses costs no memory.
#[derive(Debug)]
pub(crate) struct AccountCounters {
    workers: usize,
    of: OnceLock<Box<[AccountMetrics]>>,
}

impl AccountCounters {
    pub(crate) const fn new(workers: usize) -> Self {
        Self {
            workers,
            of: OnceLock::new(),
        }
    }

    /// The counters of one worker.
    pub(crate) fn of(&self, worker: usize) -> &AccountMetrics {
        let make = || {
            (0..self.workers)
                .map(|_| AccountMetrics::default())
                .collect()
        };
        &self.of.get_or_init(make)[worker]
    }

    /// Requests and rejections over all workers, once there are any.
    fn sums(&self) -> Option<(u64, u64)> {
        let workers = self.of.get()?.iter();
        let add = |sums: (u64, u64), of: &AccountMetrics| {
            (sums.0 + of.requests.count(), sums.1 + of.rejected.count())
        };
        Some(workers.fold((0, 0), add)).filter(|(requests, _)| *requests > 0)
    }
}

impl WorkerMetrics {
    pub(crate) fn observe(&self, status: u16, latency: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.statuses[class].add(1);
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BOUNDS_US.partition_point(|bound| *bound < us);
        self.latency[bucket].add(1);
        self.latency_sum_us.add(us);
    }
}

/// The sums over all workers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsSnapshot {
    /// Connections from apps that are open now.
    pub connections_open: u64,
    /// Those of them that wait for a request without a buffer.
    pub connections_resting: u64,
    /// Connections accepted so far.
    pub connections_accepted: u64,
    /// Connections closed at once because there were too many.
    pub connections_refused: u64,
    /// Connections that one worker accepted and another, less busy one serves.
    pub connections_handed_over: u64,
    /// Connections closed because a deadline passed.
    pub connections_timed_out: u64,
    /// Requests being served now.
    pub requests_in_flight: u64,
    /// Answers by class: 1xx (never), 2xx, 3xx, 4xx, 5xx.
    pub statuses: [u64; 5],
    /// Answers the gateway made itself, by stable code; codes that never occurred are left out.
    pub errors: Vec<(&'static str, u64)>,
    /// Requests whose answer could not be completed.
    pub aborted: u64,
    /// Requests per latency bucket; bounds in [`LATENCY_BOUNDS_US`], the last is unbounded.
    pub latency: Vec<u64>,
    /// Sum of all latencies, microseconds.
    pub latency_sum_us: u64,
    /// Requests sent again after a rejected credential.
    pub replays: u64,
    /// Requests sent again because the pooled connection closed before it took them.
    pub retries: u64,
    /// Connections opened to upstream servers.
    pub upstream_connects: u64,
    /// Tokens issued to apps.
    pub app_tokens_issued: u64,
    /// Requests recognised by a retired key, or sent to a path of the carrier's older API.
    pub legacy_requests: u64,
    /// Per account that is there and was used: requests, and answers that rejected its credential.
    pub accounts: Vec<(AccountId, u64, u64)>,
}

/// Reads the counters of all workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MetricsReader {
    pub(crate) workers: Arc<[Arc<WorkerMetrics>]>,
    pub(crate) directory: Arc<DirectoryCell>,
}

impl MetricsReader {
    /// Sums up. Counters of different workers are read one after another, not at one instant.
    pub fn snapshot(&self) -> MetricsSnapshot {
        let sum = |of: &dyn Fn(&WorkerMetrics) -> &Counter| -> u64 {
            self.workers.iter().map(|worker| of(worker).count()).sum()
        };
        let errors = Code::ALL
            .iter()
            .map(|code| (code.as_str(), sum(&|w| w.errors.of(*code))));
        let (_, index) = self.directory.load();
        let accounts = index.accounts.iter().filter_map(|indexed| {
            let (requests, rejected) = indexed.counters.sums()?;
            Some((indexed.account.id.clone(), requests, rejected))
        });
        MetricsSnapshot {
            connections_open: sum(&|w| &w.connections_open),
            connections_resting: sum(&|w| &w.connections_resting),
            connections_accepted: sum(&|w| &w.connections_accepted),
            connections_refused: sum(&|w| &w.connections_refused),
            connections_handed_over: sum(&|w| &w.connections_handed_over),
            connections_timed_out: sum(&|w| &w.connections_timed_out),
            requests_in_flight: sum(&|w| &w.requests_in_flight),
            statuses: std::array::from_fn(|at| sum(&|w| &w.statuses[at])),
            errors: errors.filter(|(_, n)| *n > 0).collect(),
            aborted: sum(&|w| &w.aborted),
            latency: (0..=LATENCY_BOUNDS_US.len())
                .map(|at| sum(&|w| &w.latency[at]))
                .collect(),
            latency_sum_us: sum(&|w| &w.latency_sum_us),
            replays: sum(&|w| &w.replays),
            retries: sum(&|w| &w.retries),
            upstream_connects: sum(&|w| &w.upstream_connects),
            app_tokens_issued: sum(&|w| &w.app_tokens_issued),
            legacy_requests: sum(&|w| &w.legacy_requests),
            accounts: accounts.collect(),
        }
    }
}
