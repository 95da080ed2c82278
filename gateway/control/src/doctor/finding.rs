//! Collects the results of checks.

use crate::ControlError;
use gateway_api::{Check, Verdict};
use gateway_model::AccountId;

/// The results of the checks of one account, or of the gateway.
#[derive(Default)]
pub(super) struct Findings {
    account: Option<AccountId>,
    checks: Vec<Check>,
}

impl Findings {
    pub(super) fn of(account: &AccountId) -> Self {
        Self {
            account: Some(account.clone()),
            checks: Vec::new(),
        }
    }

    pub(super) fn ok(&mut self, name: &str, message: impl Into<String>) {
        self.push(name, Verdict::Ok, message.into(), None);
    }

    pub(super) fn skipped(&mut self, name: &str, why: impl Into<String>) {
        self.push(name, Verdict::Skipped, why.into(), None);
    }

    pub(super) fn warning(
        &mut self,
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<Option<String>>,
    ) {
        self.push(name, Verdict::Warning, message.into(), remedy.into());
    }

    pub(super) fn failure(
        &mut self,
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<Option<String>>,
    ) {
        self.push(name, Verdict::Failure, message.into(), remedy.into());
    }

    pub(super) fn error(&mut self, name: &str, error: &ControlError) {
        self.failure(name, error.message.clone(), error.remedy.clone());
    }

    fn push(&mut self, name: &str, verdict: Verdict, message: String, remedy: Option<String>) {
        self.checks.push(Check {
            account: self.account.clone(),
            name: name.to_owned(),
            verdict,
            message,
            remedy,
        });
    }

    /// Removes the results so far, because a later check has shown that they are wrong.
    pub(super) fn clear(&mut self) {
        self.checks.clear();
    }

    pub(super) fn into_checks(self) -> Vec<Check> {
        self.checks
    }
}
