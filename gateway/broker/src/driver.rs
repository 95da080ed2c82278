//! Effects become I/O, and what comes back becomes events.

use crate::{
    AccountSpec, LastResult, Outcome, adoption,
    broker::{Shared, published},
    flight, presentation,
    slot::{Pending, Slot, Work},
    snapshot,
};
use gateway_model::{
    CredentialState, Generation, GrantKind, SecretBytes, Unavailable, UnavailableReason,
};
use gateway_store::GrantRecord;
use gateway_token::{Effect, Event};
use std::{collections::VecDeque, sync::Arc, time::Instant};

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
            return flight::request(shared, slot, work, (flight, reason), now);
        }
        Effect::RecordIntent { flight, reason } => {
            if let Some(failure) = flight::refused(shared, work, reason, now) {
                return Some(flight::failed(flight, failure));
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
    let mut credential = snapshot::credential(generation, headers, usable_until);
    if work.spec.authorizer.signs() {
        credential.state = Some(Arc::new(work.state.clone()));
    }
    let account = slot.cell.account();
    let fingerprint = || snapshot::fingerprint(&credential.headers);
    if minted {
        work.minted += 1;
        shared.metrics.minted.up();
        tracing::info!(%account, %generation, fingerprint = %fingerprint(), "a token was issued");
    } else {
        // A start takes one over for each account: too much to be worth everybody's reading.
        tracing::debug!(%account, %generation, fingerprint = %fingerprint(), "a token was taken over");
    }
    work.fingerprint = None;
    slot.cell.publish(CredentialState::Usable(credential));
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
