//! The migration from access keys to OAuth.

use crate::SecretText;
use gateway_model::{AccountId, AccountNumber, Environment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One account profile of the older software.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LegacyProfile)]
#[serde(deny_unknown_fields)]
pub struct MigrationProfile {
    /// The profile's name in that software.
    pub name: String,
    /// The account number that the carrier issued.
    pub account_number: String,
    /// The retired access key.
    #[serde(default)]
    pub access_key: Option<SecretText>,
    /// The user at the carrier. Profiles with the same user share one account and one sign-in.
    #[serde(default)]
    pub user_id: Option<String>,
    /// `production` or `test`; `production` if absent.
    #[serde(default)]
    pub environment: Option<String>,
}

/// What to migrate, and the OAuth client to migrate it to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartMigration {
    /// The carrier.
    pub carrier: String,
    /// The profiles.
    pub profiles: Vec<MigrationProfile>,
    /// The id of the OAuth client to which people consent.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretText,
}

/// What a migration would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationPlan {
    /// One item for each carrier login and environment.
    pub items: Vec<MigrationItem>,
    /// How many sign-ins the items need.
    pub sign_ins: usize,
    /// Profiles that cannot be migrated, and why.
    pub problems: Vec<String>,
}

/// One account, with all profiles that share it and its sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationItem {
    /// The account that the profiles become, or that exists already.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The account numbers that the carrier issued. The user who signs in must own each of them.
    #[schema(value_type = Vec<String>)]
    pub numbers: Vec<AccountNumber>,
    /// The carrier's environment: `test` or `production`.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The profiles of the older software that the account stands for.
    pub profiles: Vec<String>,
    /// How far the migration of this item is.
    pub state: MigrationState,
    /// The state in words, for people.
    pub message: String,
}

/// How far the migration of one item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MigrationState {
    /// An account with a working login exists: there is nothing to do.
    Compliant,
    /// A person must sign in at the carrier.
    NeedsConsent,
    /// The item was migrated, and a test call has proven it.
    Done,
    /// The carrier refused the attempt.
    Failed,
    /// The operator left the item out.
    Skipped,
}

/// A migration that is in progress or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationView {
    /// The migration's id.
    pub id: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was finished or undone.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The backup file from which the migration can be undone.
    pub backup: Option<String>,
    /// The migration's items.
    pub items: Vec<MigrationItem>,
    /// How many sign-ins are still to come.
    pub sign_ins: usize,
}
