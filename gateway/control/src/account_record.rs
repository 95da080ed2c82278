//! What an account may look like, and what a change makes of one.

use crate::{ControlError, Fault};
use gateway_api::{SecretText, UpdateAccount};
use gateway_model::{GrantKind, ManagedBy, Secret, SettingName};
use gateway_store::AccountRecord;
use serde_json::Value;
use std::collections::BTreeMap;

/// The maximum number of account numbers: more than a login owns in practice, and few enough to make a
/// test call with each.
pub(crate) const MAX_NUMBERS: usize = 32;

/// Whether a change replaces something that a token depends on.
pub(crate) const fn has_credentials(change: &UpdateAccount) -> bool {
    change.client_id.is_some()
        || change.client_secrets.is_some()
        || change.settings.is_some()
        || change.secret_settings.is_some()
}

/// The record after the change.
pub(crate) fn changed(
    before: &AccountRecord,
    change: UpdateAccount,
) -> Result<AccountRecord, ControlError> {
    let only_switched = change.aliases.is_none()
        && change.numbers.is_none()
        && !has_credentials(&change)
        && change.default.is_none();
    // Switching an account on or off is an operational decision, so it is allowed for a declared
    // account, too.
    if before.managed_by == ManagedBy::Config && !only_switched {
        return Err(managed(before));
    }
    let mut record = before.clone();
    if let Some(id) = change.client_id.filter(|id| *id != before.client_id) {
        // A refresh token is bound to the client to which it was issued (RFC 6749 section 6).
        if before.grant == GrantKind::AuthorizationCode {
            let message = "the login of this account belongs to its client id";
            return Err(
                ControlError::new(Fault::Invalid, "client_id_bound", message).remedy(format!(
                    "add another account with the new client id (`waybill account add NAME`), sign in for it \
                     (`waybill account authorize NAME`), then remove this one with `waybill account remove {}`",
                    before.name
                )),
            );
        }
        record.client_id = client_id(id)?;
    }
    if let Some(new) = change.client_secrets {
        record.client_secrets = secrets(new)?;
    }
    change_settings(&mut record, change.settings, change.secret_settings)?;
    record.aliases = change.aliases.unwrap_or(record.aliases);
    record.numbers = change.numbers.unwrap_or(record.numbers);
    record.active = change.active.unwrap_or(record.active);
    record.default = change.default.unwrap_or(record.default);
    Ok(record)
}

pub(crate) fn managed(account: &AccountRecord) -> ControlError {
    let message = format!("account {} is declared in the configuration", account.name);
    ControlError::new(Fault::Conflict, "managed_by_config", message)
        .remedy("change it there and run `waybill reload`")
}

/// Checks a client id: no colon and no control characters (RFC 7617 section 2). The error does not
/// repeat the text, because it is a secret if a person swaps the two.
pub(crate) fn client_id(text: String) -> Result<String, ControlError> {
    // Visible ASCII only, because a plugin may put the client id into a header field.
    let fits = |b: u8| b.is_ascii_graphic() && b != b':';
    if (1..=512).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    let message = "the client id is empty, too long, or has a space, a colon or a character \
                   outside ASCII";
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("copy it again from the carrier's developer page"))
}

pub(crate) fn secrets(texts: Vec<SecretText>) -> Result<Vec<Secret>, ControlError> {
    let fits = |secret: &Secret| {
        let text = secret.expose();
        (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let secrets: Vec<_> = texts.into_iter().map(|text| text.0).collect();
    // Several, so that a new secret can be added while the carrier still accepts the old one.
    if !secrets.is_empty() && secrets.len() <= 8 && secrets.iter().all(fits) {
        return Ok(secrets);
    }
    let message = "an account has one to eight client secrets, without spaces or characters \
                   outside ASCII";
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("copy the secret again from the carrier's developer page"))
}

/// The secrets among the settings of a new account.
pub(crate) fn secret_settings(
    texts: BTreeMap<SettingName, SecretText>,
    plain: &BTreeMap<SettingName, Value>,
) -> Result<BTreeMap<SettingName, Secret>, ControlError> {
    let named = texts.into_iter().map(|(name, text)| (name, text.0));
    let secrets: BTreeMap<_, _> = named.collect();
    one_of_each(plain, &secrets)?;
    Ok(secrets)
}

/// Applies a change as RFC 7396 does: a name with null is removed, a name that is not there stays.
fn change_settings(
    record: &mut AccountRecord,
    plain: Option<BTreeMap<SettingName, Option<Value>>>,
    secret: Option<BTreeMap<SettingName, Option<SecretText>>>,
) -> Result<(), ControlError> {
    for (name, value) in plain.into_iter().flatten() {
        match value {
            Some(value) => drop(record.settings.insert(name, value)),
            None => drop(record.settings.remove(&name)),
        }
    }
    for (name, secret) in secret.into_iter().flatten() {
        match secret {
            Some(secret) => drop(record.secret_settings.insert(name, secret.0)),
            None => drop(record.secret_settings.remove(&name)),
        }
    }
    one_of_each(&record.settings, &record.secret_settings)
}

/// With a setting in both places nobody could tell which of them counts.
fn one_of_each(
    plain: &BTreeMap<SettingName, Value>,
    secret: &BTreeMap<SettingName, Secret>,
) -> Result<(), ControlError> {
    let Some(name) = plain.keys().find(|name| secret.contains_key(*name)) else {
        return Ok(());
    };
    let message = format!("the setting {name} is given as a plain value and as a secret");
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("give it once, or remove the other one"))
}
