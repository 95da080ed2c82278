//! The credentials that only some operations need.

use super::{finding::Findings, login::until};
use crate::ControlPlane;
use gateway_broker::SlotStatus;
use gateway_plugin_host::KnownCarrier;
use gateway_store::AccountRecord;
use serde_json::Value;

impl ControlPlane {
    /// One finding for each further slot of the account's token: without it the token alone looks sound.
    pub(super) fn slot_check(&self, account: &AccountRecord, findings: &mut Findings) {
        let known = self.context.plugins.known(&account.carrier);
        let status = self.context.broker.handle().status(&account.name);
        let (Some(known), Some(status)) = (known, status) else {
            return;
        };
        for slot in &status.slots {
            of_slot(account, &known, slot, findings);
        }
    }
}

fn of_slot(
    account: &AccountRecord,
    known: &KnownCarrier,
    slot: &SlotStatus,
    findings: &mut Findings,
) {
    let name = format!("slot {}", slot.name);
    let operations = operations(known, &slot.name);
    match &slot.usable_until {
        Ok(end) => {
            let end = until(Some(*end));
            findings.ok(&name, format!("{operations} can be served, {end}"));
        }
        Err(why) if !is_wanted(account, known, &slot.name) => {
            findings.skipped(&name, format!("{operations} cannot be served: {why}"));
        }
        Err(why) => {
            let remedy = format!(
                "do what the message says, then `waybill token renew {}`; the account serves its other \
                 operations meanwhile",
                account.name
            );
            let message = format!("{operations} cannot be served: {why}");
            findings.failure(&name, message, remedy);
        }
    }
}

/// The operations that need the slot, by their names.
fn operations(known: &KnownCarrier, slot: &str) -> String {
    let all = known.profile.api.operations().iter();
    let needing = all.filter(|operation| operation.slots.iter().any(|name| **name == *slot));
    let mut names: Vec<&str> = needing.map(|operation| operation.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// Whether the account asks for the slot by one of its settings. A slot without such settings is always wanted.
fn is_wanted(account: &AccountRecord, known: &KnownCarrier, slot: &str) -> bool {
    let settings = known.diagnosis.slot_settings.get(slot);
    settings.is_none_or(|settings| {
        let is_set = |name: &String| {
            let mut set = account.settings.iter();
            let off = Value::Bool(false);
            set.any(|(known, value)| known.as_str() == name && *value != off)
        };
        settings.is_empty() || settings.iter().any(is_set)
    })
}
