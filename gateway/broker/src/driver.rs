//! Effects become I/O, and what comes back becomes events.

use crate::{
    AccountSpec, LastResult, Outcome, Wire, adoption,
    broker::{Shared, published},
    presentation,
    slot::{Pending, Slot, Work},
    snapshot,
};
use futures_util::FutureExt as _;
use gateway_model::{
    CredentialState, Failure, FailureClass, Generation, SecretBytes, Unavailable, UnavailableReason,
};
use gateway_plugin_host::{Authorization, Issued, Reason};
use gateway_store::{GrantKind, GrantRecord};
use gateway_token::{Effect, Event, FlightId, GrantFate, Reason as Cause, Standing};
use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Instant};

/// Takes an account's new description over; other credentials purge what the old ones brought.
pub(crate) fn replace_spec(shared: &Arc<Shared>, slot: &Arc<Slot>, spec: AccountSpec) {
    let mut work = slot.lock();
    let changed = work.spec.key != spec.key;
    work.spec = spec;
    if changed {
        if work.spec.grant == GrantKind::ClientCredentials {
            work.state = SecretBytes::default();
        }
        event(shared, slot, &mut work, Event::CredentialsChanged);
    }
}

/// Takes over what the store kept, or what a login brought.
pub(crate) fn adopt(shared: &Arc<Shared>, slot: &Arc<Slot>, record: &GrantRecord) {
    let mut work = slot.lock();
    let (clock, policy) = (&*shared.clock, &shared.config.policy);
    let grant = adoption::grant(record, work.spec.grant, policy, clock);
    let token = adoption::token(record, &work.spec.key, policy, clock.wall());
    work.state = record.state.clone();
    work.version = record.version;
    work.grant_ends = record.expires_at;
    work.facts = record.facts.clone();
    let (token, headers) = token.unzip();
    work.pending = headers.map(|headers| Pending {
        headers,
        minted: false,
    });
    event(shared, slot, &mut work, Event::Adopted { grant, token });
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
        Effect::RecordIntent { flight, reason } => {
            if let Some(failure) = refused(shared, work, reason, now) {
                return Some(failed(flight, failure));
            }
            presentation::announce(shared, slot, flight, reason);
        }
        Effect::Publish {
            generation,
            usable_until,
        } => {
            publish(shared, slot, work, generation, usable_until);
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

/// Hands a token to the data plane.
fn publish(
    shared: &Shared,
    slot: &Slot,
    work: &mut Work,
    generation: Generation,
    usable_until: Instant,
) {
    let pending = work.pending.take();
    let minted = pending.as_ref().is_some_and(|pending| pending.minted);
    let headers = pending.map(|pending| pending.headers).unwrap_or_default();
    let credential = snapshot::credential(generation, headers, usable_until);
    let (account, fingerprint) = (slot.cell.account(), &credential.fingerprint);
    if minted {
        work.minted += 1;
        shared.metrics.minted.up();
        tracing::info!(%account, %generation, %fingerprint, "a token was issued");
    } else {
        // A start takes one over for each account: too much to be worth everybody's reading.
        tracing::debug!(%account, %generation, %fingerprint, "a token was taken over");
    }
    slot.cell.publish(CredentialState::Usable(credential));
}

/// Why no token call may start now: the broker stops, or the OAuth client's budget is used up.
fn refused(shared: &Shared, work: &Work, cause: Cause, now: Instant) -> Option<Failure> {
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
fn request_token(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    work: &mut Work,
    flight: FlightId,
    cause: Cause,
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
        if let Some(presenting) = presenting {
            presentation::land(shared, &slot, &spec, presenting, (cause, begun), result).await;
            return;
        }
        let entry = presentation::entry(
            &spec.account,
            shared.clock.wall(),
            cause,
            result.as_ref().err(),
        );
        let completion = result
            .as_ref()
            .map(|issued| adoption::completion(&spec, issued, begun, None));
        let completion = completion.ok();
        came_back(shared, &slot, flight, cause, result);
        // After the token is in use: a new one is to be had at any time.
        let kept = match completion {
            Some(completion) => {
                let ledger = &shared.ledger;
                let version = slot.lock().version;
                let completed = ledger.complete(&spec.account, version, None, &completion, &entry);
                completed.await.map(|version| slot.lock().version = version)
            }
            None => shared.ledger.note(&entry).await,
        };
        if let Err(error) = kept {
            tracing::warn!(account = %spec.account, %error, "a token request is not on record");
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
    event(shared, slot, &mut work, landed);
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
            "there is no newer token for account {} than the present one{why}",
            slot.cell.account()
        ),
        retry_at: None,
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

/// Tokens issued before any other.
pub(crate) const ANY: Generation = Generation::NONE;
