//! Counters: one set for each worker, which alone writes it. Readers sum over the sets.

use crate::error::Code;
use std::{
    sync::{
        OnceLock,
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
            // Only this worker writes, so load and store cannot lose a count.
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
    pub(crate) connections_parked: Counter,
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

/// What one worker counts for one account. Aligned as [`WorkerMetrics`], for the same reason.
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
    pub(crate) fn sums(&self) -> Option<(u64, u64)> {
        let workers = self.of.get()?.iter();
        let add = |sums: (u64, u64), of: &AccountMetrics| {
            (sums.0 + of.requests.count(), sums.1 + of.rejected.count())
        };
        // An account that nobody used is left out of the metrics.
        Some(workers.fold((0, 0), add)).filter(|(requests, _)| *requests > 0)
    }
}

impl WorkerMetrics {
    pub(crate) fn observe(&self, status: u16, latency: Duration) {
        // A status outside the five classes counts with the nearest one.
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.statuses[class].add(1);
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        // The first bound that is not below: bounds belong to their own bucket.
        let bucket = LATENCY_BOUNDS_US.partition_point(|bound| *bound < us);
        self.latency[bucket].add(1);
        self.latency_sum_us.add(us);
    }
}
