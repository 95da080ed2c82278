//! What of a flight takes time: another gateway's turn, the durable intent, the token call. Each task reports
//! to the lifecycle through the driver.

use crate::{
    LedgerError, Transport, admission,
    context::BrokerContext,
    driver::{adopt, adopt_locked, feed, launch},
    flight::{FlightInputs, FlightOutcome, FlightPlan},
    journal::{self, RepeatableRecord},
    landing::{self, failed},
    ownership::{self, Renewer, Turn},
    presentation,
    presentation_writer::PresentationWriter,
    publication,
    slot::{Owner, PresentedIntent, Slot},
};
use gateway_model::{Failure, GrantVersion, IntentId};
use gateway_store::GrantRecord;
use gateway_token::{Event, RequestCause};
use std::{sync::Arc, time::Duration};

/// Pauses between the attempts to keep a token that other gateways need. They grow, because all accounts wait
/// for a database that is away.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Finds out whose turn it is, and goes on when it is this gateway's.
pub(crate) async fn take_turn(context: Arc<BrokerContext>, slot: Arc<Slot>, plan: FlightPlan) {
    match ownership::turn(&context, &slot, plan).await {
        Turn::Ours => {
            let spec = slot.lock().spec.clone();
            match admission::admit_in_fleet(&context, &spec, plan.cause).await {
                Ok(()) => launch(&context, &slot, &mut slot.lock(), plan),
                Err(failure) => fail(&context, &slot, plan, failure).await,
            }
        }
        Turn::Newer(record, renewer) => adopt(&context, &slot, &record, renewer),
        Turn::Kept(record, renewer, failure) => {
            let mut state = slot.lock();
            landing::note_refusal(&context, &mut state, plan, &failure);
            // Before the adoption, which counts as a new token: who was refused with this one needs another.
            publication::release_waiters(&slot, &mut state, context.clock.now());
            adopt_locked(&context, &slot, &mut state, &record, renewer);
        }
        Turn::Failed(failure) => fail(&context, &slot, plan, failure).await,
        Turn::Over => {}
    }
}

/// Ends a flight of which nothing was sent.
async fn fail(context: &Arc<BrokerContext>, slot: &Arc<Slot>, plan: FlightPlan, failure: Failure) {
    let (account, now) = (slot.cell.account(), context.clock.wall());
    let entry = journal::entry(account, now, plan.cause, Some(&failure));
    let awaited = {
        let mut state = slot.lock();
        landing::note_refusal(context, &mut state, plan, &failure);
        feed(context, slot, &mut state, failed(plan.id, failure));
        state.awaited_elsewhere
    };
    // Others read the failure in the journal.
    if awaited && let Err(error) = context.ledger.note(&entry).await {
        tracing::debug!(%account, %error, "a refusal is not on record");
    }
    answer_elsewhere(context, slot).await;
}

/// Tells the gateways that wait for the flight if it has failed. A token that came was told with its record.
async fn answer_elsewhere(context: &BrokerContext, slot: &Slot) {
    let failed = {
        let mut state = slot.lock();
        if state.in_flight() || !std::mem::take(&mut state.awaited_elsewhere) {
            return;
        }
        state.lifecycle().state().failure().is_some()
    };
    if failed {
        tell_failure(context, slot).await;
    }
}

async fn tell_failure(context: &BrokerContext, slot: &Slot) {
    let account = slot.cell.account();
    if let Err(error) = context.ledger.tell_failure(account).await {
        // They ask again.
        tracing::debug!(%account, %error, "other gateways were not told of a failure");
    }
}

/// Why nothing was started for another gateway.
pub(crate) struct Refusal {
    /// The version of the grant that the other gateway has.
    pub(crate) asked_with: GrantVersion,
    pub(crate) cause: RequestCause,
    pub(crate) failure: Failure,
}

/// Tells another gateway, which asked for a token, why nothing was started.
pub(crate) async fn refuse_elsewhere(
    context: Arc<BrokerContext>,
    slot: Arc<Slot>,
    refusal: Refusal,
) {
    // A token that was issued a moment ago is published before it is in the ledger. What writes it there tells the
    // other gateway.
    drop(slot.write_order.lock().await);
    if slot.lock().version > refusal.asked_with {
        return;
    }
    let (account, now) = (slot.cell.account(), context.clock.wall());
    let entry = journal::entry(account, now, refusal.cause, Some(&refusal.failure));
    if let Err(error) = context.ledger.note(&entry).await {
        tracing::debug!(%account, %error, "a refusal is not on record");
    }
    tell_failure(&context, &slot).await;
}

/// Takes a late answer of an earlier owner in.
pub(crate) async fn complete_late(context: Arc<BrokerContext>, slot: Arc<Slot>) {
    take_late_answer(&context, &slot, None).await;
}

async fn take_late_answer(context: &Arc<BrokerContext>, slot: &Arc<Slot>, own: Option<&IntentId>) {
    if let Some(Turn::Newer(record, renewer) | Turn::Kept(record, renewer, _)) =
        ownership::late_answer(context, slot, own).await
    {
        adopt(context, slot, &record, renewer);
    }
}

