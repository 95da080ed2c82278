//! The counters of all workers, summed for whoever reads them.

use crate::{
    directory::publish::DirectoryCell,
    error::Code,
    metrics::{Counter, LATENCY_BOUNDS_US, WorkerMetrics},
    series::{Series, SeriesSnapshot},
};
use gateway_model::AccountId;
use std::sync::Arc;

/// The sums over all workers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsSnapshot {
    /// Connections from apps that are open now.
    pub connections_open: u64,
    /// Those of them that wait for a request without a buffer.
    pub connections_parked: u64,
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
    /// Requests by route, app and operation; none if they are not counted.
    pub series: Vec<SeriesSnapshot>,
    /// Per account that is there and was used: requests, and answers that rejected its credential.
    pub accounts: Vec<(AccountId, u64, u64)>,
}

/// Reads the counters of all workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MetricsReader {
    pub(crate) workers: Arc<[Arc<WorkerMetrics>]>,
    pub(super) series: Option<Arc<Series>>,
    pub(super) directory: Arc<DirectoryCell>,
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
            connections_parked: sum(&|w| &w.connections_parked),
            connections_accepted: sum(&|w| &w.connections_accepted),
            connections_refused: sum(&|w| &w.connections_refused),
            connections_handed_over: sum(&|w| &w.connections_handed_over),
            connections_timed_out: sum(&|w| &w.connections_timed_out),
            requests_in_flight: sum(&|w| &w.requests_in_flight),
            statuses: std::array::from_fn(|at| sum(&|w| &w.statuses[at])),
            // A code that never occurred would only make the list long.
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
            series: self.series.iter().flat_map(|it| it.snapshot()).collect(),
            accounts: accounts.collect(),
        }
    }
}
