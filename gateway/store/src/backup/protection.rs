//! What seals a backup.

use super::BackupError;
use crate::seal::random;
use crate::{KeyError, MasterKeySource, key};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_model::Secret;
use std::path::Path;
use zeroize::Zeroizing;

/// 64 MiB, three passes: about a third of a second.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// A file may not ask for more than this.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MIN_PASSPHRASE: usize = 12;

/// What seals a backup.
#[derive(Clone, Debug)]
pub enum Protection {
    /// A passphrase of at least twelve characters, through argon2id (RFC 9106).
    Passphrase(Secret),
    /// 32 random bytes as base64 or hexadecimal digits; best not the store's master key.
    Key(Secret),
}

/// How a backup's key is made; stands at its beginning, in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Derivation {
    pub(super) kind: u8,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) salt: [u8; 16],
}

pub(super) const BY_PASSPHRASE: u8 = 1;
pub(super) const BY_KEY: u8 = 2;

impl Protection {
    /// The key in a file that only its owner may change, and nobody else but a group may read.
    ///
    /// # Errors
    /// When there is no such file, others may get at it, or it holds no key.
    pub async fn key_file(path: &Path) -> Result<Self, KeyError> {
        let master = MasterKeySource::File(path.to_owned()).read(false).await?;
        Ok(Self::Key(Secret::new(STANDARD.encode(master.expose()))))
    }

    /// How a new backup's key is to be made.
    pub(super) fn derivation(&self) -> Result<Derivation, BackupError> {
        let mut salt = [0; 16];
        random(&mut salt)?;
        let (kind, memory_kib, passes) = match self {
            Self::Passphrase(words) if words.expose().chars().count() < MIN_PASSPHRASE => {
                return Err(BackupError::WeakPassphrase);
            }
            Self::Passphrase(_) => (BY_PASSPHRASE, MEMORY_KIB, PASSES),
            Self::Key(_) => (BY_KEY, 0, 0),
        };
        Ok(Derivation {
            kind,
            memory_kib,
            passes,
            salt,
        })
    }

    /// The key of one backup. The salt is random, so no two backups share one.
    pub(super) async fn key(&self, how: Derivation) -> Result<Zeroizing<[u8; 32]>, BackupError> {
        match (self, how.kind) {
            (Self::Passphrase(words), BY_PASSPHRASE) => {
                let words = words.clone();
                let work = tokio::task::spawn_blocking(move || stretch(&words, how));
                work.await
                    .map_err(|_| super::damaged("its key cannot be made"))?
            }
            (Self::Key(text), BY_KEY) => {
                let master = key::parse(text.expose().trim());
                let master = master.ok_or_else(|| KeyError::Malformed {
                    from: "the backup's key".to_owned(),
                })?;
                let key = hmac::Key::new(hmac::HMAC_SHA256, master.expose());
                let mut context = hmac::Context::with_key(&key);
                context.update(b"waybill store: backup");
                context.update(&how.salt);
                let mut out = Zeroizing::new([0; 32]);
                out.copy_from_slice(context.sign().as_ref());
                Ok(out)
            }
            (_, BY_PASSPHRASE) => Err(BackupError::OtherProtection {
                wants: "a passphrase",
            }),
            (_, BY_KEY) => Err(BackupError::OtherProtection {
                wants: "a key file",
            }),
            (_, _) => Err(super::damaged("its kind of protection is unknown")),
        }
    }
}

fn stretch(words: &Secret, how: Derivation) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    if how.memory_kib > MAX_MEMORY_KIB || how.passes > MAX_PASSES {
        return Err(super::damaged("it asks for too much work to make its key"));
    }
    let params = Params::new(how.memory_kib, how.passes, 1, Some(32))
        .map_err(|_| super::damaged("it says wrongly how its key is made"))?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.expose().as_bytes(), &how.salt, &mut *key)
        .map_err(|_| super::damaged("its key cannot be made"))?;
    Ok(key)
}
