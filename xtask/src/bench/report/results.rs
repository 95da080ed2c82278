//! What the load program wrote. A figure that is not there was not measured.

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::{fs, path::Path};

/// Of the requests that were due.
const KEEPS_UP: f64 = 0.95;

/// One run of the load program.
pub(crate) struct Run(pub(super) Value);

/// One proxy of a run.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a>(&'a Value);

/// One figure over the rounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) rounds: Vec<f64>,
}

impl Run {
    /// What the load program wrote to a file.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let json = fs::read(file).with_context(|| file.display().to_string())?;
        let json = serde_json::from_slice(&json);
        Ok(Self(json.with_context(|| file.display().to_string())?))
    }

    pub(crate) fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.0["candidates"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Candidate)
    }

    pub(super) fn candidate(&self, name: &str) -> Option<Candidate<'_>> {
        self.candidates().find(|candidate| candidate.name() == name)
    }

    /// Whether a candidate answered as many requests a second as were due. Of one that did not, the
    /// latency is the length of the measurement and says nothing.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub(super) fn keeps_up(&self, candidate: Candidate<'_>) -> bool {
        let due = self.number("/rate") as f64;
        let rate = candidate.rate("steady");
        // Without a rate it was not measured, which is no reason to leave it out.
        rate.is_none_or(|rate| rate.median >= KEEPS_UP * due)
    }

    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or("?")
    }

    pub(super) fn number(&self, pointer: &str) -> u64 {
        self.0.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
    }

    pub(super) fn rounds(&self) -> usize {
        usize::try_from(self.number("/rounds")).unwrap_or(0)
    }

    /// How apps speak to the gateway.
    pub(super) fn downstream(&self) -> &str {
        self.text("/downstream")
    }

    /// What is behind it, and its workers.
    pub(super) fn upstream(&self) -> String {
        let tls = self.0["tls_upstream"] == true;
        let upstream = if tls { "TLS" } else { "plaintext" };
        let workers = self.number("/workers");
        let plural = if workers == 1 { "" } else { "s" };
        format!("{upstream} upstream, {workers} worker{plural}")
    }

    /// What is asked, unless it is what is asked mostly.
    fn form(&self) -> Option<&str> {
        let form = self.0["form"].as_str()?;
        (form != "Shop").then_some(form)
    }

    /// All three.
    pub(super) fn way(&self) -> String {
        let mut parts: Vec<_> = self.form().map(str::to_owned).into_iter().collect();
        parts.extend([self.downstream().to_owned(), self.upstream()]);
        parts.join("; ")
    }

    /// All three, but for what most runs have in common.
    pub(super) fn title(&self) -> String {
        let mut parts: Vec<_> = self.form().map(str::to_owned).into_iter().collect();
        let downstream = self.downstream();
        parts.extend((downstream != "HTTP/1.1").then(|| downstream.to_owned()));
        parts.push(self.upstream());
        parts.join("; ")
    }
}

impl<'a> Candidate<'a> {
    pub(super) fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or("?")
    }

    /// What the program says of its version.
    pub(super) fn version(self) -> Option<&'a str> {
        self.0["version"].as_str()
    }

    pub(super) fn is_skipped(self) -> bool {
        self.0["skipped"].is_string()
    }

    /// The first candidate's CPU time by this one's.
    pub(crate) fn ratio(self) -> Option<Figure> {
        figure(&self.0["ratio"])
    }

    pub(crate) fn cpu(self, shape: &str) -> Option<Figure> {
        figure(&self.0["shapes"][shape]["cpu_us_per_request"])
    }

    pub(super) fn rate(self, shape: &str) -> Option<Figure> {
        figure(&self.0["shapes"][shape]["requests_per_second"])
    }

    /// The 50th, 99th or 99.9th percentile.
    pub(super) fn latency(self, shape: &str, which: usize) -> Option<Figure> {
        figure(&self.0["shapes"][shape]["latency_us"][which])
    }

    /// By the name that the figure has.
    pub(super) fn memory(self, name: &str) -> Option<u64> {
        self.0["memory"][name].as_u64()
    }
}

fn figure(value: &Value) -> Option<Figure> {
    let rounds = value["rounds"].as_array()?.iter();
    Some(Figure {
        median: value["median"].as_f64()?,
        least: value["least"].as_f64()?,
        most: value["most"].as_f64()?,
        rounds: rounds.filter_map(Value::as_f64).collect(),
    })
}
