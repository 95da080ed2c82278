//! One token call, from its permission to what its answer makes of the account.

use crate::{
    AccountSpec, LastResult, Outcome, Wire, adoption,
    broker::Shared,
    driver, presentation,
    slot::{Pending, Slot, Work},
    snapshot,
};
use futures_util::FutureExt as _;
use gateway_model::{Failure, FailureClass, GrantKind};
use gateway_plugin_host::{Authorization, Issued, Reason};
use gateway_token::{Event, FlightId, GrantFate, Reason as Cause, Standing};
use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Instant, SystemTime},
};

/// Why no token call may start now: the broker stops, or the OAuth client's budget is used up.
pub(crate) fn refused(shared: &Shared, work: &Work, cause: Cause, now: Instant) -> Option<Failure> {
    if shared.stopping.is_cancelled() {
        return Some(not_sent("shutting_down", "the gateway is shutting down"));
    }
    let over = shared.take_budget(&work.spec, now).err()?;
    shared.metrics.over_budget.up();
    tracing::warn!(
        account = %work.spec.account, client_id = %work.spec.client_id, reason = cause.as_str(),
        "the mint budget of the OAuth client is used up: something asks for far more \
         tokens than its accounts need"
    );
    let mut failure = not_sent(
        snapshot::OVER_BUDGET,
        "the gateway's own limit on token requests of this OAuth client is reached",
    );
    failure.retry_after = Some(over.retry_at.saturating_duration_since(now));
    Some(failure)
}

/// Starts a token call. One with an intent was allowed when the intent was recorded.
pub(crate) fn request(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    work: &mut Work,
    (flight, cause): (FlightId, Cause),
    now: Instant,
) -> Option<Event> {
    let presenting = work.presenting.take_if(|it| it.is_of(flight));
    if presenting.is_none()
        && let Some(failure) = refused(shared, work, cause, now)
    {
        return Some(failed(flight, failure));
    }
    let authorization = authorization(work, cause);
    let wire = presenting.as_ref().map_or(Wire::Plain, |presenting| {
        Wire::Recorded(presenting.recorder(shared, &work.spec.account))
    });
    shared.metrics.requested.up();
    shared.metrics.in_flight.up();
    let (task_shared, slot, spec) = (Arc::clone(shared), Arc::clone(slot), work.spec.clone());
    let task = async move {
        let shared = &task_shared;
        let begun = shared.clock.wall();
        let result = call(shared, &spec, authorization, wire).await;
        shared.metrics.in_flight.down();
        match presenting {
            Some(presenting) => {
                presentation::land(shared, &slot, &spec, presenting, (cause, begun), result).await;
            }
            None => land(shared, &slot, &spec, flight, (cause, begun), result).await,
        }
    };
    shared.calls.spawn_on(task, &shared.runtime);
    None
}

fn authorization(work: &Work, cause: Cause) -> Authorization {
    let reason = match cause {
        Cause::Unauthorized => Reason::UpstreamRejected,
        Cause::First
        | Cause::Due
        | Cause::Retry
        | Cause::Probe
        | Cause::KeepAlive
        | Cause::LastChance
        | Cause::Operator
        | Cause::Changed => {
            if work.lifecycle.state().token().is_some() {
                Reason::Refresh
            } else {
                Reason::Fetch
            }
        }
    };
    Authorization {
        reason,
        slot: work.spec.slot.clone(),
        state: work.state.clone(),
        params: Vec::new(),
    }
}

/// One authorization, with a deadline, and with a panic read as the plugin's fault.
async fn call(
    shared: &Shared,
    spec: &AccountSpec,
    authorization: Authorization,
    wire: Wire,
) -> Result<Issued, Failure> {
    let limit = shared.config.authorize_timeout;
    let authorized = async {
        // The semaphore is never closed; without a permit the call would still be correct.
        let _permit = shared.permits.acquire().await;
        let call = async { spec.authorizer.authorize(authorization, wire).await };
        tokio::time::timeout(limit, AssertUnwindSafe(call).catch_unwind()).await
    };
    let result = tokio::select! {
        biased;
        result = authorized => result,
        () = shared.cut_off.cancelled() => {
            return Err(Failure::new(
                FailureClass::Transient, "shutting_down", "the gateway shut down during the call",
            ));
        }
    };
    match result {
        Ok(Ok(Ok(issued))) if issued.headers.is_empty() => Err(Failure::new(
            FailureClass::Bug,
            "no_headers",
            "the carrier's plugin issued a credential with nothing to put on a request",
        )),
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            tracing::error!(account = %spec.account, "the authorizer panicked");
            Err(Failure::new(
                FailureClass::Bug,
                "panic",
                "the carrier's plugin panicked",
            ))
        }
        Err(_elapsed) => Err(Failure::new(
            FailureClass::Transient,
            "timeout",
            format!(
                "the authorization took longer than {} s",
                limit.as_secs_f32()
            ),
        )),
    }
}

