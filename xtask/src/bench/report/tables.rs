//! Results as Markdown.

use super::results::{Candidate, Figure, Run};
use serde_json::Value;
use std::fmt::Write as _;

const WORK: [&str; 7] = [
    "us CPU/request (least to most)",
    "requests/s",
    "steady: us CPU",
    "fresh: us CPU",
    "MB started / busy / with idle connections",
    "bytes per idle connection",
    "waybill / this one (least to most)",
];
const LATENCY: [&str; 4] = [
    "closed: p50 / p99 / p99.9",
    "steady: p50 / p99 / p99.9",
    "alone: p50",
    "fresh: p50 / p99",
];

/// Date, commands, machine and versions. Said once for all runs that share them.
pub(super) fn circumstances(runs: &[Run]) -> String {
    let mut said: Vec<(String, Vec<&Run>)> = Vec::new();
    for run in runs {
        let about = about_run(run);
        match said.iter_mut().find(|(text, _)| *text == about) {
            Some((_, runs)) => runs.push(run),
            None => said.push((about, vec![run])),
        }
    }
    let several = said.len() > 1;
    let mut text = String::new();
    for (about, runs) in said {
        if several {
            let ways: Vec<_> = runs.iter().map(|run| run.way()).collect();
            let _ = write!(text, "For {}: ", ways.join("; "));
        }
        let _ = write!(text, "{about} {}.\n\n", versions(&runs).join("; "));
    }
    let before = runs.first().and_then(|run| load_before(&run.0));
    if let Some(before) = before {
        let _ = write!(
            text,
            "In the minute before the first run {before} processes wanted to run.\n\n"
        );
    }
    text
}

/// Of all programs that were in one of these runs, in the order in which they come.
fn versions(runs: &[&Run]) -> Vec<String> {
    let mut versions = Vec::new();
    for candidate in runs.iter().flat_map(|run| run.candidates()) {
        let said = candidate.version().map(version);
        versions.extend(said.filter(|said| !versions.contains(said)));
    }
    versions
}

fn about_run(run: &Run) -> String {
    format!(
        "{} {} rounds of {} seconds; closed: {} connections, steady: {} requests a second, fresh: {} \
         new connections a second, {} idle connections.",
        about(&run.0),
        run.number("/rounds"),
        run.number("/seconds"),
        run.number("/connections"),
        grouped_int(run.number("/rate")),
        grouped_int(run.number("/fresh_rate")),
        grouped_int(run.number("/idle"))
    )
}

