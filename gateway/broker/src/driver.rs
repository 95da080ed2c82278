//! Feeds events to a lifecycle and carries its effects out. Nothing else changes a lifecycle.
//!
//! An effect that takes time (a token call, a durable intent, another gateway) becomes one of the `tasks`,
//! which reports what came of it as the next event.

use crate::{
    admission,
    context::BrokerContext,
    flight::{FlightInputs, FlightPlan, not_sent},
    further_slots, grant_record,
    landing::failed,
    ownership::Renewer,
    publication,
    slot::{Slot, SlotState, UnpublishedToken},
    tasks,
};
use gateway_model::GrantStatus;
use gateway_store::GrantRecord;
use gateway_token::{Effect, Event, FlightCurrency, FlightPhase};
use std::{collections::VecDeque, sync::Arc, time::Instant};

/// Feeds an event to the lifecycle and carries out what follows from it.
pub(crate) fn feed(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    event: Event,
) {
    feed_all(context, slot, state, [event]);
}

/// Feeds several events before anybody is answered.
fn feed_all(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    events: impl IntoIterator<Item = Event>,
) {
    if state.retired {
        return;
    }
    let mut events = VecDeque::from_iter(events);
    // A loop, not recursion: an effect that fails on the spot becomes the next event.
    while let Some(event) = events.pop_front() {
        // Read anew for each event: an effect may have taken time.
        let now = context.clock.now();
        for effect in state.handle(now, event, context.draw_jitter()) {
            events.extend(carry_out(context, slot, state, effect, now));
        }
    }
    note_doubt(context, slot, state);
    // A token that the lifecycle did not want published must not be published by a later event.
    state.unpublished = None;
    state.end_idle_wait();
    // Only when nothing is under way: a flight's waiters are answered by its landing.
    if !state.in_flight() {
        publication::release_waiters(slot, state, context.clock.now());
    }
}

/// Tells the lists of accounts when a sign-in begins or ends to be in doubt.
fn note_doubt(context: &BrokerContext, slot: &Slot, state: &mut SlotState) {
    let doubtful = grant_record::status(state.lifecycle().grant()) == GrantStatus::OutcomeUnknown;
    if doubtful != state.doubtful {
        state.doubtful = doubtful;
        context.note_doubt(slot.cell.account(), doubtful);
    }
}

/// Takes over what the store kept, or what a login brought.
pub(crate) fn adopt(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    record: &GrantRecord,
    renewer: Renewer,
) {
    adopt_locked(context, slot, &mut slot.lock(), record, renewer);
}

/// Takes a record over while the account is locked.
pub(crate) fn adopt_locked(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    record: &GrantRecord,
    renewer: Renewer,
) {
    let (clock, config) = (&*context.clock, context.config());
    let grant = grant_record::grant(record, state.spec.grant, &config.policy, clock);
    let token = grant_record::token(record, &state.spec.key, &config.policy, clock.wall());
    // Before the event, which may publish the token at once.
    state.plugin_state = record.state.clone();
    state.version = record.version;
    state.grant_ends = record.expires_at;
    state.consented_at = record.consented_at;
    state.facts = record.facts.clone();
    let (mut token, headers) = token.unzip();
    let stored = record.token.as_ref();
    state.unpublished = headers.map(|headers| UnpublishedToken {
        headers,
        slots: stored.map(further_slots::stored).unwrap_or_default(),
        minted: false,
    });
    // The owner never stands by, whoever wrote the token.
    let stands_by = renewer == Renewer::Another && !state.owner.is_this();
    state.standby_for = None;
    if stands_by {
        if let Some(token) = &mut token {
            token.standby = Some(config.lease);
        }
        state.standby_for = record.written_by.as_ref().map(|(by, _)| by.clone());
    }
    let adopted = Event::Adopted { grant, token };
    // Those who wait want a token, not the flight that the adoption ends.
    let wanted = state.waiters.any().then_some(Event::Demanded);
    feed_all(context, slot, state, [adopted].into_iter().chain(wanted));
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
            // One with an intent was admitted when the intent was recorded.
            if let Some(presented) = state.presented.take_if(|it| it.flight == flight) {
                // Prepared under the lock: the account may change as soon as it is released.
                let inputs = FlightInputs::prepare(context, state, plan);
                let task = tasks::call_single_use(context.clone(), slot.clone(), inputs, presented);
                spawn(context, task);
                return None;
            }
            return begin(context, slot, state, plan, now);
        }
        Effect::RecordIntent { flight, reason } => {
            let plan = FlightPlan {
                id: flight,
                cause: reason,
            };
            // Ask for permission here and not after the intent: an intent whose request is refused
            // would have to be taken back.
            return begin(context, slot, state, plan, now);
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

/// Begins a flight: at once if this gateway is alone, else when the account's owner is known.
fn begin(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    plan: FlightPlan,
    now: Instant,
) -> Option<Event> {
    // Of an earlier flight. If another gateway makes this one's call, there is no span of it here.
    state.flown = None;
    if context.ledger.is_shared() {
        spawn(
            context,
            tasks::take_turn(context.clone(), slot.clone(), plan),
        );
        return None;
    }
    if let Err(failure) = admission::admit(context, &state.spec, plan.cause, now) {
        return Some(failed(plan.id, failure));
    }
    launch(context, slot, state, plan);
    None
}

/// Takes the first step of a flight that is admitted.
pub(crate) fn launch(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    state: &mut SlotState,
    plan: FlightPlan,
) {
    let flight = state.lifecycle().state().flight();
    let Some(flight) = flight.filter(|flight| flight.id == plan.id) else {
        return;
    };
    if flight.currency == FlightCurrency::Stale {
        // Its answer would be dropped.
        let unsent = not_sent("credentials_changed", "the account's credentials changed");
        feed(context, slot, state, failed(plan.id, unsent));
        return;
    }
    match flight.phase {
        FlightPhase::Recording => {
            spawn(
                context,
                tasks::announce(context.clone(), slot.clone(), plan),
            );
        }
        FlightPhase::Requesting => {
            let inputs = FlightInputs::prepare(context, state, plan);
            spawn(
                context,
                tasks::call_repeatable(context.clone(), slot.clone(), inputs),
            );
        }
    }
}

fn spawn(context: &BrokerContext, task: impl Future<Output = ()> + Send + 'static) {
    // On the broker's runtime: the caller's may end, or have no timers.
    context.flights.spawn_on(task, &context.runtime);
}
