//! Apps, and the retired access keys by which old ones are recognised.

use crate::Timestamp;
use gateway_model::{AccountId, AppId, ManagedBy, RateLimit};
use std::fmt;

/// SHA-256 of a secret; all that the store keeps of an app's secret or an admin token.
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
    /// The operator's name of it; unique.
    pub name: AppId,
    /// What it calls itself at the gateway's token endpoint; unique.
    pub client_id: Option<String>,
    /// Of the secret that goes with it.
    pub secret: Option<SecretDigest>,
    /// Of what it sends in `Waybill-Key`.
    pub key: Option<SecretDigest>,
    /// What it may use; the first of a carrier and environment is its default there.
    pub accounts: Vec<AccountId>,
    /// How often it may call.
    pub rate: Option<RateLimit>,
    /// Who may change it.
    pub managed_by: ManagedBy,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its secrets were last replaced.
    pub rotated_at: Option<Timestamp>,
}

/// A retired access key that still tells which app is calling.
#[derive(Clone, Debug)]
pub struct LegacyKeyRecord {
    /// Of the key; unique.
    pub key: SecretDigest,
    /// Its last four characters, for people.
    pub hint: String,
    /// Whose app sends it, if it is a registered one.
    pub app: Option<AppId>,
    /// The account whose tokens replace it.
    pub account: AccountId,
    /// When it was added.
    pub created_at: Timestamp,
}
