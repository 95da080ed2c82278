//! An account's document.

use super::secret;
use crate::{AccountRecord, Timestamp};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, ManagedBy,
};
use serde::{Deserialize, Serialize};

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
    active: bool,
    default: bool,
    managed_by: ManagedBy,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}
