//! Accounts at carriers.

use crate::Timestamp;
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, ManagedBy, Secret,
    SettingName,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// One login at a carrier, without its tokens.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    /// The operator's name for the account; unique.
    pub name: AccountId,
    /// Other names that apps may use for it.
    pub aliases: Vec<AccountId>,
    /// The carrier.
    pub carrier: CarrierId,
    /// The carrier's environment. It never changes.
    pub environment: Environment,
    /// The carrier's numbers; the login must own each of them.
    pub numbers: Vec<AccountNumber>,
    /// How the account's tokens are obtained.
    pub grant: GrantKind,
    /// The id of the OAuth client at the carrier.
    pub client_id: String,
    /// The client's secrets, in the order in which they are tried. They are sealed in the store.
    pub client_secrets: Vec<ClientSecret>,
    /// What the carrier's plugin wants to know besides.
    pub settings: BTreeMap<SettingName, Value>,
    /// Secrets that the carrier's plugin wants to know besides. They are sealed in the store.
    pub secret_settings: BTreeMap<SettingName, Secret>,
    /// Whether the gateway serves the account, renews its tokens and sends reminders about it.
    pub active: bool,
    /// Whether the account is the default of its carrier and environment. At most one account is.
    pub default: bool,
    /// Who may change the account: an operator, or the configuration file.
    pub managed_by: ManagedBy,
    /// When the account was added.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. An update names the revision that it was made from.
    pub revision: i64,
}
