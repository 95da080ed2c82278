//! Invitations: a link with which somebody signs in at a carrier with one login, and sees nothing else.

use crate::SecretText;
use gateway_model::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// A sign-in can be finished with it.
    Open,
    /// The sign-in was finished with it.
    Used,
    /// Its days are over.
    Ended,
    /// An administrator took it back.
    Revoked,
}

/// One account of an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitedAccount {
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// What has become of the invitation for it.
    pub state: InvitationState,
    /// When a sign-in was finished for it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
}

/// One invitation, without its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    /// Its id, which is no secret.
    pub id: String,
    /// The first account that the invited person signs in for.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// All accounts that the invited person signs in for, in their order. Older gateways leave it out.
    #[serde(default)]
    pub accounts: Vec<InvitedAccount>,
    /// Its state: open as long as one account waits, used when no account does.
    pub state: InvitationState,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When the last sign-in was finished with it, once it is used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// When an administrator took it back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// An invitation to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddInvitation {
    /// The account that the invited person signs in for.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Further accounts of the same login at the same carrier. The person signs in for one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub also: Vec<AccountId>,
    /// Also all accounts that are known to be of the same login: they have an account number in common, or the list of
    /// the migration names the same user for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_login: bool,
    /// How many days it is good: 1 to 30; 7 if absent.
    #[serde(default)]
    pub days: Option<u16>,
}

/// A new invitation. The link is shown only in this response.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InvitationLink {
    /// The invitation.
    #[serde(flatten)]
    pub view: InvitationView,
    /// The link. What follows `#` is the invitation's code; a browser sends it to no server by itself.
    pub link: SecretText,
    /// Why the invited person may not reach the link, and what to do.
    pub warning: Option<String>,
}
