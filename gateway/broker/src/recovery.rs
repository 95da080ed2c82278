//! What a crash left open: a recorded answer is read, a presentation without one is in doubt.

use crate::{AccountSpec, Authorization, Ledger, LedgerError, Wire, adoption, presentation};
use gateway_model::{Clock, Failure, FailureClass, GrantStatus, SecretBytes};
use gateway_plugin_host::{Issued, Reason};
use gateway_store::{GrantRecord, Intent, Resolution};
use gateway_token::Reason as Cause;

/// Resolves an intent that was open when the process ended, without asking the carrier (security
/// requirements O2, R2, F1): if the raw answer is on record, it is read as if it arrived now; if
/// not, nobody knows whether the carrier saw the request. A record without an open intent comes
/// back as it is.
///
/// # Errors
/// When the store did not take the outcome; the record must not be used then.
pub async fn recover(
    spec: &AccountSpec,
    mut record: GrantRecord,
    ledger: &dyn Ledger,
    clock: &dyn Clock,
) -> Result<GrantRecord, LedgerError> {
    let Some(intent) = record.intent.take() else {
        return Ok(record);
    };
    let read = match &intent.answer {
        Some(answer) => read(spec, &record, answer).await,
        None => Err(Failure::new(
            FailureClass::Transient,
            "outcome_unknown",
            "the gateway ended while the refresh token was presented, and no answer is on record",
        )),
    };
    match read {
        Ok(issued) => completed(spec, record, &intent, &issued, ledger, clock).await,
        Err(failure) => resolved(spec, record, &intent, &failure, ledger, clock).await,
    }
}

/// Reads a recorded answer.
async fn read(
    spec: &AccountSpec,
    record: &GrantRecord,
    answer: &SecretBytes,
) -> Result<Issued, Failure> {
    let authorization = Authorization {
        reason: Reason::Refresh,
        slot: spec.slot.clone(),
        state: record.state.clone(),
        params: Vec::new(),
    };
    let wire = Wire::Replayed(answer.clone());
    spec.authorizer.authorize(authorization, wire).await
}

async fn completed(
    spec: &AccountSpec,
    record: GrantRecord,
    intent: &Intent,
    issued: &Issued,
    ledger: &dyn Ledger,
    clock: &dyn Clock,
) -> Result<GrantRecord, LedgerError> {
    // The answer came after the intent: lifetimes that count from the intent end a little early.
    let begun = intent.at.to_system_time();
    let completion = adoption::completion(spec, issued, begun, record.expires_at);
    let entry = presentation::entry(&spec.account, clock.wall(), Cause::Retry, None);
    let version = ledger
        .complete(
            &spec.account,
            record.version,
            Some(&intent.id),
            &completion,
            &entry,
        )
        .await?;
    tracing::info!(account = %spec.account, "an answer that arrived before the restart was read");
    Ok(GrantRecord {
        version,
        status: completion.status,
        state: completion.state,
        token: Some(completion.token),
        facts: completion.facts,
        expires_at: completion.expires_at,
        ..record
    })
}

async fn resolved(
    spec: &AccountSpec,
    mut record: GrantRecord,
    intent: &Intent,
    failure: &Failure,
    ledger: &dyn Ledger,
    clock: &dyn Clock,
) -> Result<GrantRecord, LedgerError> {
    let resolution = presentation::resolution(failure);
    let entry = presentation::entry(&spec.account, clock.wall(), Cause::Retry, Some(failure));
    let (account, version) = (&spec.account, record.version);
    let resolved = ledger.resolve(account, version, &intent.id, resolution, &entry);
    let kept = resolved.await?;
    record.status = match resolution {
        // Dead, even if an earlier reading of the same answer left it in doubt.
        Resolution::Refused => GrantStatus::Spent,
        Resolution::Unharmed | Resolution::Unknown => kept,
    };
    tracing::warn!(account = %spec.account, "{failure}; the grant is now {:?}", record.status);
    Ok(record)
}
