//! The way from access keys to OAuth, on the wire.

use super::SecretText;
use gateway_model::{AccountId, AccountNumber, Environment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One account as the old software knew it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegacyProfile {
    /// Its name there.
    pub name: String,
    /// The carrier's number of it.
    pub account_number: String,
    /// The retired access key.
    #[serde(default)]
    pub access_key: Option<SecretText>,
    /// The user at the carrier.
    #[serde(default)]
    pub user_id: Option<String>,
    /// `production` or `test`; production if absent.
    #[serde(default)]
    pub environment: Option<String>,
}

/// What to migrate, and with which OAuth client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartMigration {
    /// To which carrier.
    pub carrier: String,
    /// The profiles.
    pub profiles: Vec<LegacyProfile>,
    /// The OAuth client that people consent to.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretText,
}

/// What a migration would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationPlan {
    /// One for each account number and environment.
    pub items: Vec<MigrationItem>,
    /// Rows that cannot be used, and why.
    pub problems: Vec<String>,
}

/// One account number, with all profiles that share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationItem {
    /// The account it is or becomes.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The carrier's number.
    #[schema(value_type = String)]
    pub number: AccountNumber,
    /// In which environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The profiles that share it.
    pub profiles: Vec<String>,
    /// How far it is.
    pub state: MigrationState,
    /// For people.
    pub message: String,
}

/// How far an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MigrationState {
    /// An account with a working login exists: nothing to do.
    Compliant,
    /// A person must sign in at the carrier.
    NeedsConsent,
    /// Migrated and proven.
    Done,
    /// Tried and refused.
    Failed,
    /// Left out by the operator.
    Skipped,
}

/// A migration under way or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationView {
    /// Its name.
    pub id: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was finished or undone.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Where the backup is that it can be undone from.
    pub backup: Option<String>,
    /// Its items.
    pub items: Vec<MigrationItem>,
}
