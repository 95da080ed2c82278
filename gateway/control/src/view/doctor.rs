//! A diagnosis.

use gateway_model::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorReport {
    /// The worst of all verdicts.
    pub verdict: Verdict,
    /// In the order in which they were made.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Of which account; none: of the gateway.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// What: `token`, `Rating`, `clock` …
    pub name: String,
    /// How it is.
    pub verdict: Verdict,
    /// For people: what was seen, and its cause.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// How something is; ordered from good to bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Not looked at, and why.
    Skipped,
    /// It works, but something should be done.
    Warning,
    /// It does not work.
    Failure,
}
