//! Accounts on the wire.

use super::{NoticeView, SecretText};
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, GrantKind, ManagedBy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// The operator's name of it.
    #[schema(value_type = String)]
    pub name: AccountId,
    /// Other names that apps may use for it.
    #[schema(value_type = Vec<String>)]
    pub aliases: Vec<AccountId>,
    /// At which carrier.
    #[schema(value_type = String)]
    pub carrier: CarrierId,
    /// In which environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The carrier's numbers; the first is the one that a probe expects.
    #[schema(value_type = Vec<String>)]
    pub numbers: Vec<AccountNumber>,
    /// How its tokens are obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// The OAuth client's id.
    pub client_id: String,
    /// How many client secrets are tried, in order.
    pub client_secrets: usize,
    /// Whether it is served, renewed and reminded of.
    pub active: bool,
    /// Whether it is the default of its carrier and environment.
    pub default: bool,
    /// Who may change it: `config` or `operator`.
    #[schema(value_type = String)]
    pub managed_by: ManagedBy,
    /// How it stands.
    pub state: AccountState,
    /// For people: why it stands so, and what to do.
    pub message: Option<String>,
    /// When the current token ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub token_expires_at: Option<Timestamp>,
    /// When the grant itself ends and a person must sign in again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grant_expires_at: Option<Timestamp>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What people should know.
    pub notices: Vec<NoticeView>,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Requests get a token.
    Ready,
    /// The first token is on its way, or was not asked for yet.
    Pending,
    /// A person must sign in at the carrier.
    NeedsConsent,
    /// There is no usable token, and it is being tried again.
    Failing,
    /// The carrier refused the credentials, or they cannot work: an operator must act.
    Refused,
    /// Switched off.
    Inactive,
}

/// An account to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    /// The operator's name of it.
    #[schema(value_type = String)]
    pub name: AccountId,
    /// Other names that apps may use for it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub aliases: Vec<AccountId>,
    /// At which carrier.
    #[schema(value_type = String)]
    pub carrier: CarrierId,
    /// In which environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The carrier's numbers.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub numbers: Vec<AccountNumber>,
    /// How its tokens are obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// The OAuth client's id.
    pub client_id: String,
    /// The client's secrets, in the order in which they are tried.
    pub client_secrets: Vec<SecretText>,
    /// Makes it the default of its carrier and environment.
    #[serde(default)]
    pub default: bool,
}

/// Changes to an account; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAccount {
    /// Other names that apps may use for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub aliases: Option<Vec<AccountId>>,
    /// The carrier's numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub numbers: Option<Vec<AccountNumber>>,
    /// The OAuth client's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The client's secrets, in the order in which they are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secrets: Option<Vec<SecretText>>,
    /// Whether it is served, renewed and reminded of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `true` makes it the default of its carrier and environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// A consent that waits for a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsentStarted {
    /// For which account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Where the person signs in; it works once.
    pub url: SecretText,
    /// Exactly as it must be registered at the carrier.
    pub redirect_uri: String,
    /// Until when it can be finished.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// What a person copied from the browser.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasteConsent {
    /// The whole address that the carrier redirected to, or just the code.
    pub redirected: SecretText,
}

/// A consent that was finished and proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentDone {
    /// The account, which now uses the new login.
    pub account: AccountView,
    /// The proof.
    pub proof: ProbeReport,
}

/// What one harmless call showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeReport {
    /// Of which account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Which call: `Rating`; empty if the carrier's plugin has none.
    pub call: String,
    /// Whether the carrier accepted it.
    pub ok: bool,
    /// With which number.
    #[schema(value_type = Option<String>)]
    pub number: Option<AccountNumber>,
    /// Whether the login owns that number, if the call can tell.
    pub owned: Option<bool>,
    /// Whether the account gets negotiated rates, if the call can tell.
    pub negotiated: Option<bool>,
    /// The carrier's code, if it refused.
    pub code: Option<String>,
    /// For people.
    pub message: String,
    /// What to do, if something is to be done.
    pub remedy: Option<String>,
}
