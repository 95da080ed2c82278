//! Medians over the rounds, as a table for people and as JSON.

use crate::{
    Options, machine,
    measure::{Results, Sample, Shape},
};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Map, Value, json};

const COLUMNS: [&str; 13] = [
    "proxy",
    "us CPU/request",
    "spread",
    "ratio",
    "requests/s",
    "p50 us",
    "p99 us",
    "steady: us CPU",
    "p99 us",
    "alone: p50 us",
    "fresh: us CPU",
    "MB idle/busy",
    "bytes/idle conn",
];

/// The middle value and how far the others are from it, in per cent of it.
pub(crate) fn median(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> (f64, f64) {
    let mut values: Vec<f64> = samples.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    let Some(middle) = values.get(values.len() / 2).copied() else {
        return (f64::NAN, f64::NAN);
    };
    let spread = values
        .last()
        .zip(values.first())
        .map_or(0.0, |(last, first)| last - first);
    (middle, 100.0 * spread / middle)
}

/// One row per candidate; ratios are to the first.
pub(crate) fn table(results: &[Results]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(COLUMNS);
    let base = results
        .first()
        .map_or(f64::NAN, |first| cpu(first, Shape::Closed));
    for result in results {
        table.add_row(row(result, base));
    }
    for column in 1..COLUMNS.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let skipped: String = results
        .iter()
        .filter_map(|r| {
            Some(format!(
                "\n{} skipped: {}",
                r.kind.name(),
                r.skipped.as_ref()?
            ))
        })
        .collect();
    format!(
        "{table}\nratio: the first row's CPU per request over this row's; under 1 the first row is cheaper{skipped}"
    )
}

fn row(result: &Results, base: f64) -> Vec<String> {
    let name = result.kind.name();
    if result.skipped.is_some() {
        return vec![name, "skipped".to_owned()];
    }
    let (us, spread) = median(result.of(Shape::Closed), |s| s.cpu_us_per_request);
    let rate = median(result.of(Shape::Closed), |s| s.requests_per_second).0;
    let memory = result.memory;
    vec![
        name,
        format!("{us:.1}"),
        format!("{spread:.0} %"),
        format!("{:.2}", base / us),
        format!("{rate:.0}"),
        percentile(result, Shape::Closed, 0),
        percentile(result, Shape::Closed, 1),
        figure(cpu(result, Shape::Steady), 1),
        percentile(result, Shape::Steady, 1),
        percentile(result, Shape::Alone, 0),
        figure(cpu(result, Shape::Fresh), 1),
        format!(
            "{:.1}/{:.1}",
            megabytes(memory.start),
            megabytes(memory.busy)
        ),
        memory
            .idle_connection
            .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
    ]
}

fn cpu(result: &Results, shape: Shape) -> f64 {
    median(result.of(shape), |s| s.cpu_us_per_request).0
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn figure(value: f64, digits: usize) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.digits$}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn percentile(result: &Results, shape: Shape, which: usize) -> String {
    figure(
        median(result.of(shape), |s| s.latency_us[which] as f64).0,
        0,
    )
}

/// Everything that was measured.
pub(crate) fn json(options: &Options, results: &[Results]) -> Value {
    let one = |s: &Sample| {
        json!({"cpu_us_per_request": s.cpu_us_per_request, "requests_per_second": s.requests_per_second,
               "p50_us": s.latency_us[0], "p99_us": s.latency_us[1], "p999_us": s.latency_us[2]})
    };
    let candidate = |r: &Results| {
        let shapes: Map<String, Value> = Shape::ALL
            .iter()
            .map(|shape| {
                (
                    shape.name().to_owned(),
                    r.of(*shape).iter().map(one).collect(),
                )
            })
            .collect();
        json!({
            "name": r.kind.name(), "version": r.kind.version(options), "skipped": r.skipped, "shapes": shapes,
            "memory": {"start_kib": r.memory.start, "busy_kib": r.memory.busy,
                       "idle_connection_bytes": r.memory.idle_connection},
        })
    };
    json!({
        "workers": options.workers, "connections": options.connections, "rate": options.rate,
        "seconds": options.seconds, "rounds": options.rounds, "tls_upstream": options.tls_upstream,
        "downstream": options.downstream.to_string(), "machine": machine::description(),
        "candidates": results.iter().map(candidate).collect::<Vec<_>>(),
    })
}
