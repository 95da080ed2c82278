//! What the workers count.

use crate::labels::{Labels, Writer};
use gateway_proxy::{LATENCY_BOUNDS_US, MetricsSnapshot, OPERATION_BOUNDS_US, SeriesSnapshot};
use std::{collections::BTreeMap, fmt};

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

pub(super) fn connections(out: &mut Writer<'_>, s: &MetricsSnapshot) -> fmt::Result {
    out.gauge(
        "connections_open",
        "Open connections from apps",
        s.connections_open,
    )?;
    out.counter(
        "connections_accepted",
        "Connections accepted from apps",
        s.connections_accepted,
    )?;
    out.counter(
        "connections_refused",
        "Connections closed at once because there were too many",
        s.connections_refused,
    )?;
    out.counter(
        "connections_handed_over",
        "Connections given to a less busy worker",
        s.connections_handed_over,
    )?;
    out.counter(
        "connections_timed_out",
        "Connections closed because a deadline passed",
        s.connections_timed_out,
    )?;
    out.counter(
        "upstream_connections_opened",
        "Connections opened to carriers",
        s.upstream_connects,
    )
}

pub(super) fn requests(out: &mut Writer<'_>, s: &MetricsSnapshot) -> fmt::Result {
    out.gauge(
        "requests_in_flight",
        "Requests being served",
        s.requests_in_flight,
    )?;
    out.counters(
        "responses",
        "Responses by class of status",
        CLASSES
            .iter()
            .zip(s.statuses)
            .map(|(class, n)| (vec![("class", *class)], n)),
    )?;
    out.counters(
        "gateway_errors",
        "Responses that the gateway generated itself, by code",
        s.errors.iter().map(|(code, n)| (vec![("code", *code)], *n)),
    )?;
    out.counter(
        "requests_aborted",
        "Requests whose response could not be completed",
        s.aborted,
    )?;
    out.counter(
        "replays",
        "Requests sent again after a rejected token",
        s.replays,
    )?;
    out.counter(
        "upstream_retries",
        "Requests sent again because a pooled connection had closed",
        s.retries,
    )?;
    out.counter(
        "app_tokens_issued",
        "Tokens given to apps",
        s.app_tokens_issued,
    )?;
    out.counter(
        "legacy_requests",
        "Requests with a retired key, or to a path of a carrier's older API",
        s.legacy_requests,
    )?;
    out.seconds(
        "request_duration",
        "Time from the head of a request to the end of its response",
        micros(s.latency_sum_us),
        buckets(&LATENCY_BOUNDS_US, &s.latency),
    )
}

/// Requests by route, app and operation, and how long operations take.
pub(super) fn operations(out: &mut Writer<'_>, series: &[SeriesSnapshot]) -> fmt::Result {
    let counts = |it: &SeriesSnapshot| -> Vec<_> {
        let classes = CLASSES.into_iter().zip(it.statuses);
        // A class that never occurred would only make the list long.
        classes.filter(|(_, count)| *count > 0).collect()
    };
    out.counters(
        "operation_requests",
        "Responses by route, app, operation and class of status",
        series.iter().flat_map(|it| {
            let labels = |class| -> Labels<'_> {
                let labels = &it.labels;
                vec![
                    ("route", &labels.route),
                    ("app", &labels.app),
                    ("operation", &labels.operation),
                    ("class", class),
                ]
            };
            let counts = counts(it).into_iter();
            counts.map(move |(class, count)| (labels(class), count))
        }),
    )?;
    // Over all apps: a histogram of each app would be ten times as long.
    let mut sums: BTreeMap<(&str, &str), (Vec<u64>, u64)> = BTreeMap::new();
    for it in series {
        let key = (it.labels.route.as_str(), it.labels.operation.as_str());
        let (buckets, sum_us) = sums
            .entry(key)
            .or_insert_with(|| (vec![0; it.latency.len()], 0));
        for (sum, count) in buckets.iter_mut().zip(it.latency) {
            *sum += count;
        }
        *sum_us += it.latency_sum_us;
    }
    let rows = sums.iter().map(|((route, operation), (counts, sum_us))| {
        let labels: Labels<'_> = vec![("route", route), ("operation", operation)];
        (
            labels,
            micros(*sum_us),
            buckets(&OPERATION_BOUNDS_US, counts),
        )
    });
    out.seconds_of(
        "operation_duration",
        "Time from the head of a request to the end of its response, by route and operation",
        rows,
    )
}

/// The buckets with their bounds in seconds.
fn buckets(bounds_us: &[u64], counts: &[u64]) -> Vec<(f64, u64)> {
    let bounds = bounds_us.iter().map(|us| micros(*us));
    // The last bucket has no bound: the format demands `+Inf`.
    let bounds = bounds.chain([f64::INFINITY]);
    bounds.zip(counts.iter().copied()).collect()
}

/// Microseconds as seconds. Exact up to centuries.
fn micros(us: u64) -> f64 {
    us as f64 / 1e6
}
