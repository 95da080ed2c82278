//! Effects become I/O, and what comes back becomes events.

use crate::{
    AccountSpec, LastResult, Outcome,
    broker::{Shared, published},
    slot::{Slot, Work},
    snapshot,
};
use futures_util::FutureExt as _;
use gateway_model::{
    CredentialState, Failure, FailureClass, Generation, SecretBytes, Unavailable, UnavailableReason,
};
use gateway_plugin_host::{Authorization, Issued, Reason};
use gateway_token::{Effect, Event, FlightId, GrantFate, GrantNews, Reason as Cause, Standing};
use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Instant};

/// Takes an account's new description over; other credentials purge what the old ones brought.
pub(crate) fn replace_spec(shared: &Arc<Shared>, slot: &Arc<Slot>, spec: AccountSpec) {
    let mut work = slot.lock();
    let changed = work.spec.key != spec.key;
    work.spec = spec;
    if changed {
        credentials_changed(shared, slot, &mut work);
    }
}

/// Drops everything that the account's credentials brought so far.
pub(crate) fn credentials_changed(shared: &Arc<Shared>, slot: &Arc<Slot>, work: &mut Work) {
    work.state = SecretBytes::default();
    event(
        shared,
        slot,
        work,
        Event::CredentialsChanged { grant: None },
    );
}

/// Ends an account that was removed.
pub(crate) fn retire(shared: &Arc<Shared>, slot: &Arc<Slot>) {
    let mut work = slot.lock();
    work.retired = true;
    shared.timers.replace(slot.id, work.wake_at.take(), None);
    let gone = Shared::unknown(slot.cell.account());
    slot.cell.publish(CredentialState::Absent(gone.clone()));
    work.waiters.land(|_| Err(gone.clone()));
}

