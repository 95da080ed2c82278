//! Accounts.

use crate::{NoticeView, RatesView, SecretText};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, Environment, GrantKind, ManagedBy, SettingName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// The name that the operator gave it.
    #[schema(value_type = String)]
    pub name: AccountId,
    /// Other names by which apps may refer to it.
    #[schema(value_type = Vec<String>)]
    pub aliases: Vec<AccountId>,
    /// The carrier.
    #[schema(value_type = String)]
    pub carrier: CarrierId,
    /// The carrier's environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The numbers that the carrier issued. The login must own each of them: a sign-in and a probe try all.
    #[schema(value_type = Vec<String>)]
    pub numbers: Vec<AccountNumber>,
    /// How the account's tokens are obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// The OAuth client id.
    pub client_id: String,
    /// The number of client secrets, which are tried in order.
    pub client_secrets: usize,
    /// What the carrier's plugin wants to know besides, without secrets.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub settings: BTreeMap<SettingName, Value>,
    /// The names of the settings that are secrets.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub secret_settings: Vec<SettingName>,
    /// Whether the gateway serves the account, renews its tokens and sends reminders for it.
    pub active: bool,
    /// Whether it is the default account of its carrier and environment.
    pub default: bool,
    /// Where the account is changed: `config` (the configuration file) or `operator` (this API).
    #[schema(value_type = String)]
    pub managed_by: ManagedBy,
    /// The account's state.
    // Computed by the gateway, so that all clients agree on what an account's state is.
    pub state: AccountState,
    /// The reason for the state and what to do, for people.
    pub message: Option<String>,
    /// Why it is not known whether the carrier still accepts the person's sign-in, and what to do.
    pub sign_in_in_doubt: Option<String>,
    /// When the current token expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub token_expires_at: Option<Timestamp>,
    /// When the grant itself expires and a person must sign in again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grant_expires_at: Option<Timestamp>,
    /// When the account was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Open notices about the account.
    pub notices: Vec<NoticeView>,
    /// What the last test call said of negotiated rates; absent if none has shown it since the gateway started.
    #[serde(default)]
    pub rates: Option<RatesView>,
}

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Requests get a token.
    Ready,
    /// The first token has not been requested yet, or its request is in progress.
    Pending,
    /// A person must sign in at the carrier.
    NeedsConsent,
    /// There is no usable token; the gateway keeps trying to get one.
    Failing,
    /// The carrier refused the credentials, or they cannot work: an operator must act.
    Refused,
    /// The account is switched off.
    Inactive,
}

/// An account to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    /// The name of the new account.
    #[schema(value_type = String)]
    pub name: AccountId,
    /// Other names by which apps may refer to it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub aliases: Vec<AccountId>,
    /// The carrier.
    #[schema(value_type = String)]
    pub carrier: CarrierId,
    /// The carrier's environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The numbers that the carrier issued, at most 32. The login must own each of them.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub numbers: Vec<AccountNumber>,
    /// How the account's tokens are obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// The OAuth client id.
    pub client_id: String,
    /// The client secrets, in the order in which they are tried.
    // Several, so that a new secret can be added before the carrier switches the old one off.
    pub client_secrets: Vec<SecretText>,
    /// What the carrier's plugin wants to know besides, under the names that the plugin defines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub settings: BTreeMap<SettingName, Value>,
    /// Secrets that the carrier's plugin wants to know besides: texts under the names that it defines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub secret_settings: BTreeMap<SettingName, SecretText>,
    /// Makes it the default account of its carrier and environment.
    #[serde(default)]
    pub default: bool,
}

/// Changes to an account. An absent member leaves its value unchanged.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAccount {
    /// Other names by which apps may refer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub aliases: Option<Vec<AccountId>>,
    /// The numbers that the carrier issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub numbers: Option<Vec<AccountNumber>>,
    /// The OAuth client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The client secrets, in the order in which they are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secrets: Option<Vec<SecretText>>,
    /// Settings of the carrier's plugin. A name with `null` is removed; a name that is absent stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<BTreeMap<SettingName, Option<Value>>>,
    /// Secret settings of the carrier's plugin. A name with `null` is removed; a name that is absent stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub secret_settings: Option<BTreeMap<SettingName, Option<SecretText>>>,
    /// Whether the gateway serves the account, renews its tokens and sends reminders for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `true` makes it the default account of its carrier and environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}
