//! Requests by route, app and operation: one table of bounded size for all workers, without a lock.
//!
//! A worker finds the place of a combination by its hash in keys that are only read, but for the moment when a
//! combination is seen for the first time. At each place every worker has counters of its own.

use crate::metrics::Counter;
use foldhash::fast::FixedState;
use std::{
    hash::BuildHasher as _,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the buckets of an operation's duration, microseconds; above the last is one bucket more.
pub const OPERATION_BOUNDS_US: [u64; 7] = [
    50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];

/// The label of requests for which the table has no room. No name of an app or an operation has parentheses.
const OVERFLOW: &str = "(overflow)";

/// What one worker counts for one combination. Aligned so that no two workers write one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct SeriesCounters {
    statuses: [Counter; 5],
    latency: [Counter; OPERATION_BOUNDS_US.len() + 1],
    latency_sum_us: Counter,
}

/// A combination's names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesLabels {
    /// The route: its prefix, else its first host, else `catch-all`.
    pub route: String,
    /// The app, `(none)` for a caller that is no app, or `(unknown)`.
    pub app: String,
    /// The operation, `(other)` for one that the manifest does not name, or `(unknown)`.
    pub operation: String,
}

/// What was counted for one combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSnapshot {
    /// Its names.
    pub labels: SeriesLabels,
    /// Responses by class: 1xx (never), 2xx, 3xx, 4xx, 5xx.
    pub statuses: [u64; 5],
    /// Requests per bucket of [`OPERATION_BOUNDS_US`]; the last is unbounded.
    pub latency: [u64; OPERATION_BOUNDS_US.len() + 1],
    /// Sum of all latencies, microseconds.
    pub latency_sum_us: u64,
}

/// The names of one request's combination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesNames<'a> {
    pub(crate) route: &'a str,
    pub(crate) app: &'a str,
    pub(crate) operation: &'a str,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Series {
    /// Hashes; 0 where there is none. At most half of them are used, so a search always ends.
    keys: Box<[AtomicU64]>,
    labels: Box<[OnceLock<SeriesLabels>]>,
    used: AtomicUsize,
    most: usize,
    /// One set for each worker, with the place of the overflow behind all others.
    counters: Box<[Box<[SeriesCounters]>]>,
}

impl Series {
    /// A table for `most` combinations, unless nothing is wanted.
    pub(crate) fn wanted(most: usize, workers: usize) -> Option<Arc<Self>> {
        (most > 0).then(|| Arc::new(Self::new(most, workers)))
    }

    fn new(most: usize, workers: usize) -> Self {
        let places = (most * 2).next_power_of_two();
        let of_worker = || (0..=places).map(|_| SeriesCounters::default()).collect();
        Self {
            keys: (0..places).map(|_| AtomicU64::new(0)).collect(),
            labels: (0..places).map(|_| OnceLock::new()).collect(),
            used: AtomicUsize::new(0),
            most,
            counters: (0..workers).map(|_| of_worker()).collect(),
        }
    }

    /// Counts a response. `worker` is the only one that calls with its number.
    pub(crate) fn observe(
        &self,
        worker: usize,
        names: SeriesNames<'_>,
        status: u16,
        latency: Duration,
    ) {
        let counters = &self.counters[worker][self.place(names)];
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        counters.statuses[class].add(1);
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = OPERATION_BOUNDS_US.partition_point(|bound| *bound < us);
        counters.latency[bucket].add(1);
        counters.latency_sum_us.add(us);
    }

    fn place(&self, names: SeriesNames<'_>) -> usize {
        let SeriesNames {
            route,
            app,
            operation,
        } = names;
        // A fixed seed: only the operator chooses names, and nobody gains by two that collide.
        let key = FixedState::default()
            .hash_one((route, app, operation))
            .max(1);
        let mut at = self.wrapped(key);
        loop {
            match self.keys[at].load(Ordering::Relaxed) {
                known if known == key => return at,
                0 => return self.admit(key, at, names),
                _ => at = self.wrapped(at as u64 + 1),
            }
        }
    }

    fn wrapped(&self, at: u64) -> usize {
        // The number of places is a power of two.
        at as usize & (self.keys.len() - 1)
    }