/// A call with a grant that may be presented any number of times.
pub(crate) async fn call_repeatable(
    context: Arc<BrokerContext>,
    slot: Arc<Slot>,
    inputs: FlightInputs,
) {
    let outcome = inputs.fly(&context, Transport::Direct).await;
    // Before the outcome is handed over, since landing takes it.
    let record = RepeatableRecord::of(&outcome, context.clock.wall());
    // Publish before keeping: a new token is to be had at any time, so callers need not wait for
    // the store.
    land(&context, &slot, outcome);
    keep_for_all(&context, &slot, &record).await;
    answer_elsewhere(&context, &slot).await;
}

/// Keeps what a repeatable grant brought. Other gateways read the token in the ledger, so for them it is repeated
/// until the ledger has it, or a newer one.
async fn keep_for_all(context: &Arc<BrokerContext>, slot: &Arc<Slot>, record: &RepeatableRecord) {
    let generation = slot.lock().lifecycle().generation();
    let mut pause = FIRST_PAUSE;
    loop {
        let shared = context.ledger.is_shared();
        match record.keep(context, slot).await {
            Err(LedgerError::Failed(_)) if shared => {}
            Err(LedgerError::Fenced) if shared => return catch_up(context, slot).await,
            Ok(()) | Err(LedgerError::Failed(_) | LedgerError::Fenced) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = context.stopping.cancelled() => return,
        }
        if slot.lock().lifecycle().generation() != generation {
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Adopts what another gateway wrote, after it has fenced this one out.
async fn catch_up(context: &Arc<BrokerContext>, slot: &Arc<Slot>) {
    slot.lock().owner = Owner::Unknown;
    if let Some(newer) = ownership::newer(context, slot).await {
        adopt(context, slot, &newer, Renewer::Another);
    }
}

/// A call with a grant that works once, after its intent.
pub(crate) async fn call_single_use(
    context: Arc<BrokerContext>,
    slot: Arc<Slot>,
    inputs: FlightInputs,
    presented: PresentedIntent,
) {
    let account = slot.cell.account();
    let announced = presented.clone();
    let recording = presentation::recording(&context, account, &announced.id);
    let outcome = inputs.fly(&context, recording.transport.clone()).await;
    // Before the writer is made: an earlier write of this account must be done first.
    let turn = slot.write_order.lock().await;
    let writer = PresentationWriter::of_outcome(&context, &slot, presented, &outcome);
    // Keep before publishing: the old refresh token is burnt, and this answer has the only new one.
    let durable = writer.write_quickly().await;
    let issued = outcome.result.is_ok();
    land(&context, &slot, outcome);
    if !durable {
        writer.write_until_durable().await;
    }
    recording.keep_answer(&context, account, &announced).await;
    drop(turn);
    // Fenced out: if no gateway lives that hears of the recorded answer, this one has to take it up.
    if issued && context.ledger.is_shared() && slot.lock().version == announced.version {
        take_late_answer(&context, &slot, Some(&announced.id)).await;
    }
    answer_elsewhere(&context, &slot).await;
}

/// Makes an intent durable, then lets the lifecycle go on.
pub(crate) async fn announce(context: Arc<BrokerContext>, slot: Arc<Slot>, plan: FlightPlan) {
    // An earlier outcome that is not durable yet goes first.
    let _turn = slot.write_order.lock().await;
    let announcement = presentation::announce(&context, &slot, plan).await;
    let unsent = {
        let mut state = slot.lock();
        let event = match announcement.intent {
            Ok(presented) => {
                state.presented = Some(presented);
                Event::IntentRecorded { flight: plan.id }
            }
            Err(failure) => failed(plan.id, failure),
        };
        feed(&context, &slot, &mut state, event);
        // Still there: the lifecycle no longer wants this flight, and nothing was sent.
        let unwanted = state.presented.take_if(|it| it.flight == plan.id);
        unwanted.or(announcement.unsure)
    };
    // After the event: the newer grant replaces whatever the failure has made of the old one.
    if let Some(newer) = announcement.newer {
        adopt_after_fence(&context, &slot, &newer);
    }
    if let Some(presented) = unsent {
        take_back(&context, &slot, presented, plan.cause).await;
    }
    answer_elsewhere(&context, &slot).await;
}

/// Takes over what the writer left that fenced this gateway out.
fn adopt_after_fence(context: &Arc<BrokerContext>, slot: &Arc<Slot>, record: &GrantRecord) {
    let mut state = slot.lock();
    // Another gateway may be the owner now, and its name alone is no news. If the ledger itself went back, what
    // this gateway holds has to be written back first.
    if record.version >= state.version {
        state.owner = Owner::Unknown;
    }
    if !context.ledger.is_shared() || ownership::is_news(context, &state, record) {
        adopt_locked(context, slot, &mut state, record, Renewer::This);
    }
}

/// Closes an intent whose request was not sent, or a restart would take the grant for presented.
async fn take_back(
    context: &BrokerContext,
    slot: &Slot,
    presented: PresentedIntent,
    cause: RequestCause,
) {
    let writer = PresentationWriter::of_unsent(context, slot, presented, cause);
    writer.write_until_durable().await;
}

/// Takes a flight's outcome in and tells the lifecycle.
fn land(context: &Arc<BrokerContext>, slot: &Arc<Slot>, outcome: FlightOutcome) {
    let mut state = slot.lock();
    let arrival = landing::take_in(context, &mut state, outcome);
    feed(context, slot, &mut state, arrival.event);
    // Released before anybody is woken, or they would wait for it.
    drop(state);
    if arrival.notable {
        // After the state is visible: the receiver reads it at once.
        context
            .notable_outcomes
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}
