//! The steps of presenting a grant that works once: intent, call, outcome; each is durable before the
//! next begins. The call is a flight, and the outcome is written by a
//! [`PresentationWriter`](crate::presentation_writer::PresentationWriter).

use crate::{
    LedgerError, ResponseRecorder,
    context::BrokerContext,
    flight::{self, FlightPlan},
    slot::{PresentedIntent, Slot, SlotState},
    unavailable::NOT_RECORDED,
};
use gateway_model::{AccountId, Failure, IntentId};
use gateway_store::{GrantRecord, Intent, Presentation};
use std::sync::Arc;

/// What came of announcing a presentation.
pub(crate) struct Announcement {
    /// The durable intent, or why the grant must not be presented.
    pub(crate) intent: Result<PresentedIntent, Failure>,
    /// The grant as another writer left it, if that is why.
    pub(crate) newer: Option<GrantRecord>,
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
    match recorded {
        Ok(()) => Announcement {
            intent: Ok(PresentedIntent {
                flight: plan.id,
                id: intent.id,
                version,
            }),
            newer: None,
        },
        Err(error) => Announcement {
            newer: match error {
                // Another writer moved the grant on: what it left counts.
                // If it cannot be read now, the failure stands, and the next attempt reads it again.
                LedgerError::Fenced => ledger.load(account).await.ok().flatten(),
                LedgerError::Failed(_) => None,
            },
            intent: Err(not_recorded(account, &error)),
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

/// Keeps every raw answer of the call before the plugin reads it, so that a crash in between does
/// not lose a rotated refresh token.
pub(crate) fn recorder(
    context: &Arc<BrokerContext>,
    account: &AccountId,
    intent: &IntentId,
) -> ResponseRecorder {
    let (context, account, intent) = (Arc::clone(context), account.clone(), intent.clone());
    Arc::new(move |answer| {
        let (context, account, intent) = (Arc::clone(&context), account.clone(), intent.clone());
        Box::pin(async move {
            let recorded = context.ledger.record_answer(&account, &intent, &answer);
            if let Err(error) = recorded.await {
                // Go on: the answer is good, and refusing it would lose what the store did not take.
                tracing::error!(%account, %error, "the carrier's answer is in memory only");
            }
        })
    })
}

fn not_recorded(account: &AccountId, error: &LedgerError) -> Failure {
    tracing::error!(
        %account, %error,
        "a refresh token is not presented, because its use could not be recorded"
    );
    let message = format!("the use of the refresh token could not be recorded: {error}");
    flight::not_sent(NOT_RECORDED, &message)
}
