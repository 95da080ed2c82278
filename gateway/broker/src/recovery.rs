//! What a crash left open: a recorded answer is read, and a presentation without one is in doubt.

use crate::{
    AccountSpec, Ledger, LedgerError, Transport, grant_record, journal,
    unavailable::OUTCOME_UNKNOWN,
};
use gateway_model::{Clock, Failure, FailureClass, GrantStatus, SecretBytes};
use gateway_plugin_host::{Authorization, AuthorizationReason, Issued};
use gateway_store::{GrantRecord, Intent, Resolution};
use gateway_token::RequestCause;

/// Resolves an intent that was open when the process ended, without asking the carrier.
///
/// If the raw answer is on record, it is read as if it arrived now. If not, whether the carrier saw
/// the request cannot be known, and the grant is in doubt. A record without an open intent comes back
/// as it is.
///
/// # Errors
/// When the store did not take the outcome; the record must not be used then.
pub async fn recover(
    spec: &AccountSpec,
    mut record: GrantRecord,
    ledger: &dyn Ledger,
    clock: &dyn Clock,
) -> Result<GrantRecord, LedgerError> {
    // Taken out: whatever comes of it, the record returns without an open intent.
    let Some(intent) = record.intent.take() else {
        return Ok(record);
    };
    let recovery = Recovery {
        spec,
        intent,
        ledger,
        clock,
    };
    match recovery.read(&record).await {
        Ok(issued) => recovery.complete(record, &issued).await,
        Err(failure) => recovery.resolve(record, &failure).await,
    }
}

/// One open intent.
struct Recovery<'a> {
    spec: &'a AccountSpec,
    intent: Intent,
    ledger: &'a dyn Ledger,
    clock: &'a dyn Clock,
}

impl Recovery<'_> {
    /// Reads the recorded answer, if there is one.
    async fn read(&self, record: &GrantRecord) -> Result<Issued, Failure> {
        let Some(answer) = &self.intent.answer else {
            let message = "the gateway ended while the refresh token was presented, and no answer \
                           is on record";
            let class = FailureClass::Transient;
            // Not `certainly_not_sent`: the request may have left before the process ended.
            return Err(Failure::new(class, OUTCOME_UNKNOWN, message));
        };
        self.replay(record, answer).await
    }

    async fn replay(&self, record: &GrantRecord, answer: &SecretBytes) -> Result<Issued, Failure> {
        let authorization = Authorization {
            reason: AuthorizationReason::Refresh,
            slot: self.spec.slot.clone(),
            state: record.state.clone(),
            params: Vec::new(),
        };
        // Replayed: presenting the refresh token again is what must not happen here.
        let transport = Transport::Replayed(answer.clone());
        self.spec
            .authorizer
            .authorize(authorization, transport)
            .await
    }

    async fn complete(
        &self,
        record: GrantRecord,
        issued: &Issued,
    ) -> Result<GrantRecord, LedgerError> {
        let account = &self.spec.account;
        // The intent came before the answer, so lifetimes that count from it end a little early.
        let began_at = self.intent.at.to_system_time();
        let completion = grant_record::completion(self.spec, issued, began_at, record.expires_at);
        let entry = journal::entry(account, self.clock.wall(), RequestCause::Retry, None);
        let id = Some(&self.intent.id);
        let completed = self
            .ledger
            .complete(account, record.version, id, &completion, &entry);
        let version = completed.await?;
        tracing::info!(%account, "an answer that arrived before the restart was read");
        Ok(GrantRecord {
            version,
            status: completion.status,
            state: completion.state,
            token: Some(completion.token),
            facts: completion.facts,
            expires_at: completion.expires_at,
            restored: None,
            written_by: None,
            ..record
        })
    }

    async fn resolve(
        &self,
        mut record: GrantRecord,
        failure: &Failure,
    ) -> Result<GrantRecord, LedgerError> {
        let account = &self.spec.account;
        let resolution = grant_record::resolution(failure);
        let now = self.clock.wall();
        let entry = journal::entry(account, now, RequestCause::Retry, Some(failure));
        let (version, id) = (record.version, &self.intent.id);
        let resolved = self
            .ledger
            .resolve(account, version, id, resolution, &entry);
        let kept = resolved.await?;
        record.status = match resolution {
            // Spent, even if an earlier reading of the same answer left the grant in doubt.
            Resolution::Refused => GrantStatus::Spent,
            Resolution::Unharmed | Resolution::Unknown => kept,
        };
        tracing::warn!(%account, "{failure}; the grant is now {:?}", record.status);
        Ok(record)
    }
}
