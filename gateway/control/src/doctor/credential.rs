//! The token: the one there is, or the one that is asked for now.

use super::{
    NO_TIME, Patience,
    finding::{Findings, date},
    login::until,
};
use crate::{ControlError, ControlPlane, wiring::Wired};
use gateway_broker::{AccountStatus, RequestOutcome};
use gateway_model::Credential;
use gateway_plugin_host::Advice;
use gateway_store::AccountRecord;

const NAME: &str = "token";

/// A token to call with.
pub(super) struct Held {
    pub(super) credential: Credential,
    /// It was asked for just now, so another one is not.
    pub(super) fresh: bool,
}

impl ControlPlane {
    /// Takes the account's token, and asks for one if there is none.
    pub(super) async fn token_check(
        &self,
        account: &AccountRecord,
        wired: &Wired,
        findings: &mut Findings,
        patience: &Patience<'_>,
    ) -> Option<Held> {
        let broker = self.shared.broker.handle();
        let before = broker.status(&account.name);
        let fresh = !before.is_some_and(|status| status.usable);
        let taken = patience
            .keeps(self.current_credential(&account.name, wired))
            .await;
        let status = broker.status(&account.name);
        match taken {
            None => {
                findings.skipped(NAME, NO_TIME);
                None
            }
            Some(Err(error)) => {
                self.no_token(account, &error, findings);
                None
            }
            Some(Ok(credential)) => {
                self.token_found(account, status.as_ref(), fresh, findings);
                Some(Held { credential, fresh })
            }
        }
    }

    fn token_found(
        &self,
        account: &AccountRecord,
        status: Option<&AccountStatus>,
        fresh: bool,
        findings: &mut Findings,
    ) {
        let end = until(status.and_then(|status| status.expires_at));
        let origin = if fresh {
            "was issued just now"
        } else {
            "is held"
        };
        match status.and_then(last_failure) {
            Some((code, why)) => {
                let (cause, remedy) = self.explained(account, code);
                let message = format!(
                    "a token {origin}, good {end}; but the newest attempt to renew it failed: \
                     {why}{cause}"
                );
                findings.warning(NAME, message, remedy);
            }
            None => {
                let next = status.and_then(|status| status.next_attempt_at);
                let next = next.map_or_else(String::new, |at| format!("; renewed {}", date(at)));
                findings.ok(NAME, format!("a token {origin}, good {end}{next}"));
            }
        }
    }

    /// Why there is none, in the words of the carrier's manifest where it has some.
    pub(super) fn no_token(
        &self,
        account: &AccountRecord,
        error: &ControlError,
        findings: &mut Findings,
    ) {
        let status = self.shared.broker.handle().status(&account.name);
        let failure = status.as_ref().and_then(last_failure);
        let (cause, advised) =
            failure.map_or_else(Default::default, |(code, _)| self.explained(account, code));
        let remedy = match error.code {
            "needs_consent" => Some(format!("`waybill account authorize {}`", account.name)),
            _ => advised.or_else(|| error.remedy.clone()),
        };
        findings.failure(NAME, format!("{}{cause}", error.message), remedy);
    }

    /// What a code means, as the end of a message, and what to do.
    fn explained(&self, account: &AccountRecord, code: &str) -> (String, Option<String>) {
        let diagnosis = self.shared.wiring.diagnosis(&account.carrier);
        let advice = diagnosis.and_then(|diagnosis| diagnosis.advice(code));
        advice.map_or_else(Default::default, |Advice { cause, remedy }| {
            (format!(". {cause}"), Some(remedy.clone()))
        })
    }
}

/// Code and message of the newest token request, if it failed.
fn last_failure(status: &AccountStatus) -> Option<(&str, &str)> {
    match &status.last_result.as_ref()?.outcome {
        RequestOutcome::Failed { code, message, .. } => Some((code, message)),
        RequestOutcome::Issued => None,
    }
}
