//! Backups that the gateway can make but not open: they are sealed with the public key of a recipient.
//!
//! Each backup has a new X25519 key pair, which agrees on a secret with the recipient's public key
//! (RFC 7748). The backup's key is an HMAC-SHA-256, keyed with that secret, over a label, the salt and both
//! public keys.

use super::error::{BackupError, damaged};
use super::protection::{BY_RECIPIENT, Derivation};
use crate::seal::{MasterKey, random};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hmac;
use gateway_model::Recipient;
use zeroize::Zeroizing;

/// The recipient whose backups this key opens.
pub(super) fn of_key(key: &MasterKey) -> Result<Recipient, BackupError> {
    public(&private(key)?)
}

/// Makes the key of a new backup. Also returns how the recipient derives it again.
pub(super) fn fresh_key(
    recipient: Recipient,
) -> Result<(Derivation, Zeroizing<[u8; 32]>), BackupError> {
    let mut salt = [0; 16];
    random(&mut salt)?;
    // New for each backup: an old private key opens no later backup.
    let ephemeral = PrivateKey::generate(&X25519).map_err(|_| unusable())?;
    let share = public(&ephemeral)?;
    let key = agreed(&ephemeral, recipient, (share, recipient), &salt)?;
    let how = Derivation {
        kind: BY_RECIPIENT,
        memory_kib: 0,
        passes: 0,
        salt,
        share: Some(*share.as_bytes()),
    };
    Ok((how, key))
}

/// Derives the key of a backup that was sealed for the recipient with this key.
pub(super) fn open(
    key: &MasterKey,
    share: [u8; 32],
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let (private, share) = (private(key)?, Recipient::from_bytes(share));
    agreed(&private, share, (share, public(&private)?), salt)
}

/// Derives the private key. It is not the key itself, because that key can also seal backups directly.
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
    private: &PrivateKey,
    peer: Recipient,
    (share, recipient): (Recipient, Recipient),
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let peer = UnparsedPublicKey::new(&X25519, peer.as_bytes());
    agree(private, peer, unusable(), |secret| {
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

/// The error for a public key of small order, which agrees on no secret. Keys made here are never such.
fn unusable() -> BackupError {
    damaged("its public key is unusable")
}
