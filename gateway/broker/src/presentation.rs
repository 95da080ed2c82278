//! The steps of presenting a grant that works once: intent, call, outcome; each is durable before the
//! next begins. The call is a flight, and the outcome is written by a
//! [`PresentationWriter`](crate::presentation_writer::PresentationWriter).

use crate::{
    LedgerError, ResponseRecorder, SendPermission, Transport,
    context::BrokerContext,
    flight::{self, FlightPlan},
    slot::{PresentedIntent, Slot, SlotState},
    unavailable::NOT_RECORDED,
};
use gateway_model::{AccountId, Failure, IntentId, SecretBytes};
use gateway_store::{GrantRecord, Intent, Presentation};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Pause between two attempts to keep an answer that the ledger did not take.
const ANSWER_PAUSE: Duration = Duration::from_millis(250);

/// What came of announcing a presentation.
pub(crate) struct Announcement {
    /// The durable intent, or why the grant must not be presented.
    pub(crate) intent: Result<PresentedIntent, Failure>,
    /// The grant as another writer left it, if that is why.
    pub(crate) newer: Option<GrantRecord>,
    /// The intent, if the ledger may have taken it although it did not say so.
    pub(crate) unsure: Option<PresentedIntent>,
}

/// The transport of a presentation, and the answer that the ledger did not take.
pub(crate) struct Recording {
    pub(crate) transport: Transport,
    unkept: Arc<Mutex<Option<SecretBytes>>>,
}

/// Makes the intent durable. The caller holds the slot's write order, so that an earlier outcome that
/// is not durable yet goes first.
pub(crate) async fn announce(
    context: &BrokerContext,
    slot: &Slot,
    plan: FlightPlan,
) -> Announcement {
    let account = slot.cell.account();
    let (which, version) = {
        // Both under one lock: a login in between would pair the new version with the old status.
        let state = slot.lock();
        (which(&state), state.version)
    };
    // A new identifier for each attempt: an older one would let a late writer of that attempt in.
    let intent = Intent {
        id: context.draw_intent_id(),
        at: context.clock.wall().into(),
        reason: plan.cause.as_str().to_owned(),
        answer: None,
    };
    let ledger = &context.ledger;
    let recorded = ledger.record_intent(account, version, which, &intent).await;
    let presented = PresentedIntent {
        flight: plan.id,
        id: intent.id,
        at: intent.at,
        version,
    };
    let Err(error) = recorded else {
        return Announcement {
            intent: Ok(presented),
            newer: None,
            unsure: None,
        };
    };
    let intent = Err(not_recorded(account, &error));
    match error {
        LedgerError::Fenced => Announcement {
            intent,
            // Another writer moved the grant on: what it left counts.
            // If it cannot be read now, the failure stands, and the next attempt reads it again.
            newer: ledger.load(account).await.ok().flatten(),
            unsure: None,
        },
        LedgerError::Failed(_) => Announcement {
            intent,
            newer: None,
            unsure: Some(presented),
        },
    }
}

/// Which presentation the grant's status allows.
fn which(state: &SlotState) -> Presentation {
    if state.lifecycle().grant().outcome_unknown() {
        Presentation::LastChance
    } else {
        Presentation::Ordinary
    }
}

impl Recording {
    /// Repeats what the recorder could not do, until the ledger has the answer or its intent is closed: another
    /// gateway may own the account now, and this answer may hold the only refresh token. If a failover lost the
    /// intent, and left the grant in doubt for that, the answer ends the doubt.
    pub(crate) async fn keep_answer(
        &self,
        context: &BrokerContext,
        account: &AccountId,
        presented: &PresentedIntent,
    ) {
        let unkept = self
            .unkept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(answer) = unkept else { return };
        let ledger = &context.ledger;
        let late = Intent {
            id: presented.id.clone(),
            at: presented.at,
            reason: "failover".to_owned(),
            answer: Some(answer.clone()),
        };
        loop {
            let kept = match ledger.record_answer(account, &presented.id, &answer).await {
                Err(LedgerError::Fenced) => {
                    ledger.end_doubt(account, presented.version, &late).await
                }
                kept => kept,
            };
            let Err(error @ LedgerError::Failed(_)) = kept else {
                return;
            };
            tracing::error!(%account, %error, "the carrier's answer is in memory only");
            tokio::select! {
                () = tokio::time::sleep(ANSWER_PAUSE) => {}
                () = context.cut_off.cancelled() => return,
            }
        }
    }
}

/// Lets each request of the call leave only while the gateway may present the grant, and keeps every raw
/// answer before the plugin reads it, so that a crash in between does not lose a rotated refresh token.
pub(crate) fn recording(
    context: &Arc<BrokerContext>,
    account: &AccountId,
    intent: &IntentId,
) -> Recording {
    let ledger = Arc::clone(&context.ledger);
    let may_send: SendPermission = Arc::new(move || ledger.may_present());
    let (context, account, intent) = (Arc::clone(context), account.clone(), intent.clone());
    let unkept = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&unkept);
    let recorder: ResponseRecorder = Arc::new(move |answer| {
        let (context, account, intent) = (Arc::clone(&context), account.clone(), intent.clone());
        let unkept = Arc::clone(&kept);
        Box::pin(async move {
            let recorded = context.ledger.record_answer(&account, &intent, &answer);
            let left = match recorded.await {
                Ok(()) => None,
                Err(error) => {
                    // Go on: the answer is good, and refusing it would lose what the store did not take.
                    tracing::error!(%account, %error, "the carrier's answer is in memory only");
                    Some(answer)
                }
            };
            *unkept.lock().unwrap_or_else(PoisonError::into_inner) = left;
        })
    });
    Recording {
        transport: Transport::Recorded { may_send, recorder },
        unkept,
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
