//! What the checks found.

use crate::secrets::Secrets;
use gateway_plugin_host::Plugin;
use serde::Serialize;
use std::fmt;

/// Findings of one check beyond that are counted, not listed.
const MAX_FINDINGS: usize = 20;

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "details", rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// Each text says what was done and what was wrong with what came of it.
    Failed(Vec<String>),
    /// Not run, and why.
    Skipped(String),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked: a sentence that is true if it passed.
    pub name: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
}

/// All checks of one plugin. `Display` is for people, `Serialize` for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's version.
    pub version: String,
    /// In the order in which they ran.
    pub checks: Vec<Check>,
    #[serde(skip)]
    secrets: Secrets,
}

impl Report {
    pub(crate) fn new(plugin: &Plugin, secrets: Secrets) -> Self {
        Self {
            plugin: plugin.manifest().name.clone(),
            version: plugin.manifest().version.clone(),
            checks: Vec::new(),
            secrets,
        }
    }

    /// No check failed.
    pub fn passed(&self) -> bool {
        let failed = |check: &Check| matches!(check.outcome, CheckOutcome::Failed(_));
        !self.checks.iter().any(failed)
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
        self.checks.push(Check { name, outcome });
    }

    pub(crate) fn skip(&mut self, name: &'static str, why: impl Into<String>) {
        let outcome = CheckOutcome::Skipped(self.secrets.hidden(&why.into()));
        self.checks.push(Check { name, outcome });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.plugin, self.version)?;
        for check in &self.checks {
            match &check.outcome {
                CheckOutcome::Passed => writeln!(f, "  passed   {}", check.name)?,
                CheckOutcome::Skipped(why) => writeln!(f, "  skipped  {}: {why}", check.name)?,
                CheckOutcome::Failed(findings) => {
                    writeln!(f, "  FAILED   {}", check.name)?;
                    for finding in findings {
                        writeln!(f, "             {finding}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
