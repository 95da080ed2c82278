//! Makes the outcome of a presentation durable.

use crate::{
    LedgerError,
    context::BrokerContext,
    flight::{self, FlightOutcome},
    grant_record, journal,
    slot::{PresentedIntent, Slot},
};
use gateway_model::GrantVersion;
use gateway_store::{Completion, RenewalEntry, Resolution};
use gateway_token::RequestCause;
use std::time::Duration;

/// Pauses before the attempts to make an outcome durable before its token is used all the same: the
/// token that came is good, and its raw answer is on record.
const QUICK_PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
];
/// Pause before each of the attempts that follow.
const PATIENT_PAUSE: Duration = Duration::from_secs(1);

/// One presentation's outcome on its way into the ledger.
pub(crate) struct PresentationWriter<'a> {
    context: &'a BrokerContext,
    slot: &'a Slot,
    presented: PresentedIntent,
    end: PresentationEnd,
    entry: RenewalEntry,
}

/// What became of a presentation.
enum PresentationEnd {
    Completed(Box<Completion>),
    Resolved(Resolution),
}

/// What one attempt to write came to.
enum WriteAttempt {
    /// It is durable; a completion has made a new version of the grant.
    Durable(Option<GrantVersion>),
    /// A newer login owns the grant: this outcome must never be written.
    Fenced,
    /// The store did not take it.
    Failed,
}

impl<'a> PresentationWriter<'a> {
    /// For what a flight returned.
    pub(crate) fn of_outcome(
        context: &'a BrokerContext,
        slot: &'a Slot,
        presented: PresentedIntent,
        outcome: &FlightOutcome,
    ) -> Self {
        let end = match &outcome.result {
            Ok(issued) => {
                // A carrier that keeps the grant does not repeat its end.
                let kept_until = slot.lock().grant_ends;
                let (spec, began_at) = (&outcome.spec, outcome.began_at);
                let completion = grant_record::completion(spec, issued, began_at, kept_until);
                PresentationEnd::Completed(Box::new(completion))
            }
            Err(failure) => PresentationEnd::Resolved(grant_record::resolution(failure)),
        };
        let (now, cause) = (context.clock.wall(), outcome.plan.cause);
        let entry = journal::entry(
            slot.cell.account(),
            now,
            cause,
            outcome.result.as_ref().err(),
        );
        Self {
            context,
            slot,
            presented,
            end,
            entry,
        }
    }

    /// For an intent whose request was never sent, because the account changed meanwhile.
    pub(crate) fn of_unsent(
        context: &'a BrokerContext,
        slot: &'a Slot,
        presented: PresentedIntent,
        cause: RequestCause,
    ) -> Self {
        let why = "the account changed before the request was sent";
        let failure = flight::not_sent("not_sent", why);
        let now = context.clock.wall();
        Self {
            context,
            slot,
            presented,
            end: PresentationEnd::Resolved(Resolution::Unharmed),
            entry: journal::entry(slot.cell.account(), now, cause, Some(&failure)),
        }
    }

    /// A few attempts in quick succession. `false`: it is not durable yet.
    pub(crate) async fn write_quickly(&self) -> bool {
        for pause in QUICK_PAUSES {
            tokio::time::sleep(pause).await;
            if self.write().await {
                return true;
            }
        }
        // The grant's end is known all the same.
        // No new version: the ledger has not made one yet.
        self.remember(None);
        false
    }

    /// Repeats until it is durable or fenced, or the broker is cut off.
    pub(crate) async fn write_until_durable(&self) {
        while !self.write().await {
            tokio::select! {
                () = tokio::time::sleep(PATIENT_PAUSE) => {}
                // The intent and the raw answer are on record: the next start goes on from there.
                () = self.context.cut_off.cancelled() => return,
            }
        }
    }

    /// One attempt. `false`: it is to be repeated.
    async fn write(&self) -> bool {
        match self.attempt().await {
            WriteAttempt::Durable(version) => self.remember(version),
            WriteAttempt::Fenced => self.remember(None),
            WriteAttempt::Failed => return false,
        }
        true
    }

    async fn attempt(&self) -> WriteAttempt {
        let (account, ledger) = (self.slot.cell.account(), &self.context.ledger);
        let (version, intent) = (self.presented.version, &self.presented.id);
        let written = match &self.end {
            PresentationEnd::Completed(completion) => {
                let completed =
                    ledger.complete(account, version, Some(intent), completion, &self.entry);
                completed.await.map(Some)
            }
            PresentationEnd::Resolved(resolution) => {
                let resolved = ledger.resolve(account, version, intent, *resolution, &self.entry);
                resolved.await.map(|_status| None)
            }
        };
        match written {
            Ok(version) => WriteAttempt::Durable(version),
            Err(error @ LedgerError::Fenced) => {
                tracing::warn!(%account, %error, "an outdated token answer was dropped");
                WriteAttempt::Fenced
            }
            Err(error @ LedgerError::Failed(_)) => {
                tracing::error!(%account, %error, "the outcome of a token request is not durable yet");
                WriteAttempt::Failed
            }
        }
    }

    /// Takes over what the next intent has to name.
    fn remember(&self, version: Option<GrantVersion>) {
        let mut state = self.slot.lock();
        // A login may have replaced the grant while this was written: then nothing of it counts.
        if state.version != self.presented.version {
            return;
        }
        if let PresentationEnd::Completed(completion) = &self.end {
            state.grant_ends = completion.expires_at;
        }
        if let Some(version) = version {
            state.version = version;
        }
    }
}
