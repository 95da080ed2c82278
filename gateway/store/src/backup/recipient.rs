//! Backups that whoever makes them cannot open: sealed for the holder of a key by its public half.
//!
//! A new X25519 key pair for each backup agrees on a secret with the recipient's public key (RFC 7748);
//! the backup's key is an HMAC-SHA-256 over the label, the salt and both public keys, keyed with it.

use super::protection::{BY_RECIPIENT, Derivation};
use super::{BackupError, damaged};
use crate::seal::{MasterKey, random};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// So that nobody gives a secret key for it by mistake.
const PREFIX: &str = "waybill-recipient:";

/// The public half of a backup's key: it seals backups and opens none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// What is given is no recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recipient is `{PREFIX}` and 32 bytes as base64: `waybill key recipient` prints it")]
pub struct NotARecipient;

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl FromStr for Recipient {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NotARecipient)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NotARecipient)?;
        Ok(Self(bytes.try_into().map_err(|_| NotARecipient)?))
    }
}

impl Recipient {
    /// Of a backup's key.
    pub(super) fn of(key: &MasterKey) -> Result<Self, BackupError> {
        public(&private(key)?)
    }

    /// A new backup's key, and how its holder makes it again.
    pub(super) fn fresh(self) -> Result<(Derivation, Zeroizing<[u8; 32]>), BackupError> {
        let mut salt = [0; 16];
        random(&mut salt)?;
        let own = PrivateKey::generate(&X25519).map_err(|_| unusable())?;
        let share = public(&own)?;
        let key = agreed(&own, self, (share, self), &salt)?;
        let how = Derivation {
            kind: BY_RECIPIENT,
            memory_kib: 0,
            passes: 0,
            salt,
            share: Some(share.0),
        };
        Ok((how, key))
    }
}

/// The key of a backup that was sealed for the holder of `key`.
pub(super) fn open(
    key: &MasterKey,
    share: [u8; 32],
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let (own, share) = (private(key)?, Recipient(share));
    agreed(&own, share, (share, public(&own)?), salt)
}

/// A key of its own for this purpose: the same file seals backups directly, too.
fn private(key: &MasterKey) -> Result<PrivateKey, BackupError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let scalar = hmac::sign(&key, b"waybill store: backup recipient");
    PrivateKey::from_private_key(&X25519, scalar.as_ref()).map_err(|_| unusable())
}

fn public(key: &PrivateKey) -> Result<Recipient, BackupError> {
    let public = key.compute_public_key().map_err(|_| unusable())?;
    let bytes = public.as_ref().try_into().map_err(|_| unusable())?;
    Ok(Recipient(bytes))
}

fn agreed(
    own: &PrivateKey,
    other: Recipient,
    (share, recipient): (Recipient, Recipient),
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let other = UnparsedPublicKey::new(&X25519, other.0);
    agree(own, other, unusable(), |secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut context = hmac::Context::with_key(&key);
        context.update(b"waybill store: backup for a recipient");
        for part in [&salt[..], &share.0, &recipient.0] {
            context.update(part);
        }
        let mut out = Zeroizing::new([0; 32]);
        out.copy_from_slice(context.sign().as_ref());
        Ok(out)
    })
}

/// A public key that agrees on nothing, as those of small order; ours never are.
fn unusable() -> BackupError {
    damaged("its public key is unusable")
}
