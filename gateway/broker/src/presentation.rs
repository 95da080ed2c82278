//! Presenting a grant that works once: intent, call, outcome; each durable before the next.

use crate::{
    AccountSpec, Recorder, adoption,
    broker::Shared,
    driver, flight,
    ledger::LedgerError,
    slot::{Slot, Work},
    snapshot::NOT_RECORDED,
};
use gateway_model::{AccountId, Failure};
use gateway_plugin_host::Issued;
use gateway_store::{Completion, Intent, Presentation, RenewalEntry, Resolution};
use gateway_token::{Event, FlightId, GrantFate, Reason as Cause};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Quick attempts to make an outcome durable before its token is used all the same: the token that
/// came is good, and its raw answer is on record.
const QUICK: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
];
/// Pause before each of the attempts that follow.
const PATIENT: Duration = Duration::from_secs(5);

/// The intent under way.
#[derive(Clone, Debug)]
pub(crate) struct Presenting {
    flight: FlightId,
    intent: String,
    /// The grant's version that the intent names.
    version: i64,
}

/// What became of a presentation.
enum End {
    Completed(Box<Completion>),
    Resolved(Resolution),
}

/// Makes the intent durable, then lets the lifecycle go on.
pub(crate) fn announce(shared: &Arc<Shared>, slot: &Arc<Slot>, flight: FlightId, cause: Cause) {
    let (task_shared, slot) = (Arc::clone(shared), Arc::clone(slot));
    let task = async move {
        let shared = &task_shared;
        // An outcome that is not durable yet goes first.
        let _turn = slot.order.lock().await;
        let (which, version) = announced(&slot.lock());
        let account = slot.cell.account();
        let intent = Intent {
            id: shared.intent_id(),
            at: shared.clock.wall().into(),
            reason: cause.as_str().to_owned(),
            answer: None,
        };
        let recorded = shared
            .ledger
            .record_intent(account, version, which, &intent)
            .await;
        let newer = match &recorded {
            Err(LedgerError::Fenced) => shared.ledger.load(account).await.ok().flatten(),
            Ok(()) | Err(LedgerError::Failed(_)) => None,
        };
        let idle = {
            let mut work = slot.lock();
            let event = match recorded {
                Ok(()) => {
                    work.presenting = Some(Presenting {
                        flight,
                        intent: intent.id,
                        version,
                    });
                    Event::IntentRecorded { flight }
                }
                Err(error) => flight::failed(flight, not_recorded(account, &error)),
            };
            driver::event(shared, &slot, &mut work, event);
            // Still there: nobody waits for it any more, and nothing was sent.
            work.presenting.take_if(|it| it.flight == flight)
        };
        if let Some(newer) = newer {
            // Somebody else moved the grant on: what they left counts.
            driver::adopt(shared, &slot, &newer);
        }
        if let Some(presenting) = idle {
            let end = End::Resolved(Resolution::Unharmed);
            let unneeded = "the account changed before the request was sent";
            let unneeded = flight::not_sent("not_sent", unneeded);
            let entry = entry(account, shared.clock.wall(), cause, Some(&unneeded));
            settle(shared, account, &presenting, &end, &entry).await;
        }
    };
    shared.calls.spawn_on(task, &shared.runtime);
}

/// Which presentation an intent announces, of which version of the grant.
fn announced(work: &Work) -> (Presentation, i64) {
    let which = if work.lifecycle.grant().outcome_unknown() {
        Presentation::LastChance
    } else {
        Presentation::Ordinary
    };
    (which, work.version)
}

impl Presenting {
    /// Whether this is the flight's intent.
    pub(crate) fn is_of(&self, flight: FlightId) -> bool {
        self.flight == flight
    }

    /// Keeps every raw answer before the plugin reads it (pains P7, P8).
    pub(crate) fn recorder(&self, shared: &Arc<Shared>, account: &AccountId) -> Recorder {
        let (shared, account) = (Arc::clone(shared), account.clone());
        let intent: Arc<str> = self.intent.as_str().into();
        Arc::new(move |answer| {
            let (shared, account) = (Arc::clone(&shared), account.clone());
            let intent = Arc::clone(&intent);
            Box::pin(async move {
                let recorded = shared.ledger.record_answer(&account, &intent, &answer);
                if let Err(error) = recorded.await {
                    tracing::error!(%account, %error, "the carrier's answer is in memory only");
                }
            })
        })
    }
}

