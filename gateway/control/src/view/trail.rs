//! What happened, what people should know, who may ask.

use super::SecretText;
use gateway_model::{AccountId, NoticeKind, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who did what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On what.
    pub subject: String,
    /// Further facts.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// `ok`, an error's code, or none while it is not known.
    pub outcome: Option<String>,
}

/// Something that a person should know about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// About which account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Why: `ending`, `ended`, `refused`, `in_doubt` or `misconfigured`.
    #[schema(value_type = String)]
    pub kind: NoticeKind,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What ends when, what stops working, what to do.
    pub message: String,
}

/// A token for the admin API, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminTokenView {
    /// The operator's name of it.
    pub name: String,
    /// What it may do: `admin` or `read_only`.
    #[schema(value_type = String)]
    pub role: Role,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A token for the admin API to make.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAdminToken {
    /// The operator's name of it.
    pub name: String,
    /// What it may do: `admin` or `read_only`.
    #[schema(value_type = String)]
    pub role: Role,
}

/// A new token, shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AdminTokenSecret {
    /// The token's description.
    #[serde(flatten)]
    pub view: AdminTokenView,
    /// The token.
    pub token: SecretText,
}

/// The new master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The absolute path of the new key's file on the gateway's machine; made if it is not there.
    pub file: String,
}

/// What became of a rotation of the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyRotated {
    /// How many secrets were sealed anew.
    pub resealed: u64,
}

/// The gateway as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// Its version.
    pub version: String,
    /// `memory`, `sqlite` or `postgres`.
    pub store: String,
    /// Exactly as it must be registered at carriers.
    pub redirect_uri: String,
    /// How many accounts there are.
    pub accounts: usize,
    /// How many of them get tokens now.
    pub usable: usize,
    /// Open notices.
    pub notices: Vec<NoticeView>,
}
