//! Tokens on the wire: everything but the token.

use gateway_model::{AccountId, GrantKind, GrantStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known of an account's token; never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// Whose.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// How it was obtained: `client_credentials` or `authorization_code`.
    #[schema(value_type = String)]
    pub grant: GrantKind,
    /// How its lifecycle stands: `fresh`, `renewing`, `backing_off` …
    pub state: String,
    /// Whether requests get it now.
    pub usable: bool,
    /// Why not, and what to do.
    pub message: Option<String>,
    /// `Bearer`.
    pub token_type: Option<String>,
    /// The carrier's word: `approved`.
    pub status: Option<String>,
    /// What it may be used for.
    pub scope: Option<String>,
    /// Tells tokens apart without telling them.
    pub fingerprint: Option<String>,
    /// When it was issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued_at: Option<Timestamp>,
    /// When the carrier ends it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The refresh token, if there is one.
    pub refresh: Option<RefreshView>,
    /// When the next token is asked for.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_renewal_at: Option<Timestamp>,
    /// The newest attempts, newest first.
    pub renewals: Vec<RenewalView>,
}

/// What is known of a refresh token; never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshView {
    /// Whether it may be presented.
    #[schema(value_type = String)]
    pub standing: GrantStatus,
    /// The carrier's word: `approved`.
    pub status: Option<String>,
    /// When it was issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued_at: Option<Timestamp>,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// How often the grant was refreshed, as the carrier counts.
    pub count: Option<u64>,
    /// When a person last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub consented_at: Option<Timestamp>,
}

/// One attempt to obtain a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewalView {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why it was made.
    pub reason: String,
    /// `issued`, or the failure's class.
    pub outcome: String,
    /// The failure's code.
    pub code: Option<String>,
    /// The failure's message.
    pub message: Option<String>,
}
