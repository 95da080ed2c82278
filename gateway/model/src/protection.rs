//! What a backup is sealed with.

use crate::Secret;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

/// What a backup is sealed with.
#[derive(Clone, Debug)]
pub enum Protection {
    /// A passphrase of at least twelve characters, stretched with argon2id (RFC 9106).
    Passphrase(Secret),
    /// A key: 32 random bytes as base64 or hexadecimal digits. It should not be the store's master
    /// key.
    Key(Secret),
    /// The public half of such a key. It seals a backup; only the key itself opens it.
    Recipient(Recipient),
}

/// Distinguishes a recipient from a key in text form, so that a secret key is never given as a
/// recipient by mistake.
const PREFIX: &str = "waybill-recipient:";

/// The public half of a backup key (X25519): it seals backups and opens none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// The text is not a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recipient is `{PREFIX}` and 32 bytes as base64: `waybill key recipient` prints it")]
pub struct RecipientError;

impl Recipient {
    /// The recipient with this public key.
    pub const fn from_bytes(public_key: [u8; 32]) -> Self {
        Self(public_key)
    }

    /// The public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        // People copy a line break along with it.
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(RecipientError)?;
        // The decoder's cause is dropped: it names bytes of what may be a secret given by mistake.
        let bytes = STANDARD.decode(encoded).map_err(|_| RecipientError)?;
        Ok(Self(bytes.try_into().map_err(|_| RecipientError)?))
    }
}
