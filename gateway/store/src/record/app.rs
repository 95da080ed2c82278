//! Apps, and the retired access keys that identify apps with older software.

use crate::Timestamp;
use gateway_model::{AccountId, AppId, ManagedBy, RateLimit};
use std::fmt;

/// The SHA-256 digest of a secret. The store keeps no more of the secret of an app or of an admin token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretDigest(pub [u8; 32]);

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

/// A program that calls the gateway.
#[derive(Clone, Debug)]
pub struct AppRecord {
    /// The operator's name for the app; unique.
    pub name: AppId,
    /// The app's client id at the gateway's token endpoint; unique.
    pub client_id: Option<String>,
    /// The digest of the app's client secret.
    pub secret: Option<SecretDigest>,
    /// The digest of the key that the app sends in `Waybill-Key`.
    pub key: Option<SecretDigest>,
    /// The accounts that the app may use. The first of a carrier and environment is its default there.
    pub accounts: Vec<AccountId>,
    /// The app's rate limit.
    pub rate: Option<RateLimit>,
    /// Who may change the app: an operator, or the configuration file.
    pub managed_by: ManagedBy,
    /// When the app was added.
    pub created_at: Timestamp,
    /// When the app's secrets were last replaced.
    pub rotated_at: Option<Timestamp>,
}

/// A retired access key that identifies the app that sends it.
#[derive(Clone, Debug)]
pub struct LegacyKeyRecord {
    /// The digest of the access key; unique.
    pub key: SecretDigest,
    /// The access key's last four characters, for people.
    pub hint: String,
    /// The registered app that sends the access key, if there is one.
    pub app: Option<AppId>,
    /// The account whose tokens replace the access key.
    pub account: AccountId,
    /// When the access key was added.
    pub created_at: Timestamp,
}
