//! Backup and restore.

use crate::{AccountRecord, MasterKeySource, Store, StoreError, Timestamp};
use gateway_model::Secret;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncWrite};

/// What seals a backup.
#[derive(Clone, Debug)]
pub enum Protection {
    /// A passphrase, through argon2id.
    Passphrase(Secret),
    /// A file with 32 bytes as base64, which is not the store's master key.
    Key(PathBuf),
}

/// What a restore does to a store that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Nothing: it refuses.
    Refuse,
    /// Replaces everything in it.
    Replace,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// The format's version.
    pub version: u8,
    /// The store it was made of, as hexadecimal digits.
    pub store_id: String,
    /// When.
    pub created_at: Timestamp,
    /// Records of each kind, in the order of the file: `("accounts", 3)`.
    pub records: Vec<(String, u64)>,
    /// Rows that did not open when the backup was made, and are not in it.
    pub left_out: u64,
}

impl BackupSummary {
    /// How many accounts it holds.
    pub fn accounts(&self) -> u64 {
        self.count("accounts")
    }

    /// How many apps it holds.
    pub fn apps(&self) -> u64 {
        self.count("apps")
    }

    /// How many records of one kind it holds.
    pub fn count(&self, kind: &str) -> u64 {
        let found = self.records.iter().find(|(name, _)| name == kind);
        found.map_or(0, |(_, count)| *count)
    }
}

/// A backup that was not made, read or restored. The store is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The store's side.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not available yet.
    #[error("backups are not available in this build")]
    Unavailable,
}

impl Store {
    /// Re-seals.
    pub async fn rotate_key(&self, _new: &MasterKeySource) -> Result<usize, StoreError> {
        self.read_all::<AccountRecord>().await?;
        Err(StoreError::Internal {
            why: "not available in this build".to_owned(),
        })
    }

    /// Writes a backup.
    pub async fn backup(
        &self,
        _to: &mut (impl AsyncWrite + Unpin + Send),
        _protection: &Protection,
        _now: Timestamp,
        _progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<BackupSummary, BackupError> {
        self.read_all::<AccountRecord>().await?;
        Err(BackupError::Unavailable)
    }

    /// Restores a backup.
    pub async fn restore(
        &self,
        _from: &mut (impl AsyncRead + Unpin + Send),
        _protection: &Protection,
        _overwrite: Overwrite,
    ) -> Result<BackupSummary, BackupError> {
        self.read_all::<AccountRecord>().await?;
        Err(BackupError::Unavailable)
    }
}

/// What a backup holds, after all of it was checked.
pub async fn inspect_backup(
    from: &mut (impl AsyncRead + Unpin + Send),
    _protection: &Protection,
) -> Result<BackupSummary, BackupError> {
    let mut byte = [0];
    let _ = tokio::io::AsyncReadExt::read(from, &mut byte).await;
    Err(BackupError::Unavailable)
}
