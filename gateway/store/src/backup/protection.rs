//! Derives the key of a backup from a passphrase, a key or a recipient's public key.

use super::error::{BackupError, damaged};
use super::recipient;
use crate::seal::{MasterKey, random};
use crate::{KeyError, key};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_model::{MasterKeySource, Protection, Recipient, Secret};
use std::path::Path;
use zeroize::Zeroizing;

/// The memory that Argon2 uses for a new backup. With three passes, it takes about a third of a second.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// The most memory that a file may ask for.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MIN_PASSPHRASE: usize = 12;
const KEY_FILE: &str = "a key file";

/// How a backup's key is derived. The file's header has it in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Derivation {
    pub(super) kind: u8,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) salt: [u8; 16],
    /// The public key that was made for this backup, if the backup is for a recipient.
    pub(super) share: Option<[u8; 32]>,
}

pub(super) const BY_PASSPHRASE: u8 = 1;
pub(super) const BY_KEY: u8 = 2;
pub(super) const BY_RECIPIENT: u8 = 3;

/// Reads a key from a file. Only the owner may change the file, and only the owner and a group may read it.
///
/// # Errors
/// When there is no such file, others have access to it, or it contains no key.
pub async fn protection_from_key_file(path: &Path) -> Result<Protection, KeyError> {
    let master = key::read_key(&MasterKeySource::File(path.to_owned()), false).await?;
    let text = STANDARD.encode(master.expose());
    Ok(Protection::Key(Secret::new(text)))
}

/// The recipient whose backups this key opens.
///
/// # Errors
/// When this is a passphrase, or not a key.
pub fn recipient_of(protection: &Protection) -> Result<Recipient, BackupError> {
    match protection {
        Protection::Passphrase(_) => Err(BackupError::OtherProtection { wants: KEY_FILE }),
        Protection::Key(text) => recipient::of_key(&parse(text)?),
        Protection::Recipient(recipient) => Ok(*recipient),
    }
}

/// Makes the key of a new backup. Also returns how the key is derived again from the protection.
pub(super) async fn fresh_key(
    protection: &Protection,
) -> Result<(Derivation, Zeroizing<[u8; 32]>), BackupError> {
    let (kind, memory_kib, passes) = match protection {
        // Characters, not bytes: twelve letters of any script are the bound.
        Protection::Passphrase(words) if words.expose().chars().count() < MIN_PASSPHRASE => {
            return Err(BackupError::WeakPassphrase);
        }
        Protection::Passphrase(_) => (BY_PASSPHRASE, MEMORY_KIB, PASSES),
        // A key is random already, so stretching it would gain nothing.
        Protection::Key(_) => (BY_KEY, 0, 0),
        Protection::Recipient(recipient) => return recipient::fresh_key(*recipient),
    };
    let mut salt = [0; 16];
    random(&mut salt)?;
    let how = Derivation {
        kind,
        memory_kib,
        passes,
        salt,
        share: None,
    };
    Ok((how, derive_key(protection, how).await?))
}

/// Derives the key of one backup. The salt is random, so no two backups share a key.
pub(super) async fn derive_key(
    protection: &Protection,
    how: Derivation,
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    match (protection, how.kind) {
        (Protection::Passphrase(words), BY_PASSPHRASE) => {
            let words = words.clone();
            // A third of a second of computing must not hold up the runtime.
            let work = tokio::task::spawn_blocking(move || stretch(&words, how));
            work.await.map_err(|_| damaged("its key cannot be made"))?
        }
        (Protection::Key(text), BY_KEY) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, parse(text)?.expose());
            let mut context = hmac::Context::with_key(&key);
            context.update(b"waybill store: backup");
            // A label of its own, so that this key is no other key of the store.
            context.update(&how.salt);
            let mut out = Zeroizing::new([0; 32]);
            out.copy_from_slice(context.sign().as_ref());
            Ok(out)
        }
        (Protection::Key(text), BY_RECIPIENT) => {
            let share = how.share.ok_or_else(|| damaged("it has no public key"))?;
            recipient::open(&parse(text)?, share, &how.salt)
        }
        (_, BY_PASSPHRASE) => Err(BackupError::OtherProtection {
            wants: "a passphrase",
        }),
        (_, BY_KEY | BY_RECIPIENT) => Err(BackupError::OtherProtection { wants: KEY_FILE }),
        (_, _) => Err(damaged("its kind of protection is unknown")),
    }
}

/// Parses the text of a key.
fn parse(text: &Secret) -> Result<MasterKey, BackupError> {
    // Trimmed, as editors and `echo` add a line break.
    let key = key::parse(text.expose().trim());
    Ok(key.ok_or_else(|| KeyError::Malformed {
        from: "the backup's key".to_owned(),
    })?)
}

fn stretch(words: &Secret, how: Derivation) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    // The file says how much work its key takes, so a hostile file could ask for any amount.
    if how.memory_kib > MAX_MEMORY_KIB || how.passes > MAX_PASSES {
        return Err(damaged("it asks for too much work to make its key"));
    }
    let params = Params::new(how.memory_kib, how.passes, 1, Some(32))
        .map_err(|_| damaged("it says wrongly how its key is made"))?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.expose().as_bytes(), &how.salt, &mut *key)
        .map_err(|_| damaged("its key cannot be made"))?;
    Ok(key)
}
