//! What the data plane and the waiting callers are told.

use crate::{
    context::BrokerContext,
    credential,
    slot::{Slot, SlotState},
    unavailable,
};
use gateway_model::{CredentialCell, CredentialState, Generation, Unavailable};
use gateway_token::AbsenceReason;
use std::{sync::Arc, time::Instant};

/// Whether the cell holds a credential that may be injected now, and what it says otherwise.
pub(crate) fn usable(cell: &CredentialCell, now: Instant) -> Result<(), Unavailable> {
    match &*cell.load().1 {
        // Compared at each look, since a late timer must not make a dead token usable.
        CredentialState::Usable(credential) if now < credential.expires_at => Ok(()),
        CredentialState::Usable(_) => Err(unavailable::just_expired(cell.account())),
        CredentialState::Absent(unavailable) => Err(unavailable.clone()),
    }
}

/// Hands the token that was just issued or adopted to the data plane.
pub(crate) fn publish(
    context: &BrokerContext,
    slot: &Slot,
    state: &mut SlotState,
    generation: Generation,
    usable_until: Instant,
) {
    let token = state.unpublished.take();
    let minted = token.as_ref().is_some_and(|token| token.minted);
    // Never empty: the lifecycle publishes only right after a token was issued or adopted.
    let (headers, slots) = token
        .map(|token| (token.headers, token.slots))
        .unwrap_or_default();
    let config = context.config();
    let clocks = (&*context.clock, &config.policy.renewal);
    let account = slot.cell.account();
    let slots = slots
        .into_iter()
        .map(|further| further.publish(account, clocks, usable_until))
        .collect();
    let mut credential = credential::credential(generation, headers, slots, usable_until);
    if state.spec.authorizer.signs() {
        // Published together: a signature with another token's state would be refused.
        credential.state = Some(Arc::new(state.plugin_state.clone()));
    }
    let fingerprint = || credential::fingerprint(&credential.headers);
    if minted {
        state.minted += 1;
        context.metrics.minted.up();
        tracing::info!(%account, %generation, fingerprint = %fingerprint(), "a token was issued");
    } else {
        // `debug`: a start adopts a token for each account, and ten thousand lines help nobody.
        tracing::debug!(%account, %generation, fingerprint = %fingerprint(), "a token was taken over");
    }
    // Of the previous token.
    state.fingerprint = None;
    slot.cell.publish(CredentialState::Usable(credential));
}

/// Takes the published token away, or says anew why there is none.
pub(crate) fn withdraw(slot: &Slot, why: &AbsenceReason, retry_at: Option<Instant>) {
    let absent = unavailable::withdrawn(slot.cell.account(), why, retry_at);
    tracing::warn!(
        account = %slot.cell.account(), reason = absent.reason.as_str(),
        "there is no usable token: {}", absent.message
    );
    slot.cell.publish(CredentialState::Absent(absent));
}

/// Answers all callers that waited for a flight that has ended.
pub(crate) fn release_waiters(slot: &Slot, state: &mut SlotState, now: Instant) {
    // Most flights end without anybody waiting: the renewals that come in time.
    if state.waiters.len() == 0 {
        return;
    }
    let usable = usable(&slot.cell, now);
    let generation = state.lifecycle().generation();
    let last = state.last_result.clone();
    let flown = state.flown;
    state.waiters.release(flown, |waiter| match &usable {
        // Checked for each waiter: after a 401, the token that was refused is not good enough.
        Ok(()) if generation > waiter.newer_than => Ok(()),
        // The old token still serves, but a caller that was refused with it needs a newer one.
        Ok(()) => Err(unavailable::not_renewed(slot.cell.account(), last.as_ref())),
        Err(unavailable) => Err(unavailable.clone()),
    });
}
