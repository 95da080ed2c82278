//! What the broker has to know of an account.

use crate::Authorizer;
use aws_lc_rs::digest::{Context, SHA256};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, Origin,
};
use std::{fmt, sync::Arc};

/// One account whose tokens the broker keeps fresh.
#[derive(Clone)]
pub struct AccountSpec {
    /// The name that the operator gave it.
    pub account: AccountId,
    /// Its carrier.
    pub carrier: CarrierId,
    /// Its environment at the carrier.
    pub environment: Environment,
    /// The OAuth client, whose mint budget is shared by all accounts that use it.
    pub client_id: String,
    /// The manifest's slot. Empty if the manifest has only one.
    pub slot: String,
    /// The grant with which tokens are requested.
    pub grant: GrantKind,
    /// Whether a grant of unknown fate may be presented once more when a login is the only
    /// alternative. Read when the account is added.
    pub last_chance: bool,
    /// A digest of the credentials; when it changes, everything that the old ones brought is dropped.
    pub key: SlotKey,
    /// Makes the token requests of the account.
    pub authorizer: Arc<dyn Authorizer>,
}

impl fmt::Debug for AccountSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSpec")
            .field("account", &self.account)
            .field("carrier", &self.carrier)
            .field("environment", &self.environment)
            .field("client_id", &self.client_id)
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

/// A digest of everything that a token depends on.
///
/// Two accounts, environments or secrets never share one, so a token cannot outlive the credentials
/// that brought it. It is compared and never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SlotKey([u8; 32]);

/// What a [`SlotKey`] is made of.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// Its carrier.
    pub carrier: &'a CarrierId,
    /// Its environment.
    pub environment: Environment,
    /// The origin of the token endpoint.
    pub origin: &'a Origin,
    /// Its OAuth client.
    pub client_id: &'a str,
    /// The client's secret.
    pub client_secret: &'a ClientSecret,
    /// The account number.
    pub account_number: Option<&'a AccountNumber>,
    /// The manifest's slot.
    pub slot: &'a str,
}

impl SlotKey {
    /// Digests the parts.
    pub fn new(parts: &KeyParts<'_>) -> Self {
        let origin = parts.origin.to_string();
        let mut digest = Context::new(&SHA256);
        for part in [
            parts.account.as_str(),
            parts.carrier.as_str(),
            parts.environment.as_str(),
            &origin,
            parts.client_id,
            // With the secret: a token that another secret brought must not be taken up again.
            parts.client_secret.expose(),
            parts.account_number.map_or("", AccountNumber::as_str),
            parts.slot,
        ] {
            // The length in front keeps "ab" + "c" apart from "a" + "bc".
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        let digest = digest.finish();
        let bytes = digest.as_ref().first_chunk();
        Self(*bytes.expect("a SHA-256 has 32 bytes"))
    }

    /// For keeping beside a token that these credentials brought.
    pub(crate) const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Whether it equals the one that was kept.
    pub(crate) fn is(&self, kept: &[u8; 32]) -> bool {
        self.0 == *kept
    }
}

impl fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotKey(..)")
    }
}
