//! The account's token: the present one, or one that is requested now.

use super::{
    finding::Findings,
    login::until,
    time_budget::{NO_TIME, TimeBudget},
};
use crate::{ControlError, ControlPlane, api_time::in_words, wiring::Wired};
use gateway_broker::{AccountStatus, RequestOutcome};
use gateway_model::Credential;
use gateway_plugin_host::Advice;
use gateway_store::AccountRecord;

const NAME: &str = "token";

/// A token for the product calls.
pub(super) struct HeldToken {
    pub(super) credential: Credential,
    /// It was requested just now, so the doctor does not request another one.
    pub(super) fresh: bool,
}

impl ControlPlane {
    /// Takes the account's token, and requests one if there is none.
    pub(super) async fn token_check(
        &self,
        account: &AccountRecord,
        wired: &Wired,
        findings: &mut Findings,
        budget: &TimeBudget<'_>,
    ) -> Option<HeldToken> {
        let broker = self.context.broker.handle();
        let before = broker.status(&account.name);
        // Decided before the token is taken: afterwards there is always a usable one.
        let fresh = !before.is_some_and(|status| status.usable);
        let taken = budget
            .within(self.current_credential(&account.name, wired))
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
                Some(HeldToken { credential, fresh })
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
                    "a token {origin}, valid {end}; but the latest attempt to renew it failed: \
                     {why}{cause}"
                );
                findings.warning(NAME, message, remedy);
            }
            None => {
                let next = status.and_then(|status| status.next_attempt_at);
                let next =
                    next.map_or_else(String::new, |at| format!("; renewed {}", in_words(at)));
                findings.ok(NAME, format!("a token {origin}, valid {end}{next}"));
            }
        }
    }

    /// Why there is no token, with the cause and remedy from the plugin's manifest if it has them.
    pub(super) fn no_token(
        &self,
        account: &AccountRecord,
        error: &ControlError,
        findings: &mut Findings,
    ) {
        let status = self.context.broker.handle().status(&account.name);
        let failure = status.as_ref().and_then(last_failure);
        let (cause, advised) =
            failure.map_or_else(Default::default, |(code, _)| self.explained(account, code));
        let remedy = match error.code {
            "needs_consent" => Some(format!("`waybill account authorize {}`", account.name)),
            _ => advised.or_else(|| error.remedy.clone()),
        };
        findings.failure(NAME, format!("{}{cause}", error.message), remedy);
    }

    /// The meaning of a carrier's code, as the end of a message, and the remedy.
    fn explained(&self, account: &AccountRecord, code: &str) -> (String, Option<String>) {
        let diagnosis = self.context.wiring().diagnosis(&account.carrier);
        let advice = diagnosis.as_deref().and_then(|it| it.advice(code));
        advice.map_or_else(Default::default, |Advice { cause, remedy }| {
            (format!(". {cause}"), Some(remedy.clone()))
        })
    }
}

/// The code and message of the latest token request, if it failed.
fn last_failure(status: &AccountStatus) -> Option<(&str, &str)> {
    match &status.last_result.as_ref()?.outcome {
        RequestOutcome::Failed { code, message, .. } => Some((code, message)),
        RequestOutcome::Issued => None,
    }
}
