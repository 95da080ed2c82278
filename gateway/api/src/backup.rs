//! Backups.

use crate::SecretText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A backup to make. Exactly one member says what the backup is sealed with.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// A passphrase of at least twelve characters. A restore needs it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<SecretText>,
    /// A key: 32 random bytes as base64 or hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretText>,
    /// The public half of such a key, as `waybill key recipient` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}
