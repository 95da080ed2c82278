//! Describes an account for an operator.

use crate::{
    AccountStatus, SlotStatus, context::BrokerContext, credential, grant_record,
    publication::usable, slot::Slot,
};
use gateway_model::{CredentialState, SlotCredential};
use gateway_store::Timestamp;
use gateway_token::LifecycleState;
use std::time::{Instant, SystemTime};

/// Describes one account at this instant.
pub(crate) fn describe(context: &BrokerContext, slot: &Slot) -> AccountStatus {
    // Both clocks at once, so that every instant is translated by the same distance.
    let (now, wall) = (context.clock.now(), context.clock.wall());
    let wall_at = |at: Instant| wall_at(at, now, wall);
    let mut state = slot.lock();
    let fingerprint = match &*slot.cell.load().1 {
        // Hashed when it is first shown, and then remembered until the next publication.
        CredentialState::Usable(credential) => {
            let headers = &credential.headers;
            let looked = || credential::fingerprint(headers);
            Some(*state.fingerprint.get_or_insert_with(looked))
        }
        CredentialState::Absent(_) => None,
    };
    let slots = match &*slot.cell.load().1 {
        CredentialState::Usable(credential) => {
            let slots = credential.slots.iter();
            slots.map(|slot| slot_status(slot, &wall_at)).collect()
        }
        CredentialState::Absent(_) => Vec::new(),
    };
    let lifecycle = state.lifecycle().state();
    let token = lifecycle.token();
    let next = match lifecycle {
        LifecycleState::Fresh { next, .. } => next.at(),
        LifecycleState::BackingOff { until, .. } => Some(*until),
        LifecycleState::Rejected { probe_at, .. } => *probe_at,
        LifecycleState::Vacant
        | LifecycleState::Acquiring { .. }
        | LifecycleState::Renewing { .. } => None,
    };
    let published_now = usable(&slot.cell, now);
    AccountStatus {
        account: state.spec.account.clone(),
        carrier: state.spec.carrier.clone(),
        environment: state.spec.environment,
        client_id: state.spec.client_id.clone(),
        state: lifecycle.as_str(),
        usable: published_now.is_ok(),
        unavailable: published_now.err(),
        generation: state.lifecycle().generation(),
        fingerprint,
        issued_at: token.and_then(|token| wall_at(token.issued_at)),
        expires_at: token.and_then(|token| wall_at(token.expires_at)),
        grant: grant_record::status(state.lifecycle().grant()),
        grant_ends_at: state.grant_ends.map(Timestamp::to_system_time),
        facts: state.facts.clone(),
        slots,
        next_attempt_at: next.and_then(wall_at),
        cooling_down_until: state.lifecycle().cooling_down_until(now).and_then(wall_at),
        last_result: state.last_result.clone(),
        failures: state.lifecycle().failures(),
        minted: state.minted,
        joined: slot.joined.value(),
        served: slot.served.value(),
        waiting: state.waiters.len(),
    }
}

fn slot_status(
    slot: &SlotCredential,
    wall_at: &impl Fn(Instant) -> Option<SystemTime>,
) -> SlotStatus {
    let usable_until = match &slot.content {
        // A time that the system's clock cannot express is as good as now.
        Ok(content) => Ok(wall_at(content.expires_at).unwrap_or(SystemTime::UNIX_EPOCH)),
        Err(why) => Err(why.message.clone()),
    };
    SlotStatus {
        name: slot.name.to_string(),
        usable_until,
    }
}

/// The wall time of an instant, by the two clocks' present distance.
fn wall_at(at: Instant, now: Instant, wall: SystemTime) -> Option<SystemTime> {
    match at.checked_duration_since(now) {
        Some(ahead) => wall.checked_add(ahead),
        None => wall.checked_sub(now.saturating_duration_since(at)),
    }
}
