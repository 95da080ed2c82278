//! The doctor's report.

use gateway_model::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorReport {
    /// The worst verdict of all checks.
    pub verdict: Verdict,
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// The account that was checked; absent for a check of the gateway itself.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// What was checked: `token`, `Rating`, `clock` …
    pub name: String,
    /// The result.
    pub verdict: Verdict,
    /// What was found and its cause, for people.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// The result of a check, ordered from good to bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It works as it should.
    Ok,
    /// It was not checked; the message says why.
    Skipped,
    /// It works, but something should be done.
    Warning,
    /// It does not work.
    Failure,
}
