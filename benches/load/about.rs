//! When, where and how it was measured: without it a figure says nothing.

use crate::machine;
use jiff::Timestamp;
use serde::Serialize;
use std::{collections::BTreeMap, fs};

/// The circumstances of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct About {
    /// UTC, to the second.
    started: String,
    machine: String,
    /// Processes that wanted to run in the minute before, on average: what else was going on.
    load_before: Option<f64>,
    /// What the caller wants kept with the figures, such as the command.
    notes: BTreeMap<String, String>,
}

impl About {
    /// Of a run that begins now.
    pub(crate) fn now(notes: &[(String, String)]) -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load_before = load.split_whitespace().next().and_then(|n| n.parse().ok());
        Self {
            started: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            machine: machine::description(),
            load_before,
            notes: notes.iter().cloned().collect(),
        }
    }
}

/// `KEY=VALUE` of the command line.
pub(crate) fn note(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("a note is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
