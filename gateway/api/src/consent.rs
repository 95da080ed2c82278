//! Consents: a person signs in at the carrier.

use crate::{AccountView, ProbeReport, SecretText};
use gateway_model::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A consent that waits for a person to sign in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsentStarted {
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The address at which the person signs in. It can be used once.
    pub url: SecretText,
    /// The redirect URI, exactly as it must be registered with the carrier.
    pub redirect_uri: String,
    /// When the consent expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// What a person copied from the browser.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasteConsent {
    /// The whole address to which the carrier redirected, or the code alone.
    pub redirected: SecretText,
}

/// A consent that was finished and proven by a test call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentDone {
    /// The account, which now uses the new login.
    pub account: AccountView,
    /// The result of the test call.
    pub proof: ProbeReport,
    /// The id of the invitation with which the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// How many accounts of the invitation still wait for a sign-in.
    #[serde(default)]
    pub invitation_left: usize,
}