    /// Takes a place for a combination that is seen for the first time, or the one of the overflow.
    #[cold]
    fn admit(&self, key: u64, mut at: usize, names: SeriesNames<'_>) -> usize {
        // Taken before the key is written, so that there are never more keys than wanted.
        let more = |used| (used < self.most).then_some(used + 1);
        let taken = (self.used).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        if taken.is_err() {
            return self.keys.len();
        }
        loop {
            let key_at = &self.keys[at];
            match key_at.compare_exchange(0, key, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    // Only the worker that wrote the key comes here.
                    let _ = self.labels[at].set(SeriesLabels {
                        route: names.route.to_owned(),
                        app: names.app.to_owned(),
                        operation: names.operation.to_owned(),
                    });
                    return at;
                }
                // Another worker saw the same combination at this moment.
                Err(known) if known == key => {
                    self.used.fetch_sub(1, Ordering::Relaxed);
                    return at;
                }
                Err(_) => at = self.wrapped(at as u64 + 1),
            }
        }
    }

    /// What was counted, by combination. The overflow comes last, if there was any.
    pub(crate) fn snapshot(&self) -> Vec<SeriesSnapshot> {
        let labelled = self.labels.iter().enumerate();
        // A combination whose names are being written is there at the next look.
        let known = labelled.filter_map(|(at, labels)| Some((at, labels.get()?.clone())));
        let overflow = || OVERFLOW.to_owned();
        let overflow = SeriesLabels {
            route: overflow(),
            app: overflow(),
            operation: overflow(),
        };
        let all = known.chain([(self.keys.len(), overflow)]);
        let counted = all.map(|(at, labels)| self.counted(at, labels));
        counted
            .filter(|it| it.statuses.iter().sum::<u64>() > 0)
            .collect()
    }

    fn counted(&self, at: usize, labels: SeriesLabels) -> SeriesSnapshot {
        let sum = |of: &dyn Fn(&SeriesCounters) -> &Counter| -> u64 {
            let workers = self.counters.iter();
            workers.map(|worker| of(&worker[at]).count()).sum()
        };
        SeriesSnapshot {
            labels,
            statuses: std::array::from_fn(|class| sum(&|it| &it.statuses[class])),
            latency: std::array::from_fn(|bucket| sum(&|it| &it.latency[bucket])),
            latency_sum_us: sum(&|it| &it.latency_sum_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn observe(series: &Series, worker: usize, app: &str) {
        let names = SeriesNames {
            route: "/ups",
            app,
            operation: "rating.shop",
        };
        series.observe(worker, names, 200, Duration::from_millis(70));
    }

    #[test]
    fn combination_that_two_workers_count_is_one_series() {
        let series = Series::new(4, 2);
        for worker in [0, 1, 1] {
            observe(&series, worker, "shop");
        }
        let counted = series.snapshot();
        assert_eq!(counted.len(), 1);
        assert_eq!(counted[0].statuses, [0, 3, 0, 0, 0]);
        assert_eq!(counted[0].latency, [0, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(counted[0].latency_sum_us, 210_000);
        assert_eq!(counted[0].labels.operation, "rating.shop");
    }

    #[test]
    fn combinations_beyond_the_limit_are_counted_together_and_no_request_is_lost() {
        let series = Arc::new(Series::new(5, 4));
        let workers = (0..4).map(|worker| {
            let series = Arc::clone(&series);
            thread::spawn(move || {
                for round in 0..1_000 {
                    // Each worker begins with another app, so that they race for the places.
                    let app = format!("app-{}", (round + worker * 3) % 12);
                    observe(&series, worker, &app);
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.join().expect("no worker panics");
        }
        let counted = series.snapshot();
        assert_eq!(counted.len(), 6, "{counted:?}");
        let sum: u64 = counted.iter().flat_map(|it| it.statuses).sum();
        assert_eq!(sum, 4_000);
        let mut apps: Vec<_> = counted.iter().map(|it| it.labels.app.as_str()).collect();
        assert_eq!(apps.pop(), Some(OVERFLOW));
        apps.sort_unstable();
        apps.dedup();
        assert_eq!(apps.len(), 5);
    }
}