/// Hands the outcome of a repeatable grant to the lifecycle, then keeps it: not the other way round,
/// because a new token is to be had at any time.
async fn land(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    spec: &AccountSpec,
    flight: FlightId,
    (cause, begun): (Cause, SystemTime),
    result: Result<Issued, Failure>,
) {
    let (account, ledger) = (&spec.account, &shared.ledger);
    let entry = presentation::entry(account, shared.clock.wall(), cause, result.as_ref().err());
    let completion = result.as_ref().ok();
    let completion = completion.map(|issued| adoption::completion(spec, issued, begun, None));
    came_back(shared, slot, flight, cause, result);
    // In the order of the answers, and some at a time: what a storm brings must not keep an intent
    // waiting, and waits itself without the store's deadline.
    let turn = async { (slot.order.lock().await, shared.records.acquire().await) };
    let _turn = tokio::select! {
        turn = turn => turn,
        () = shared.cut_off.cancelled() => return,
    };
    let kept = match completion {
        Some(completion) => {
            let version = slot.lock().version;
            let completed = ledger.complete(account, version, None, &completion, &entry);
            completed.await.map(|version| slot.lock().version = version)
        }
        None => ledger.note(&entry).await,
    };
    if let Err(error) = kept {
        tracing::warn!(%account, %error, "a token request is not on record");
    }
}

/// Takes an authorization's result in.
pub(crate) fn came_back(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    flight: FlightId,
    cause: Cause,
    result: Result<Issued, Failure>,
) {
    let mut work = slot.lock();
    let state = work.lifecycle.state();
    let standing = state.flight().filter(|f| f.id == flight);
    let standing = standing.map(|flight| flight.standing);
    let awaited = standing == Some(Standing::Current);
    // A rotated refresh token counts whatever else changed, unless the grant itself did.
    let keeps_grant = awaited
        || standing == Some(Standing::Stale) && work.spec.grant == GrantKind::AuthorizationCode;
    let outcome = match &result {
        Ok(_) => Outcome::Issued,
        Err(failure) => {
            shared.metrics.failed(failure.class);
            tracing::warn!(
                account = %slot.cell.account(), reason = cause.as_str(),
                class = failure.class.as_str(), code = %failure.code,
                "a token request failed: {}", failure.message
            );
            Outcome::Failed {
                class: failure.class,
                code: failure.code.clone(),
                message: failure.message.clone(),
            }
        }
    };
    let turned = match &result {
        Ok(_) => work.lifecycle.failures() > 0,
        Err(failure) => for_people(failure),
    };
    if awaited {
        let at = shared.clock.wall();
        work.last_result = Some(LastResult {
            at,
            reason: cause.as_str(),
            outcome,
        });
    }
    let landed = match result {
        Ok(issued) => {
            if keeps_grant {
                work.state = issued.state;
            }
            if awaited {
                work.pending = Some(Pending {
                    headers: issued.headers,
                    minted: true,
                });
                work.facts = issued.facts;
            }
            Event::Issued {
                flight,
                lifetime: issued.lifetime,
                renew_after: issued.renew_after,
                grant: adoption::news(issued.grant),
            }
        }
        Err(failure) => failed(flight, failure),
    };
    driver::event(shared, slot, &mut work, landed);
    drop(work);
    if turned {
        shared
            .turns
            .send_modify(|turns| *turns = turns.wrapping_add(1));
    }
}

/// Whether time alone does not make up for it.
fn for_people(failure: &Failure) -> bool {
    match failure.class {
        FailureClass::Rejected | FailureClass::Config | FailureClass::Interaction => true,
        FailureClass::Transient | FailureClass::Protocol | FailureClass::Bug => {
            GrantFate::of(failure) != GrantFate::Unharmed
        }
    }
}

pub(crate) fn failed(flight: FlightId, failure: Failure) -> Event {
    let fate = GrantFate::of(&failure);
    Event::Failed {
        flight,
        failure,
        fate,
    }
}

pub(crate) fn not_sent(code: &str, message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, code, message);
    failure.certainly_not_sent = true;
    failure
}
