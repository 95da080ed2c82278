//! What other gateways on the same ledger did or ask for.

use crate::{
    context::BrokerContext,
    driver,
    flight::not_sent,
    grant_record, held,
    ownership::Renewer,
    remote_wait::RemoteSignal,
    slot::{Slot, SlotState},
    tasks::{self, Refusal},
    unavailable::TOKEN_KEPT,
};
use gateway_model::{Failure, GrantStatus, GrantVersion};
use gateway_store::{DemandCause, GrantRecord, ReplicaId};
use gateway_token::{Event, LifecycleState, RequestCause};
use std::sync::Arc;

/// Takes over a record that another gateway wrote, if it is ahead of what this gateway holds.
pub(crate) fn changed(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    record: &GrantRecord,
    writer_lives: bool,
) {
    let mut state = slot.lock();
    if record.version > state.version || is_resolved(&state, record) {
        let renewer = if writer_lives {
            Renewer::Another
        } else {
            Renewer::This
        };
        driver::adopt_locked(context, slot, &mut state, record, renewer);
        return;
    }
    let answered = record.intent.as_ref().is_some_and(|it| it.answer.is_some());
    let grant = state.lifecycle().grant();
    let given_up = grant.outcome_unknown() || grant.spent();
    // An earlier owner was frozen or cut off while its answer arrived, and has recorded it now.
    if record.version == state.version && answered && given_up {
        let task = tasks::complete_late(Arc::clone(context), Arc::clone(slot));
        context.flights.spawn_on(task, &context.runtime);
    }
}

/// Whether the owner's failed presentation has changed the grant, which makes no new version.
fn is_resolved(state: &SlotState, record: &GrantRecord) -> bool {
    let settled = matches!(
        record.status,
        GrantStatus::Held | GrantStatus::OutcomeUnknown | GrantStatus::Spent
    );
    let known = grant_record::status(state.lifecycle().grant());
    // The owner itself knows, and a wait for the owner ends in another way.
    let asks = state.owner.is_this() || state.in_flight();
    record.version == state.version && settled && known != record.status && !asks
}

/// Does for another gateway what its callers want, if this gateway is the owner.
pub(crate) fn demanded(
    context: &Arc<BrokerContext>,
    slot: &Arc<Slot>,
    version: GrantVersion,
    cause: DemandCause,
) {
    let mut state = slot.lock();
    // The write of a newer version has told the other gateway already.
    if !state.owner.is_this() || state.version > version {
        return;
    }
    for event in events(&state, cause) {
        if !state.in_flight() {
            driver::feed(context, slot, &mut state, event);
        }
    }
    if state.in_flight() {
        state.awaited_elsewhere = true;
        return;
    }
    let known = state.lifecycle().state().failure().cloned();
    let refusal = Refusal {
        asked_with: version,
        cause: request_cause(cause),
        failure: known.unwrap_or_else(|| kept(&state)),
    };
    let task = tasks::refuse_elsewhere(Arc::clone(context), Arc::clone(slot), refusal);
    context.flights.spawn_on(task, &context.runtime);
}

/// What the cause means to this gateway's lifecycle; the second event only if the first starts nothing.
fn events(state: &SlotState, cause: DemandCause) -> Vec<Event> {
    let in_doubt = state.lifecycle().grant().outcome_unknown();
    match cause {
        DemandCause::First | DemandCause::Retry | DemandCause::Probe | DemandCause::Changed => {
            vec![Event::Demanded]
        }
        // The other gateway knows of the doubt, and its lifecycle has decided to take the last chance.
        DemandCause::LastChance if in_doubt => vec![Event::OperatorAsked],
        // This gateway is late, or the other one's clock is ahead.
        DemandCause::Due | DemandCause::KeepAlive | DemandCause::LastChance => {
            vec![Event::TimerFired, Event::Demanded]
        }
        DemandCause::Unauthorized => {
            let generation = state.lifecycle().generation();
            vec![Event::Unauthorized { generation }]
        }
        // An operator who asked before the doubt has not decided to risk the last chance.
        DemandCause::Operator if in_doubt => Vec::new(),
        DemandCause::Operator => vec![Event::OperatorAsked],
    }
}

/// Why no token is requested although no request has failed.
fn kept(state: &SlotState) -> Failure {
    let why = match state.lifecycle().state() {
        LifecycleState::Fresh { .. } => {
            "the gateway that owns the account holds a good token and renewed it a short while ago, or \
             it is not due; if another gateway cannot use it, compare their clocks and configurations"
        }
        LifecycleState::Vacant
        | LifecycleState::Acquiring { .. }
        | LifecycleState::Renewing { .. }
        | LifecycleState::BackingOff { .. }
        | LifecycleState::Rejected { .. } => {
            "the gateway that owns the account waits before its next token request"
        }
    };
    not_sent(TOKEN_KEPT, why)
}

/// Ends the account's wait for its owner with the owner's failure.
pub(crate) fn failed(slot: &Slot, failure: Failure) {
    let mut state = slot.lock();
    if let Some(wait) = state.remote.take_if(|wait| wait.asks_an_owner()) {
        wait.end(RemoteSignal::Failed(failure));
    }
}

/// Ends what depends on a gateway that is gone: waits for it, and the standby for its tokens.
pub(crate) fn replicas_changed(context: &Arc<BrokerContext>, slot: &Arc<Slot>, live: &[ReplicaId]) {
    let mut state = slot.lock();
    if let Some(wait) = state.remote.take_if(|wait| wait.outlives(live)) {
        wait.end(RemoteSignal::OwnerEnded);
    }
    let gone = |renewer: &mut ReplicaId| !live.contains(renewer);
    if state.standby_for.take_if(gone).is_some() {
        driver::feed(context, slot, &mut state, Event::StandbyEnded);
    }
}

/// What this gateway holds of an account that it owns.
pub(crate) fn held(context: &BrokerContext, slot: &Slot) -> Option<GrantRecord> {
    // Another gateway's memory may be behind what the owner wrote.
    let owns = slot.lock().owner.is_this();
    owns.then(|| held::record(context, slot)).flatten()
}

const fn request_cause(cause: DemandCause) -> RequestCause {
    match cause {
        DemandCause::First => RequestCause::First,
        DemandCause::Due => RequestCause::Due,
        DemandCause::KeepAlive => RequestCause::KeepAlive,
        DemandCause::Unauthorized => RequestCause::Unauthorized,
        DemandCause::Operator => RequestCause::Operator,
        DemandCause::Retry => RequestCause::Retry,
        DemandCause::Probe => RequestCause::Probe,
        DemandCause::Changed => RequestCause::Changed,
        DemandCause::LastChance => RequestCause::LastChance,
    }
}
