//! The figures as tables for people and as JSON. `cargo xtask bench report` draws and writes from the JSON.

use crate::{
    about::About,
    figures::{Figure, Figures, ratio},
    machine::Plan,
    measure::{Results, Shape},
    options::Options,
};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Map, Value, json};

/// Processor time and memory, then latencies; ratios are to the first candidate.
pub(crate) fn tables(options: &Options, results: &[Results]) -> String {
    let idle = format!("MB start / busy / {} idle", options.idle);
    let mut work = table([
        "proxy",
        "us CPU/request",
        "spread",
        "ratio (least to most)",
        "requests/s",
        "steady: us CPU",
        "fresh: us CPU",
        &idle,
        "bytes/idle conn",
    ]);
    let mut latency = table([
        "proxy",
        "closed: p50 / p99 / p99.9 us",
        "steady: p50 / p99 / p99.9 us",
        "alone: p50 us",
        "fresh: p50 / p99 us",
    ]);
    let mut skipped = String::new();
    for result in results {
        let name = result.kind.name();
        if let Some(reason) = &result.skipped {
            skipped += &format!("\n{name} skipped: {reason}");
            continue;
        }
        work.add_row(work_row(result, results.first().unwrap_or(result)));
        let shape = |shape, percentiles| latencies(result, shape, percentiles);
        latency.add_row([
            name,
            shape(Shape::Closed, 0..3),
            shape(Shape::Steady, 0..3),
            shape(Shape::Alone, 0..1),
            shape(Shape::Fresh, 0..2),
        ]);
    }
    for table in [&mut work, &mut latency] {
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!(
        "{work}\nratio: the first row's CPU per request over this row's; under 1 the first row is \
         cheaper\n{latency}\nsteady and fresh: counted from when a request was due{skipped}"
    )
}

fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(columns);
    table
}

fn work_row(result: &Results, first: &Results) -> [String; 9] {
    let closed = Figures::of(result.of(Shape::Closed));
    let cpu = |shape| Figures::of(result.of(shape)).map(|f| f.cpu_us_per_request);
    let memory = result.memory;
    let megabytes = |kib: Option<u64>| text(kib, |kib| format!("{:.1}", megabytes(kib)));
    [
        result.kind.name(),
        median(closed.as_ref().map(|f| &f.cpu_us_per_request), 1),
        text(closed.as_ref(), |f| {
            format!("{:.0} %", f.cpu_us_per_request.spread())
        }),
        text(ratio(first, result), |r| {
            format!("{:.2} ({:.2} to {:.2})", r.median, r.least, r.most)
        }),
        median(closed.as_ref().map(|f| &f.requests_per_second), 0),
        median(cpu(Shape::Steady).as_ref(), 1),
        median(cpu(Shape::Fresh).as_ref(), 1),
        [Some(memory.start), Some(memory.busy), memory.idle]
            .map(megabytes)
            .join(" / "),
        text(memory.idle_connection, |bytes| bytes.to_string()),
    ]
}

fn latencies(result: &Results, shape: Shape, percentiles: std::ops::Range<usize>) -> String {
    text(Figures::of(result.of(shape)), |figures| {
        let medians = figures.latency_us[percentiles].iter();
        let medians: Vec<_> = medians.map(|f| format!("{:.0}", f.median)).collect();
        medians.join(" / ")
    })
}

fn median(figure: Option<&Figure>, digits: usize) -> String {
    text(figure, |figure| format!("{:.digits$}", figure.median))
}

/// A dash for what was not measured.
fn text<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), write)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Everything that was measured, and how.
pub(crate) fn json(options: &Options, about: &About, results: &[Results]) -> Value {
    let plan = Plan::new(options.workers);
    let first = results.first();
    let candidate = |r: &Results| {
        let shapes: Map<String, Value> = Shape::ALL
            .iter()
            .filter_map(|shape| {
                let figures = Figures::of(r.of(*shape))?;
                Some((shape.name().to_owned(), json!(figures)))
            })
            .collect();
        json!({
            "name": r.kind.name(), "version": r.kind.version(options), "skipped": r.skipped,
            "ratio": first.and_then(|first| ratio(first, r)), "shapes": shapes,
            "memory": {"start_kib": r.memory.start, "busy_kib": r.memory.busy,
                       "idle_kib": r.memory.idle, "idle_connection_bytes": r.memory.idle_connection},
        })
    };
    json!({
        "about": about,
        "workers": options.workers, "connections": options.connections, "rate": options.rate,
        "fresh_rate": options.fresh_rate(), "idle": options.idle,
        "seconds": options.seconds, "rounds": options.rounds, "tls_upstream": options.tls_upstream,
        "downstream": options.downstream.to_string(), "form": options.form.to_string(),
        "processors": {"proxy": plan.proxy, "mock": plan.backend, "generator": plan.generator},
        "candidates": results.iter().map(candidate).collect::<Vec<_>>(),
    })
}
