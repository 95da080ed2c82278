//! What travels besides the control plane's views.

use gateway_control::view::SecretText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where every route of the API begins.
pub(crate) const BASE: &str = "/api/v1";
/// The answer's field that says which version answered.
pub(crate) const VERSION_FIELD: &str = "waybill-version";
/// The version of this crate, and so of the gateway that serves it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An answer that says why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, for programs: `unknown_account`, `rate_limited` …
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// A backup to make.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// What the backup is sealed under, twelve characters at least; a restore needs it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<SecretText>,
    /// Instead of a passphrase: 32 random bytes as base64 or hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretText>,
    /// Instead of both: the public half of such a key, as `waybill key recipient` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}
