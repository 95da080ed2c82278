//! Phase 7, for operations that need more than the account's first credential: the fields of further slots.

use gateway_model::{
    AccountId, Credential, Operation, SlotContent, Unavailable, UnavailableReason,
};
use http::{HeaderName, HeaderValue};
use std::time::Instant;

/// Adds the fields of the slots that the operation needs.
pub(super) fn add(
    fields: &mut Vec<(HeaderName, HeaderValue)>,
    credential: &Credential,
    operation: &Operation,
    account: &AccountId,
    now: Instant,
) -> Result<(), Unavailable> {
    for name in &operation.slots {
        let content = content(credential, name, account, now).map_err(|mut why| {
            let (operation, message) = (&operation.name, why.message);
            why.message = format!("the operation {operation} needs the slot {name}: {message}");
            why
        })?;
        for (name, value) in &content.headers {
            // A slot may replace a field of the first one: Amazon's restricted token stands in its place.
            fields.retain(|(other, _)| other != name);
            fields.push((name.clone(), value.clone()));
        }
    }
    Ok(())
}

fn content<'a>(
    credential: &'a Credential,
    name: &str,
    account: &AccountId,
    now: Instant,
) -> Result<&'a SlotContent, Unavailable> {
    let Some(slot) = credential.slot(name) else {
        return Err(Unavailable {
            reason: UnavailableReason::Misconfigured,
            message: format!(
                "account {account} has no credential in it, because the carrier's plugin issued none: add \
                 what the plugin's documentation asks for to the account's configuration"
            ),
            retry_at: None,
        });
    };
    let content = slot.content.as_ref().map_err(Clone::clone)?;
    if now < content.expires_at {
        return Ok(content);
    }
    Err(Unavailable {
        reason: UnavailableReason::Pending,
        message: format!(
            "the credential of account {account} in it has expired, and its renewal has not succeeded yet: \
             try again"
        ),
        retry_at: None,
    })
}
