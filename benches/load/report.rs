//! Medians over the rounds, as a table for people and as JSON.

use crate::{
    Options,
    measure::{Results, Sample},
};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Value, json};

/// The middle value and how far the others are from it, in per cent of it.
fn median(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> (f64, f64) {
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
    table.load_style(UTF8_FULL_CONDENSED).set_header([
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
        "MB",
    ]);
    let base = results.first().map_or(f64::NAN, |first| {
        median(&first.closed, |s| s.cpu_us_per_request).0
    });
    for result in results {
        if let Some(why) = &result.skipped {
            table.add_row([
                result.name.clone(),
                format!("skipped: {}", why.lines().next().unwrap_or_default()),
            ]);
            continue;
        }
        let (cpu, spread) = median(&result.closed, |s| s.cpu_us_per_request);
        table.add_row([
            result.name.clone(),
            format!("{cpu:.1}"),
            format!("{spread:.0} %"),
            format!("{:.2}", base / cpu),
            format!("{:.0}", median(&result.closed, |s| s.requests_per_second).0),
            percentile(&result.closed, 0),
            percentile(&result.closed, 1),
            format!("{:.1}", median(&result.open, |s| s.cpu_us_per_request).0),
            percentile(&result.open, 1),
            percentile(&result.single, 0),
            format!("{:.1}", median(&result.closed, |s| megabytes(s.rss_kib)).0),
        ]);
    }
    for column in 1..11 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!(
        "{table}\nratio: the first row's CPU per request over this row's; under 1 the first row is cheaper"
    )
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn percentile(samples: &[Sample], which: usize) -> String {
    format!("{:.0}", median(samples, |s| s.latency_us[which] as f64).0)
}

/// Everything that was measured.
pub(crate) fn json(options: &Options, results: &[Results]) -> Value {
    let samples = |samples: &[Sample]| -> Vec<Value> {
        let one = |s: &Sample| {
            json!({"cpu_us_per_request": s.cpu_us_per_request, "requests_per_second": s.requests_per_second,
                   "p50_us": s.latency_us[0], "p99_us": s.latency_us[1], "p999_us": s.latency_us[2], "rss_kib": s.rss_kib})
        };
        samples.iter().map(one).collect()
    };
    json!({
        "workers": options.workers, "connections": options.connections, "rate": options.rate,
        "seconds": options.seconds, "tls_upstream": options.tls_upstream,
        "candidates": results.iter().map(|r| json!({
            "name": r.name, "skipped": r.skipped,
            "closed": samples(&r.closed), "open": samples(&r.open), "single": samples(&r.single),
        })).collect::<Vec<_>>(),
    })
}
