//! What is kept of a token request whose grant may be presented any number of times, and the journal
//! entry of every request.

use crate::{LedgerError, context::BrokerContext, flight::FlightOutcome, grant_record, slot::Slot};
use gateway_model::{AccountId, Failure, FailureClass};
use gateway_store::{Completion, RenewalEntry};
use gateway_token::RequestCause;
use std::time::SystemTime;

/// A line for the journal of renewals.
pub(crate) fn entry(
    account: &AccountId,
    at: SystemTime,
    cause: RequestCause,
    failure: Option<&Failure>,
) -> RenewalEntry {
    RenewalEntry {
        account: account.clone(),
        at: at.into(),
        reason: cause.as_str().to_owned(),
        outcome: failure
            .map_or("issued", |failure| failure.class.as_str())
            .to_owned(),
        code: failure.map(|failure| failure.code.clone()),
        message: failure.map(|failure| failure.message.clone()),
    }
}

/// The failure of a journal's entry; `None` if a token was issued.
pub fn failure_of(entry: &RenewalEntry) -> Option<Failure> {
    let class = [
        FailureClass::Transient,
        FailureClass::Rejected,
        FailureClass::Config,
        FailureClass::Protocol,
        FailureClass::Interaction,
        FailureClass::Bug,
    ]
    .into_iter()
    .find(|class| class.as_str() == entry.outcome)?;
    let code = entry.code.clone().unwrap_or_default();
    let message = entry.message.clone().unwrap_or_default();
    Some(Failure::new(class, code, message))
}

/// What is to be kept of a flight with a repeatable grant.
pub(crate) struct RepeatableRecord {
    completion: Option<Completion>,
    entry: RenewalEntry,
}

impl RepeatableRecord {
    pub(crate) fn of(outcome: &FlightOutcome, at: SystemTime) -> Self {
        let (spec, cause) = (&outcome.spec, outcome.plan.cause);
        let issued = outcome.result.as_ref();
        let completion = issued
            .ok()
            .map(|issued| grant_record::completion(spec, issued, outcome.began_at, None));
        Self {
            completion,
            entry: entry(&spec.account, at, cause, issued.err()),
        }
    }

    /// Keeps it; a failure costs one token request after the next start, so it is only logged.
    pub(crate) async fn keep(
        &self,
        context: &BrokerContext,
        slot: &Slot,
    ) -> Result<(), LedgerError> {
        // In the order of the answers, and a few at a time: the records of a storm of renewals must
        // not delay an intent, which has a deadline, while a record may wait without one.
        let turn = async {
            (
                slot.write_order.lock().await,
                context.records.acquire().await,
            )
        };
        let _turn = tokio::select! {
            turn = turn => turn,
            // What is not written by then costs one token request after the next start.
            () = context.cut_off.cancelled() => return Ok(()),
        };
        let (account, ledger) = (&self.entry.account, &context.ledger);
        let kept = match &self.completion {
            Some(completion) => {
                // Read only now: an earlier record of this account may have made a new version.
                let version = slot.lock().version;
                let completed = ledger.complete(account, version, None, completion, &self.entry);
                completed.await.map(|version| slot.lock().version = version)
            }
            None => ledger.note(&self.entry).await,
        };
        if let Err(error) = &kept {
            tracing::warn!(%account, %error, "a token request is not on record");
        }
        kept
    }
}
