//! An account's document.

use super::secret;
use crate::{AccountRecord, Timestamp};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, ManagedBy, Secret,
    SettingName,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(remote = "AccountRecord")]
pub(super) struct AccountDoc {
    name: AccountId,
    aliases: Vec<AccountId>,
    carrier: CarrierId,
    environment: Environment,
    numbers: Vec<AccountNumber>,
    grant: GrantKind,
    client_id: String,
    #[serde(with = "secret::texts")]
    client_secrets: Vec<ClientSecret>,
    // Documents of older programs have neither.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<SettingName, Value>,
    #[serde(
        default,
        with = "secret::named",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    secret_settings: BTreeMap<SettingName, Secret>,
    active: bool,
    default: bool,
    managed_by: ManagedBy,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}
