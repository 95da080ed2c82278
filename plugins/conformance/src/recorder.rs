//! Collects the checks of one run, and tells a watcher how far it came.

use crate::{Check, CheckOutcome, Report, Suite, secrets::Secrets};
use gateway_plugin_host::Plugin;

/// Findings of one check beyond that are counted, not listed.
const MAX_FINDINGS: usize = 20;

/// Watches a run while it goes on: a plugin may end the process at any time.
pub trait Progress: Sync {
    /// A check begins or goes on with one of its cases; `case` is empty if it has only one.
    fn at(&self, check: &str, case: &str);

    /// A check has ended.
    fn ended(&self, check: &Check);
}

/// Watches nothing.
impl Progress for () {
    fn at(&self, _: &str, _: &str) {}

    fn ended(&self, _: &Check) {}
}

/// What the sections of the suite write to.
pub(crate) struct Recorder<'a> {
    report: Report,
    secrets: Secrets,
    plugin: &'a Plugin,
    progress: &'a dyn Progress,
}

impl<'a> Recorder<'a> {
    pub(crate) const fn new(report: Report, secrets: Secrets, suite: &Suite<'a>) -> Self {
        Self {
            report,
            secrets,
            plugin: suite.plugin,
            progress: suite.progress,
        }
    }

    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    /// Says what is done next. Before each call of the plugin, or nobody knows what ended the process.
    pub(crate) fn at(&self, check: &str, case: &str) {
        // What a destructor does is the doing of the case before.
        self.plugin.settle();
        self.progress.at(check, case);
    }

    /// Adds a check: passed if there are no findings.
    pub(crate) fn add(&mut self, name: &'static str, mut findings: Vec<String>) {
        // A plugin that tells secrets must not make the report tell them.
        // Before anything else sees them: findings quote messages of the plugin.
        for finding in &mut findings {
            *finding = self.secrets.hidden(finding);
        }
        let outcome = if findings.is_empty() {
            CheckOutcome::Passed
        } else {
            // A broken plugin fails nearly all of some hundred cases: the first ones show the pattern.
            let more = findings.len().saturating_sub(MAX_FINDINGS);
            findings.truncate(MAX_FINDINGS);
            if more > 0 {
                findings.push(format!("and {more} more"));
            }
            CheckOutcome::Failed(findings)
        };
        self.push(name, outcome);
    }

    pub(crate) fn skip(&mut self, name: &'static str, why: impl Into<String>) {
        let why = self.secrets.hidden(&why.into());
        self.push(name, CheckOutcome::Skipped(why));
    }

    fn push(&mut self, name: &'static str, outcome: CheckOutcome) {
        let check = Check {
            name: name.into(),
            outcome,
        };
        self.plugin.settle();
        self.progress.ended(&check);
        self.report.checks.push(check);
    }
}
