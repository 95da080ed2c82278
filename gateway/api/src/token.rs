//! What is known about tokens. The tokens themselves are never sent.

use gateway_model::{AccountId, GrantKind, GrantStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known about an account's access token. The token itself is never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// How the token was obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// The state of the token's lifecycle: `fresh`, `renewing`, `backing_off` …
    pub state: String,
    /// Whether requests get the token now.
    pub usable: bool,
    /// Why there is no usable token, and what to do.
    pub message: Option<String>,
    /// The token type: `Bearer`.
    pub token_type: Option<String>,
    /// The status as the carrier reports it: `approved`.
    pub status: Option<String>,
    /// The token's scope.
    pub scope: Option<String>,
    /// A fingerprint that distinguishes tokens without revealing them.
    pub fingerprint: Option<String>,
    /// When the token was issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued_at: Option<Timestamp>,
    /// When the token expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The further slots: credentials that only some operations need.
    #[serde(default)]
    pub slots: Vec<SlotView>,
    /// The refresh token, if there is one.
    pub refresh: Option<RefreshView>,
    /// When the next token will be requested.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_renewal_at: Option<Timestamp>,
    /// The latest attempts to obtain a token, newest first.
    pub renewals: Vec<RenewalView>,
}

/// What is known about a further slot. Its credential is never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// The slot's name in the manifest of the carrier's plugin: `payment`.
    pub name: String,
    /// Until when the gateway uses the credential; absent if there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub usable_until: Option<Timestamp>,
    /// Why there is no credential, and what to do.
    pub message: Option<String>,
}

/// What is known about a refresh token. The token itself is never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshView {
    /// Whether the refresh token may be presented: `held`, `presenting`, `outcome_unknown`,
    /// `last_chance` or `spent`.
    // The wire name is older than the type's, and programs read it.
    #[serde(rename = "standing")]
    #[schema(value_type = String)]
    pub grant_status: GrantStatus,
    /// The status as the carrier reports it: `approved`.
    pub status: Option<String>,
    /// When the refresh token was issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued_at: Option<Timestamp>,
    /// When the refresh token expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// How many times the grant was refreshed, as the carrier counts.
    pub count: Option<u64>,
    /// When a person last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub consented_at: Option<Timestamp>,
}

/// One attempt to obtain a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewalView {
    /// When the attempt ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why it was made.
    pub reason: String,
    /// `issued`, or the class of the failure.
    pub outcome: String,
    /// The carrier's error code.
    pub code: Option<String>,
    /// The failure's message.
    pub message: Option<String>,
}
