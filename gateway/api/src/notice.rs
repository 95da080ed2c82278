//! Notices.

use gateway_model::{AccountId, NoticeKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A notice: something about an account that needs a person's attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The reason: `ending`, `ended`, `refused`, `in_doubt` or `misconfigured`.
    #[schema(value_type = String)]
    pub kind: NoticeKind,
    /// When the notice was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What ends and when, what stops working, and what to do.
    pub message: String,
}
