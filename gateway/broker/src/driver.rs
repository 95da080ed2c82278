//! Feeds events to a lifecycle and carries its effects out. Nothing else changes a lifecycle.
//!
//! An effect that takes time (a token call, a durable intent) becomes a task. The task calls a
//! flight or a presentation step, and reports what it returned as the next event.

use crate::{
    Transport,
    context::BrokerContext,
    flight::{self, FlightInputs, FlightOutcome, FlightPlan},
    further_slots, grant_record,
    journal::RepeatableRecord,
    landing::{self, failed},
    presentation,
    presentation_writer::PresentationWriter,
    publication,
    slot::{PresentedIntent, Slot, SlotState, UnpublishedToken},
};
use gateway_store::GrantRecord;
use gateway_token::{Effect, Event, RequestCause};
use std::{collections::VecDeque, sync::Arc, time::Instant};

/// Feeds an event to the lifecycle and carries out what follows from it.
pub(crate) fn feed(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    event: Event,
) {
    if state.retired {
        return;
    }
    let mut events = VecDeque::from([event]);
    // A loop, not recursion: an effect that fails on the spot becomes the next event.
    while let Some(event) = events.pop_front() {
        // Read anew for each event: an effect may have taken time.
        let now = context.clock.now();
        for effect in state.handle(now, event, context.draw_jitter()) {
            events.extend(carry_out(context, slot, state, effect, now));
        }
    }
    // A token that the lifecycle did not want published must not be published by a later event.
    state.unpublished = None;
    // Only when nothing is under way: a flight's waiters are answered by its landing.
    if !state.in_flight() {
        publication::release_waiters(slot, state, context.clock.now());
    }
}

/// Takes over what the store kept, or what a login brought.
pub(crate) fn adopt(context: &Arc<BrokerContext>, slot: &Arc<Slot>, record: &GrantRecord) {
    let mut state = slot.lock();
    let (clock, policy) = (&*context.clock, &context.config().policy);
    let grant = grant_record::grant(record, state.spec.grant, policy, clock);
    let token = grant_record::token(record, &state.spec.key, policy, clock.wall());
    // Before the event, which may publish the token at once.
    state.plugin_state = record.state.clone();
    state.version = record.version;
    state.grant_ends = record.expires_at;
    state.facts = record.facts.clone();
    let (token, headers) = token.unzip();
    let stored = record.token.as_ref();
    state.unpublished = headers.map(|headers| UnpublishedToken {
        headers,
        slots: stored.map(further_slots::stored).unwrap_or_default(),
        minted: false,
    });
    feed(context, slot, &mut state, Event::Adopted { grant, token });
}

/// Carries one effect out; an event comes back if it failed on the spot.
fn carry_out(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    effect: Effect,
    now: Instant,
) -> Option<Event> {
    match effect {
        Effect::RequestToken { flight, reason } => {
            let plan = FlightPlan {
                id: flight,
                cause: reason,
            };
            return request_token(context, slot, state, plan, now);
        }
        Effect::RecordIntent { flight, reason } => {
            let plan = FlightPlan {
                id: flight,
                cause: reason,
            };
            // Ask for permission here and not after the intent: an intent whose request is refused
            // would have to be taken back.
            if let Err(failure) = flight::admit(context, state, reason, now) {
                return Some(failed(flight, failure));
            }
            spawn(
                context,
                announce(Arc::clone(context), Arc::clone(slot), plan),
            );
        }
        Effect::Publish {
            generation,
            usable_until,
        } => publication::publish(context, slot, state, generation, usable_until),
        Effect::Withdraw { why, retry_at } => publication::withdraw(slot, &why, retry_at),
        Effect::WakeAt(at) => {
            let old = state.wake_at.replace(at);
            let timer = Some((at, Arc::downgrade(slot)));
            context.timers.replace(slot.id, old, timer);
        }
    }
    None
}

/// Starts a token call.
fn request_token(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    plan: FlightPlan,
    now: Instant,
) -> Option<Event> {
    let presented = state.presented.take_if(|it| it.flight == plan.id);
    // One with an intent was admitted when the intent was recorded.
    if presented.is_none()
        && let Err(failure) = flight::admit(context, state, plan.cause, now)
    {
        return Some(failed(plan.id, failure));
    }
    // Prepared under the lock: the account may change as soon as it is released.
    let inputs = FlightInputs::prepare(context, state, plan);
    let (task_context, slot) = (Arc::clone(context), Arc::clone(slot));
    match presented {
        Some(presented) => spawn(
            context,
            call_single_use(task_context, slot, inputs, presented),
        ),
        None => spawn(context, call_repeatable(task_context, slot, inputs)),
    }
    None
}

fn spawn(context: &BrokerContext, task: impl Future<Output = ()> + Send + 'static) {
    // On the broker's runtime: the caller's may end, or have no timers.
    context.flights.spawn_on(task, &context.runtime);
}

/// A call with a grant that may be presented any number of times.
async fn call_repeatable(context: Arc<BrokerContext>, slot: Arc<Slot>, inputs: FlightInputs) {
    let outcome = inputs.fly(&context, Transport::Direct).await;
    // Before the outcome is handed over, since landing takes it.
    let record = RepeatableRecord::of(&outcome, context.clock.wall());
    // Publish before keeping: a new token is to be had at any time, so callers need not wait for
    // the store.
    land(&context, &slot, outcome);
    record.keep(&context, &slot).await;
}

/// A call with a grant that works once, after its intent.
async fn call_single_use(
    context: Arc<BrokerContext>,
    slot: Arc<Slot>,
    inputs: FlightInputs,
    presented: PresentedIntent,
) {
    let account = slot.cell.account();
    let recorder = presentation::recorder(&context, account, &presented.id);
    let outcome = inputs.fly(&context, Transport::Recorded(recorder)).await;
    // Before the writer is made: an earlier write of this account must be done first.
    let _turn = slot.write_order.lock().await;
    let writer = PresentationWriter::of_outcome(&context, &slot, presented, &outcome);
    // Keep before publishing: the old refresh token is burnt, and this answer has the only new one.
    let durable = writer.write_quickly().await;
    land(&context, &slot, outcome);
    if !durable {
        writer.write_until_durable().await;
    }
}

/// Makes an intent durable, then lets the lifecycle go on.
async fn announce(context: Arc<BrokerContext>, slot: Arc<Slot>, plan: FlightPlan) {
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
        state.presented.take_if(|it| it.flight == plan.id)
    };
    // After the event: the newer grant replaces whatever the failure has made of the old one.
    if let Some(newer) = announcement.newer {
        adopt(&context, &slot, &newer);
    }
    if let Some(presented) = unsent {
        take_back(&context, &slot, presented, plan.cause).await;
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
