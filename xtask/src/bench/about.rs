//! What is kept with every result: without command, program and machine a figure says nothing.

use crate::source::{line, revision};
use serde_json::{Value, json};

/// Facts that a program of the benches cannot know, as `(key, value)`.
pub(super) fn notes(what: &str, options: &[String]) -> Vec<(&'static str, String)> {
    let mut command = format!("cargo xtask bench {what}");
    if !options.is_empty() {
        command = format!("{command} -- {}", options.join(" "));
    }
    let mut notes = vec![("command", command)];
    notes.extend(revision().map(|revision| ("revision", revision)));
    notes.extend(line("rustc", &["--version"]).map(|rustc| ("rustc", rustc)));
    notes
}

/// The notes with time and machine, for results that criterion writes.
pub(super) fn now(what: &str, options: &[String]) -> Value {
    let notes: serde_json::Map<_, _> = notes(what, options)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::String(value)))
        .collect();
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    json!({
        "started": line("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
        "machine": model.map(|(_, model)| model),
        "notes": notes,
    })
}
