//! What the checks found.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked: a sentence that is true if it passed.
    pub name: Cow<'static, str>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
}

impl Check {
    /// Whether it failed.
    pub const fn failed(&self) -> bool {
        matches!(self.outcome, CheckOutcome::Failed(_))
    }
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
}

impl Report {
    /// No check failed.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(Check::failed)
    }

    /// Adds a check that another process ran. Several processes may run one check: a failure counts
    /// before all else, and a check that ran before one that was skipped.
    pub fn merge(&mut self, check: Check) {
        let Some(known) = self
            .checks
            .iter_mut()
            .find(|known| known.name == check.name)
        else {
            return self.checks.push(check);
        };
        match (&mut known.outcome, check.outcome) {
            (CheckOutcome::Failed(findings), CheckOutcome::Failed(more)) => {
                for finding in more {
                    if !findings.contains(&finding) {
                        findings.push(finding);
                    }
                }
            }
            (CheckOutcome::Failed(_), CheckOutcome::Passed | CheckOutcome::Skipped(_))
            | (CheckOutcome::Passed, CheckOutcome::Passed | CheckOutcome::Skipped(_)) => {}
            (outcome, new) => *outcome = new,
        }
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