/// What the program says of itself without where it lies: Envoy names its own path.
fn version(said: &str) -> String {
    let words = said.split_whitespace();
    let words = words.map(|word| if word.starts_with('/') { "envoy" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Date, command, program and machine of any result.
fn about(result: &Value) -> String {
    let about = &result["about"];
    let note = |key: &str| about["notes"][key].as_str();
    let date = about["started"].as_str().unwrap_or("");
    let mut text = date
        .split_once('T')
        .map_or(date, |(date, _)| date)
        .to_owned();
    for (before, part) in [
        ("; `", note("command")),
        ("`; commit ", note("revision")),
        ("; ", note("rustc")),
        (". ", about["machine"].as_str()),
    ] {
        text += before;
        text += part.unwrap_or("?");
    }
    text + "."
}

fn load_before(result: &Value) -> Option<f64> {
    result["about"]["load_before"].as_f64()
}

/// One run: a row for each proxy.
pub(super) fn peers(run: &Run) -> String {
    let rows: Vec<_> = run
        .candidates()
        .filter(|candidate| !candidate.is_skipped())
        .map(|candidate| (candidate.name().to_owned(), run, candidate))
        .collect();
    let skipped: Vec<_> = run
        .candidates()
        .filter(|candidate| candidate.is_skipped())
        .map(Candidate::name)
        .collect();
    let mut title = run.title();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut text = format!(
        "\n#### {title}\n\nProcessors: proxy {}, mock {}, load {}.\n",
        run.0["processors"]["proxy"], run.0["processors"]["mock"], run.0["processors"]["generator"]
    );
    text += &tables(&rows, true);
    if !skipped.is_empty() {
        let _ = writeln!(
            text,
            "\nNot installed, so left out: {}.",
            skipped.join(", ")
        );
    }
    text
}

/// The gateway's runs: a row for each, and one for what else was asked in it.
pub(super) fn alone(runs: &[Run]) -> String {
    let rows: Vec<_> = runs
        .iter()
        .flat_map(|run| run.candidates().enumerate().map(move |each| (run, each)))
        .map(|(run, (at, candidate))| match at {
            0 => (run.way(), run, candidate),
            _ => (
                format!("{}: {}", run.way(), candidate.name()),
                run,
                candidate,
            ),
        })
        .collect();
    tables(&rows, false)
}

fn tables(rows: &[(String, &Run, Candidate<'_>)], ratio: bool) -> String {
    let columns = WORK.len() - usize::from(!ratio);
    let mut text = head("", &WORK[..columns]);
    for (name, _, candidate) in rows {
        row(&mut text, name, &work(*candidate)[..columns]);
    }
    text += &head("latency, us", &LATENCY);
    for (name, run, candidate) in rows {
        let steady = match candidate.rate("steady") {
            Some(rate) if !run.keeps_up(*candidate) => {
                format!("overloaded: {} a second", grouped(rate.median))
            }
            Some(_) | None => latencies(*candidate, "steady", 3),
        };
        let cells = [
            latencies(*candidate, "closed", 3),
            steady,
            latencies(*candidate, "alone", 1),
            latencies(*candidate, "fresh", 2),
        ];
        row(&mut text, name, &cells);
    }
    text
}

fn work(candidate: Candidate<'_>) -> [String; 7] {
    let memory = ["start_kib", "busy_kib", "idle_kib"].map(|name| {
        let kib = candidate.memory(name);
        text(kib, |kib| format!("{:.1}", as_float(kib) / 1024.0))
    });
    [
        text(candidate.cpu("closed"), |figure| ranged(&figure, 1)),
        text(candidate.rate("closed"), |figure| grouped(figure.median)),
        text(candidate.cpu("steady"), |figure| {
            format!("{:.1}", figure.median)
        }),
        text(candidate.cpu("fresh"), |figure| {
            format!("{:.1}", figure.median)
        }),
        memory.join(" / "),
        text(candidate.memory("idle_connection_bytes"), grouped_int),
        text(candidate.ratio(), |figure| ranged(&figure, 2)),
    ]
}

fn ranged(figure: &Figure, digits: usize) -> String {
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        figure.median, figure.least, figure.most
    )
}

fn latencies(candidate: Candidate<'_>, shape: &str, percentiles: usize) -> String {
    let medians = (0..percentiles).map(|which| {
        text(candidate.latency(shape, which), |figure| {
            grouped(figure.median)
        })
    });
    medians.collect::<Vec<_>>().join(" / ")
}

/// The storms: each figure as it was found.
pub(super) fn storms(result: &Value) -> String {
    let processors = result["processors"].as_str().unwrap_or("?");
    let mut text = format!("{} {processors}.\n", about(result));
    text += &head("storm", &["figure", "value"]);
    let storms = result["storms"].as_object().into_iter().flatten();
    for (storm, figures) in storms {
        for (figure, value) in figures.as_object().into_iter().flatten() {
            let value = match value {
                Value::Number(number) if number.is_f64() => {
                    format!("{:.2}", number.as_f64().unwrap_or(f64::NAN))
                }
                Value::Number(number) => number
                    .as_u64()
                    .map_or_else(|| number.to_string(), grouped_int),
                Value::String(said) => said.clone(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    value.to_string()
                }
            };
            row(&mut text, storm, &[figure.clone(), value]);
        }
    }
    text
}

/// The hot paths: times with their confidence.
pub(super) fn micro(result: &Value) -> String {
    let mut text = format!("{}\n", about(result));
    text += &head("hot path", &["median (95 % interval)"]);
    for path in result["paths"].as_array().into_iter().flatten() {
        let nanos = |key: &str| path[key].as_f64().map_or_else(|| "-".to_owned(), time);
        let cell = format!(
            "{} ({} to {})",
            nanos("median_ns"),
            nanos("least_ns"),
            nanos("most_ns")
        );
        row(&mut text, path["name"].as_str().unwrap_or("?"), &[cell]);
    }
    text
}

fn time(nanos: f64) -> String {
    if nanos < 1e3 {
        format!("{nanos:.1} ns")
    } else if nanos < 1e6 {
        format!("{:.2} us", nanos / 1e3)
    } else {
        format!("{:.2} ms", nanos / 1e6)
    }
}

fn head(first: &str, columns: &[&str]) -> String {
    format!(
        "\n| {first} | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    )
}

fn row(text: &mut String, name: &str, cells: &[String]) {
    let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
}

/// A dash for what was not measured.
fn text<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), write)
}

/// A whole number with commas.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn grouped_int(value: u64) -> String {
    grouped(as_float(value))
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
const fn as_float(value: u64) -> f64 {
    value as f64
}
