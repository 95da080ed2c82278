//! The slots of a credential other than the first, on their way from the plugin to the data plane and through
//! the store.

use crate::{
    field_text::{self, Fields},
    unavailable,
};
use gateway_model::{AccountId, Clock, Failure, SlotContent, SlotCredential};
use gateway_plugin_host::IssuedSlot;
use gateway_store::{StoredFailure, StoredSlot, StoredToken, Timestamp};
use gateway_token::RenewalPolicy;
use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

/// A slot that was issued or adopted, and not yet published.
#[derive(Debug)]
pub(crate) struct FurtherSlot {
    name: Arc<str>,
    fields: Result<Fields, Failure>,
    /// From when to when the fields are good; `None`: as long as the credential.
    life: Option<(SystemTime, SystemTime)>,
}

/// What an authorization that began then issued.
pub(crate) fn issued(slots: Vec<IssuedSlot>, began_at: SystemTime) -> Vec<FurtherSlot> {
    let take = |slot: IssuedSlot| FurtherSlot {
        life: end(&slot, began_at).map(|ends| (began_at, ends)),
        name: slot.name,
        fields: slot.fields,
    };
    slots.into_iter().map(take).collect()
}

/// What the store kept with a token. A slot that cannot be read is left out, as if the plugin had said
/// nothing about it.
pub(crate) fn stored(token: &StoredToken) -> Vec<FurtherSlot> {
    let read = |slot: &StoredSlot| {
        let fields = match &slot.failure {
            Some(kept) => Err(Failure::new(kept.class, &*kept.code, &*kept.message)),
            None => Ok(field_text::read(&slot.headers)?),
        };
        let issued_at = token.issued_at.to_system_time();
        Some(FurtherSlot {
            name: slot.name.as_str().into(),
            fields,
            life: slot.expires_at.map(|at| (issued_at, at.to_system_time())),
        })
    };
    token.slots.iter().filter_map(read).collect()
}

/// What the store keeps of them.
pub(crate) fn to_store(slots: &[IssuedSlot], began_at: SystemTime) -> Vec<StoredSlot> {
    let keep = |slot: &IssuedSlot| StoredSlot {
        name: slot.name.to_string(),
        headers: field_text::write(slot.fields.as_deref().unwrap_or_default()),
        expires_at: end(slot, began_at).map(Timestamp::from),
        failure: slot.fields.as_ref().err().map(|failure| StoredFailure {
            class: failure.class,
            code: failure.code.clone(),
            message: failure.message.clone(),
        }),
    };
    slots.iter().map(keep).collect()
}

fn end(slot: &IssuedSlot, began_at: SystemTime) -> Option<SystemTime> {
    began_at.checked_add(slot.lifetime?)
}

impl FurtherSlot {
    /// The slot as the data plane uses it, of a credential that may be used until then.
    pub(crate) fn publish(
        self,
        account: &AccountId,
        (clock, policy): (&dyn Clock, &RenewalPolicy),
        usable_until: Instant,
    ) -> SlotCredential {
        let content = match self.fields {
            Ok(headers) => Ok(SlotContent {
                headers,
                expires_at: match self.life {
                    Some(life) => usable(life, clock, policy).min(usable_until),
                    None => usable_until,
                },
            }),
            Err(failure) => {
                let retry_at = failure.retry_after.map(|pause| clock.now() + pause);
                let why = unavailable::slot_failed(account, &self.name, &failure, retry_at);
                Err(why)
            }
        };
        SlotCredential {
            name: self.name,
            content,
        }
    }
}

/// Until when the fields may be injected: a margin before their end, as with tokens.
fn usable(
    (began, ends): (SystemTime, SystemTime),
    clock: &dyn Clock,
    policy: &RenewalPolicy,
) -> Instant {
    let life = ends.duration_since(began).unwrap_or_default();
    let left = ends.duration_since(clock.wall()).unwrap_or_default();
    let margin = policy.margin.min(life / 10);
    // Not longer than the carrier said, whatever the clock says now.
    clock.now() + left.min(life).saturating_sub(margin)
}

#[cfg(test)]
mod tests;
