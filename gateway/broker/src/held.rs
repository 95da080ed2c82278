//! What this gateway holds of an account, as a record. A failover of the database may have lost what only the
//! gateways' memory still has.

use crate::{context::BrokerContext, field_text, grant_record, slot::Slot};
use gateway_model::{
    AccountId, Credential, CredentialState, GrantStatus, GrantVersion, SlotCredential,
};
use gateway_store::{GrantRecord, StoredSlot, StoredToken, Timestamp};
use gateway_token::PublishedToken;
use std::time::{Instant, SystemTime};

/// What a comparison of this gateway's memory with the store asks first.
#[derive(Clone, Debug)]
pub struct HeldGrant {
    /// The account.
    pub account: AccountId,
    /// Its version; [`GrantVersion::NONE`] if nothing is held.
    pub version: GrantVersion,
    /// Whether it may be presented.
    pub status: GrantStatus,
    /// Whether this gateway is the account's owner.
    pub owned: bool,
}

/// What is held of every account's grant.
pub(crate) fn all(context: &BrokerContext) -> Vec<HeldGrant> {
    let slots = context.slots();
    let held = slots.iter().map(|slot| {
        let state = slot.lock();
        HeldGrant {
            account: slot.cell.account().clone(),
            version: state.version,
            status: grant_record::status(state.lifecycle().grant()),
            owned: state.owner.is_this(),
        }
    });
    held.collect()
}

/// The record; `None` while a token request is under way, which makes a newer one, or if nothing is held.
pub(crate) fn record(context: &BrokerContext, slot: &Slot) -> Option<GrantRecord> {
    // Both clocks at once, so that every instant is translated by the same distance.
    let (now, wall) = (context.clock.now(), context.clock.wall());
    let at = |at: Instant| Timestamp::from(wall_at(at, now, wall));
    let state = slot.lock();
    if state.in_flight() || state.version == GrantVersion::NONE {
        return None;
    }
    let published = state.lifecycle().state().token();
    let token = match &*slot.cell.load().1 {
        CredentialState::Usable(credential) => {
            published.map(|published| token(credential, published, state.spec.key.to_bytes(), at))
        }
        CredentialState::Absent(_) => None,
    };
    Some(GrantRecord {
        account: slot.cell.account().clone(),
        version: state.version,
        status: grant_record::status(state.lifecycle().grant()),
        state: state.plugin_state.clone(),
        token,
        facts: state.facts.clone(),
        consented_at: state.consented_at,
        expires_at: state.grant_ends,
        intent: None,
        restored: None,
        written_by: None,
    })
}

fn token(
    credential: &Credential,
    published: &PublishedToken,
    key: [u8; 32],
    at: impl Fn(Instant) -> Timestamp,
) -> StoredToken {
    let slot = |slot: &SlotCredential| {
        // A slot without a credential is asked for with the next token.
        let content = slot.content.as_ref().ok()?;
        Some(StoredSlot {
            name: slot.name.to_string(),
            headers: field_text::write(&content.headers),
            expires_at: Some(at(content.expires_at)),
            failure: None,
        })
    };
    StoredToken {
        headers: field_text::write(&credential.headers),
        issued_at: at(published.issued_at),
        expires_at: Some(at(published.expires_at)),
        renew_at: None,
        key,
        slots: credential.slots.iter().filter_map(slot).collect(),
    }
}

/// The wall time of an instant, by the two clocks' present distance.
fn wall_at(at: Instant, now: Instant, wall: SystemTime) -> SystemTime {
    match at.checked_duration_since(now) {
        Some(ahead) => wall + ahead,
        None => wall - now.saturating_duration_since(at),
    }
}
