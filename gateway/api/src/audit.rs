//! The audit trail.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// The entry's number.
    pub id: i64,
    /// When the action began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who acted: the name of an admin token, `config`, `cli` or `gateway`.
    pub actor: String,
    /// The action: `account.add`.
    pub action: String,
    /// What was acted on: `account:main`.
    pub subject: String,
    /// Further facts.
    // Any JSON: each action has facts of its own, and later versions add some.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// `ok` or an error code; absent while the outcome is not known.
    pub outcome: Option<String>,
}