/// Makes the outcome of a presentation durable, then hands it to the lifecycle. `spec` is the account
/// as it was when the request began: another client secret since then makes the token worthless, and
/// must not be kept as what brought it.
pub(crate) async fn land(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    spec: &AccountSpec,
    presenting: Presenting,
    (cause, begun): (Cause, SystemTime),
    result: Result<Issued, Failure>,
) {
    let _turn = slot.order.lock().await;
    let account = slot.cell.account();
    let end = match &result {
        Ok(issued) => {
            let kept_until = slot.lock().grant_ends;
            let completion = adoption::completion(spec, issued, begun, kept_until);
            End::Completed(Box::new(completion))
        }
        Err(failure) => End::Resolved(resolution(failure)),
    };
    let entry = entry(account, shared.clock.wall(), cause, result.as_ref().err());
    let mut saved = None;
    for pause in QUICK {
        tokio::time::sleep(pause).await;
        saved = write(shared, account, &presenting, &end, &entry).await;
        if saved.is_some() {
            break;
        }
    }
    remember(slot, &presenting, &end, saved.flatten());
    flight::came_back(shared, slot, presenting.flight, cause, result);
    if saved.is_none() {
        let saved = settle(shared, account, &presenting, &end, &entry).await;
        remember(slot, &presenting, &end, saved);
    }
}

/// Tries until it is durable, fenced out, or the broker is cut off.
async fn settle(
    shared: &Arc<Shared>,
    account: &AccountId,
    presenting: &Presenting,
    end: &End,
    entry: &RenewalEntry,
) -> Option<i64> {
    loop {
        if let Some(saved) = write(shared, account, presenting, end, entry).await {
            return saved;
        }
        tokio::select! {
            () = tokio::time::sleep(PATIENT) => {}
            () = shared.cut_off.cancelled() => return None,
        }
    }
}

/// One attempt: `None` if it is to be repeated, else the grant's new version, if it has one.
async fn write(
    shared: &Arc<Shared>,
    account: &AccountId,
    presenting: &Presenting,
    end: &End,
    entry: &RenewalEntry,
) -> Option<Option<i64>> {
    let (version, intent) = (presenting.version, presenting.intent.as_str());
    let ledger = &shared.ledger;
    let written = match end {
        End::Completed(completion) => {
            let completed = ledger.complete(account, version, Some(intent), completion, entry);
            completed.await.map(Some)
        }
        End::Resolved(resolution) => {
            let resolved = ledger.resolve(account, version, intent, *resolution, entry);
            resolved.await.map(|_status| None)
        }
    };
    match written {
        Ok(version) => Some(version),
        Err(error @ LedgerError::Fenced) => {
            tracing::warn!(%account, %error, "an outdated token answer was dropped");
            Some(None)
        }
        Err(error @ LedgerError::Failed(_)) => {
            tracing::error!(%account, %error, "the outcome of a token request is not durable yet");
            None
        }
    }
}

/// The next intent names the version that the last outcome made.
fn remember(slot: &Slot, presenting: &Presenting, end: &End, version: Option<i64>) {
    let mut work = slot.lock();
    if let Some(version) = version.filter(|_| work.version == presenting.version) {
        work.version = version;
    }
    if let End::Completed(completion) = end {
        work.grant_ends = completion.expires_at;
    }
}

/// What a failed presentation made of the grant, as the ledger calls it.
pub(crate) const fn resolution(failure: &Failure) -> Resolution {
    match GrantFate::of(failure) {
        GrantFate::Unharmed => Resolution::Unharmed,
        GrantFate::Unknown => Resolution::Unknown,
        GrantFate::Refused => Resolution::Refused,
    }
}

/// A line for the journal of renewals.
pub(crate) fn entry(
    account: &AccountId,
    at: SystemTime,
    cause: Cause,
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

fn not_recorded(account: &AccountId, error: &LedgerError) -> Failure {
    tracing::error!(
        %account, %error,
        "a refresh token is not presented, because its use could not be recorded"
    );
    let message = format!("the use of the refresh token could not be recorded: {error}");
    flight::not_sent(NOT_RECORDED, &message)
}
