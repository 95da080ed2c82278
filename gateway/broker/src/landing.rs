//! Takes what a flight returned into the account.

use crate::{
    LastResult, RequestOutcome,
    context::BrokerContext,
    flight::{FlightOutcome, FlightPlan},
    further_slots, grant_record,
    slot::{SlotState, UnpublishedToken},
};
use gateway_model::{Failure, FailureClass, GrantKind};
use gateway_plugin_host::Issued;
use gateway_token::{Event, FlightCurrency, FlightId, GrantFate};
use std::time::SystemTime;

/// What the driver has to do after an outcome was taken in.
pub(crate) struct LandingEffect {
    /// To be fed to the lifecycle.
    pub(crate) event: Event,
    /// Whether people may have to hear of it.
    pub(crate) notable: bool,
}

/// Takes a flight's outcome into the account's state; the lifecycle has not heard of it yet.
pub(crate) fn take_in(
    context: &BrokerContext,
    state: &mut SlotState,
    outcome: FlightOutcome,
) -> LandingEffect {
    let (plan, result) = (outcome.plan, outcome.result);
    // Before the lifecycle hears of it, which resets its count of failures.
    let notable = match &result {
        Ok(_) => state.lifecycle().failures() > 0,
        Err(failure) => needs_people(failure),
    };
    if let Err(failure) = &result {
        report(context, state, plan, failure);
    }
    // An outdated flight must not overwrite what an operator sees of the present one.
    let currency = currency(state, plan.id);
    if currency == Some(FlightCurrency::Current) {
        let result = result.as_ref().map(|_| ());
        state.last_result = Some(last_result(context, plan, result));
    }
    let event = match result {
        Ok(issued) => {
            report_slots(context, state, &issued);
            issued_event(state, (plan.id, outcome.began_at), currency, issued)
        }
        Err(failure) => failed(plan.id, failure),
    };
    LandingEffect { event, notable }
}

/// Notes for an operator why a flight ended without a request of this gateway.
pub(crate) fn note_refusal(
    context: &BrokerContext,
    state: &mut SlotState,
    plan: FlightPlan,
    failure: &Failure,
) {
    tracing::info!(
        account = %state.spec.account, reason = plan.cause.as_str(),
        class = failure.class.as_str(), code = %failure.code,
        "no token was requested: {}", failure.message
    );
    if currency(state, plan.id) == Some(FlightCurrency::Current) {
        state.last_result = Some(last_result(context, plan, Err(failure)));
    }
}

fn last_result(
    context: &BrokerContext,
    plan: FlightPlan,
    result: Result<(), &Failure>,
) -> LastResult {
    LastResult {
        at: context.clock.wall(),
        reason: plan.cause.as_str(),
        outcome: request_outcome(result),
    }
}

/// The event of a flight without a token.
pub(crate) fn failed(flight: FlightId, failure: Failure) -> Event {
    // Before the failure is handed over, since it decides the fate of the grant.
    let fate = GrantFate::of(&failure);
    Event::Failed {
        flight,
        failure,
        fate,
    }
}

/// What the flight's answer is worth; `None` if the lifecycle no longer knows the flight.
fn currency(state: &SlotState, flight: FlightId) -> Option<FlightCurrency> {
    let known = state.lifecycle().state().flight();
    let known = known.filter(|known| known.id == flight);
    known.map(|known| known.currency)
}

fn issued_event(
    state: &mut SlotState,
    (flight, began_at): (FlightId, SystemTime),
    currency: Option<FlightCurrency>,
    issued: Issued,
) -> Event {
    let current = currency == Some(FlightCurrency::Current);
    // A rotated refresh token counts even if the client secret changed meanwhile: the old one is
    // burnt. Only a new grant (an unknown flight) makes it worthless.
    let keeps_grant = current
        || currency == Some(FlightCurrency::Stale)
            && state.spec.grant == GrantKind::AuthorizationCode;
    if keeps_grant {
        state.plugin_state = issued.state;
    }
    if current {
        state.unpublished = Some(UnpublishedToken {
            headers: issued.headers,
            slots: further_slots::issued(issued.slots, began_at),
            minted: true,
        });
        state.facts = issued.facts;
    }
    Event::Issued {
        flight,
        lifetime: issued.lifetime,
        renew_after: issued.renew_after,
        grant: grant_record::update(issued.grant),
    }
}

fn report(context: &BrokerContext, state: &SlotState, plan: FlightPlan, failure: &Failure) {
    context.metrics.failed(failure.class);
    tracing::warn!(
        account = %state.spec.account, reason = plan.cause.as_str(),
        class = failure.class.as_str(), code = %failure.code,
        "a token request failed: {}", failure.message
    );
}

/// A slot that could not be had is no failure of the account: only some operations need it.
fn report_slots(context: &BrokerContext, state: &SlotState, issued: &Issued) {
    for slot in &issued.slots {
        let Err(failure) = &slot.fields else { continue };
        context.metrics.failed(failure.class);
        tracing::warn!(
            account = %state.spec.account, slot = &*slot.name,
            class = failure.class.as_str(), code = %failure.code,
            "a slot has no credential: {}", failure.message
        );
    }
}

fn request_outcome(result: Result<(), &Failure>) -> RequestOutcome {
    match result {
        Ok(()) => RequestOutcome::Issued,
        Err(failure) => RequestOutcome::Failed {
            class: failure.class,
            code: failure.code.clone(),
            message: failure.message.clone(),
        },
    }
}

/// Whether time alone does not cure the failure.
fn needs_people(failure: &Failure) -> bool {
    match failure.class {
        FailureClass::Rejected | FailureClass::Config | FailureClass::Interaction => true,
        FailureClass::Transient | FailureClass::Protocol | FailureClass::Bug => {
            // A grant in doubt ends in a sign-in if the last chance fails too.
            GrantFate::of(failure) != GrantFate::Unharmed
        }
    }
}