/// Wakes lifecycles when they wished to be woken, until the broker stops.
pub(crate) async fn run_timers(shared: Arc<Shared>) {
    while !shared.stopping.is_cancelled() {
        let mut woken = 0_u32;
        while let Some(slot) = shared.timers.due(shared.clock.now()) {
            if let Some(slot) = slot.upgrade() {
                let mut work = slot.lock();
                work.wake_at = None;
                event(&shared, &slot, &mut work, Event::TimerFired);
            }
            woken += 1;
            if woken.is_multiple_of(64) {
                // A herd of renewals must not keep this thread from everything else.
                tokio::task::yield_now().await;
            }
        }
        let next = shared.timers.next();
        let sleep = async {
            match next {
                Some(at) => {
                    tokio::time::sleep(at.saturating_duration_since(shared.clock.now())).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = shared.timers.earlier() => {}
            () = shared.stopping.cancelled() => {}
        }
    }
}

/// Feeds an event to the lifecycle and carries out what follows from it.
pub(crate) fn event(shared: &Arc<Shared>, slot: &Arc<Slot>, work: &mut Work, event: Event) {
    if work.retired {
        return;
    }
    let mut events = VecDeque::from([event]);
    while let Some(event) = events.pop_front() {
        let now = shared.clock.now();
        for effect in work.lifecycle.handle(now, event, shared.draw()) {
            events.extend(carry_out(shared, slot, work, effect, now));
        }
    }
    work.pending = None;
    if work.lifecycle.state().flight().is_none() {
        land(shared, slot, work);
    }
}

/// Carries one effect out; an event comes back if it failed on the spot.
fn carry_out(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    work: &mut Work,
    effect: Effect,
    now: Instant,
) -> Option<Event> {
    match effect {
        Effect::RequestToken { flight, reason } => {
            return request_token(shared, slot, work, flight, reason, now);
        }
        Effect::RecordIntent { flight, .. } => {
            return Some(failed(flight, no_store_for_intents()));
        }
        Effect::Publish {
            generation,
            usable_until,
        } => {
            let headers = work.pending.take().unwrap_or_default();
            let credential = snapshot::credential(generation, headers, usable_until);
            work.minted += 1;
            shared.metrics.minted.up();
            tracing::info!(
                account = %slot.cell.account(), %generation, fingerprint = %credential.fingerprint,
                "a token was issued"
            );
            slot.cell.publish(CredentialState::Usable(credential));
        }
        Effect::Withdraw { why, retry_at } => {
            let absent = snapshot::unavailable(slot.cell.account(), &why, retry_at);
            tracing::warn!(
                account = %slot.cell.account(), reason = absent.reason.as_str(),
                "there is no usable token: {}", absent.message
            );
            slot.cell.publish(CredentialState::Absent(absent));
        }
        Effect::WakeAt(at) => {
            let old = work.wake_at.replace(at);
            shared
                .timers
                .replace(slot.id, old, Some((at, Arc::downgrade(slot))));
        }
    }
    None
}

/// Starts a token call, if the broker still runs and the OAuth client's budget allows one.
fn request_token(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    work: &Work,
    flight: FlightId,
    cause: Cause,
    now: Instant,
) -> Option<Event> {
    if shared.stopping.is_cancelled() {
        return Some(failed(
            flight,
            not_sent("shutting_down", "the gateway is shutting down"),
        ));
    }
    if let Err(over) = shared.take_budget(&work.spec, now) {
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
        return Some(failed(flight, failure));
    }
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
    let authorization = Authorization {
        reason,
        slot: work.spec.slot.clone(),
        state: work.state.clone(),
        params: Vec::new(),
    };
    shared.metrics.requested.up();
    shared.metrics.in_flight.up();
    let call = call(
        Arc::clone(shared),
        Arc::clone(slot),
        work.spec.clone(),
        authorization,
    );
    let (shared_by_task, slot) = (Arc::clone(shared), Arc::clone(slot));
    let task = async move {
        let result = call.await;
        shared_by_task.metrics.in_flight.down();
        came_back(&shared_by_task, &slot, flight, cause, result);
    };
    shared.calls.spawn_on(task, &shared.runtime);
    None
}

/// One authorization, with a deadline, and with a panic read as the plugin's fault.
async fn call(
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    spec: AccountSpec,
    authorization: Authorization,
) -> Result<Issued, Failure> {
    let limit = shared.config.authorize_timeout;
    let authorized = async {
        // The semaphore is never closed; without a permit the call would still be correct.
        let _permit = shared.permits.acquire().await;
        let call = async { spec.authorizer.authorize(authorization).await };
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
            tracing::error!(account = %slot.cell.account(), "the authorizer panicked");
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

/// Takes an authorization's result in.
fn came_back(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    flight: FlightId,
    cause: Cause,
    result: Result<Issued, Failure>,
) {
    let mut work = slot.lock();
    let awaited = work
        .lifecycle
        .state()
        .flight()
        .is_some_and(|f| f.id == flight && f.standing == Standing::Current);
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
    if awaited {
        let at = shared.clock.wall();
        work.last_result = Some(LastResult {
            at,
            reason: cause.as_str(),
            outcome,
        });
    }
    let landed = match result {
        Ok(Issued {
            headers,
            lifetime,
            renew_after,
            state,
            ..
        }) => {
            if awaited {
                (work.pending, work.state) = (Some(headers), state);
            }
            Event::Issued {
                flight,
                lifetime,
                renew_after,
                grant: GrantNews::Kept,
            }
        }
        Err(failure) => failed(flight, failure),
    };
    event(shared, slot, &mut work, landed);
}

/// Tells all who waited how it ended.
fn land(shared: &Arc<Shared>, slot: &Slot, work: &mut Work) {
    if work.waiters.len() == 0 {
        return;
    }
    let published = published(&slot.cell, shared.clock.now());
    let generation = work.lifecycle.generation();
    let last = work.last_result.clone();
    work.waiters.land(|waiter| match &published {
        Ok(()) if generation > waiter.newer_than => Ok(()),
        Ok(()) => Err(not_renewed(slot, last.as_ref())),
        Err(unavailable) => Err(unavailable.clone()),
    });
}

/// The old token still stands, because its renewal failed.
pub(crate) fn not_renewed(slot: &Slot, last: Option<&LastResult>) -> Unavailable {
    let why = match last.map(|last| &last.outcome) {
        Some(Outcome::Failed { code, message, .. }) => format!(": {message} ({code})"),
        Some(Outcome::Issued) | None => String::new(),
    };
    Unavailable {
        reason: UnavailableReason::Pending,
        message: format!(
            "the carrier refused the token of account {} and it could not be renewed{why}",
            slot.cell.account()
        ),
        retry_at: None,
    }
}

fn failed(flight: FlightId, failure: Failure) -> Event {
    let fate = GrantFate::of(&failure);
    Event::Failed {
        flight,
        failure,
        fate,
    }
}

fn not_sent(code: &str, message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, code, message);
    failure.certainly_not_sent = true;
    failure
}

/// Accounts here hold client credentials only, so that this is never reached; a grant that works
/// once must not be presented without a place for its intent.
fn no_store_for_intents() -> Failure {
    Failure::new(
        FailureClass::Config,
        "no_intent_store",
        "this gateway has no store in which the use of a refresh token could be recorded",
    )
}

/// Tokens issued before any other.
pub(crate) const ANY: Generation = Generation::NONE;
