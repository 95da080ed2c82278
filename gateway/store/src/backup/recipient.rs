//! Backups that their maker cannot open: sealed for the holder of a key with its public half.
//!
//! A new X25519 key pair for each backup agrees on a secret with the recipient's public key (RFC 7748);
//! the backup's key is an HMAC-SHA-256 over the label, the salt and both public keys, keyed with it.

use super::protection::{BY_RECIPIENT, Derivation};
use super::{BackupError, damaged};
use crate::seal::{MasterKey, random};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hmac;
use gateway_model::Recipient;
use zeroize::Zeroizing;

/// The recipient of backups that this key opens.
pub(super) fn of_key(key: &MasterKey) -> Result<Recipient, BackupError> {
    public(&private(key)?)
}

/// A new backup's key, and how the recipient derives it again.
pub(super) fn fresh_key(
    recipient: Recipient,
) -> Result<(Derivation, Zeroizing<[u8; 32]>), BackupError> {
    let mut salt = [0; 16];
    random(&mut salt)?;
    // New for each backup: who has an old private key learns nothing about later ones.
    let own = PrivateKey::generate(&X25519).map_err(|_| unusable())?;
    let share = public(&own)?;
    let key = agreed(&own, recipient, (share, recipient), &salt)?;
    let how = Derivation {
        kind: BY_RECIPIENT,
        memory_kib: 0,
        passes: 0,
        salt,
        share: Some(*share.as_bytes()),
    };
    Ok((how, key))
}

/// The key of a backup that was sealed for the holder of `key`.
pub(super) fn open(
    key: &MasterKey,
    share: [u8; 32],
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let (own, share) = (private(key)?, Recipient::from_bytes(share));
    agreed(&own, share, (share, public(&own)?), salt)
}

/// Derived for this purpose alone, because the same file also seals backups directly.
fn private(key: &MasterKey) -> Result<PrivateKey, BackupError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let scalar = hmac::sign(&key, b"waybill store: backup recipient");
    PrivateKey::from_private_key(&X25519, scalar.as_ref()).map_err(|_| unusable())
}

fn public(key: &PrivateKey) -> Result<Recipient, BackupError> {
    let public = key.compute_public_key().map_err(|_| unusable())?;
    let bytes = public.as_ref().try_into().map_err(|_| unusable())?;
    Ok(Recipient::from_bytes(bytes))
}

fn agreed(
    own: &PrivateKey,
    other: Recipient,
    (share, recipient): (Recipient, Recipient),
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let other = UnparsedPublicKey::new(&X25519, other.as_bytes());
    agree(own, other, unusable(), |secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut context = hmac::Context::with_key(&key);
        context.update(b"waybill store: backup for a recipient");
        // Both public keys go in, so that the key fits this pair and no other.
        for part in [&salt[..], share.as_bytes(), recipient.as_bytes()] {
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
