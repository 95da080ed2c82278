//! Tokens for the admin API.

use crate::SecretText;
use gateway_model::Role;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One admin token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminTokenView {
    /// The name that the operator gave it. The audit trail names its holder by it.
    pub name: String,
    /// What the token permits: `admin` or `read_only`.
    #[schema(value_type = String)]
    pub role: Role,
    /// When the token was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When this gateway last accepted the token; absent if it has not since its start.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// An admin token to make.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAdminToken {
    /// The name of the new token.
    pub name: String,
    /// What the token permits: `admin` or `read_only`.
    #[schema(value_type = String)]
    pub role: Role,
}

/// A new admin token. The token is shown only in this response.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AdminTokenSecret {
    /// The token's description.
    #[serde(flatten)]
    pub view: AdminTokenView,
    /// The token.
    pub token: SecretText,
}
