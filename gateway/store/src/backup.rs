//! Backup and restore: one sealed file of records, the same for both databases.

mod content;
mod frame;
mod protection;
mod recipient;
mod restore;

pub use protection::{protection_from_key_file, recipient_of};

use crate::{KeyError, Store, StoreError, Timestamp};
use content::{Content, Head};
use frame::{Reader, Writer};
use gateway_model::Protection;
use tokio::io::{AsyncRead, AsyncWrite};

/// The format this program writes, and the newest that it reads.
pub(crate) const VERSION: u8 = 1;

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
    /// When it was made.
    pub created_at: Timestamp,
    /// How many records of each kind: `("accounts", 3)`.
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The passphrase is too short to protect anything.
    #[error("the passphrase has fewer than 12 characters: choose a longer one")]
    WeakPassphrase,
    /// The file is not a backup.
    #[error("this is not a backup of this program")]
    NotABackup,
    /// A newer version of the program wrote it.
    #[error("the backup has format {found}, this program knows {known}: use the newer program")]
    Newer {
        /// The file's.
        found: u8,
        /// The newest one that this program knows.
        known: u8,
    },
    /// The file wants the other kind of key.
    #[error("the backup is sealed with {wants}")]
    OtherProtection {
        /// What it wants.
        wants: &'static str,
    },
    /// The passphrase or key is another one, or the file's first part was changed.
    #[error("the passphrase or key does not open this backup; nothing was changed")]
    WrongKey,
    /// The file was cut short or changed.
    #[error("the backup is damaged ({why}): nothing was restored; use another copy")]
    Damaged {
        /// What is wrong.
        why: String,
    },
    /// The store has records, and the caller did not ask to replace them.
    #[error(
        "the store is not empty ({accounts} accounts, {apps} apps): restore into a new one, or ask \
         for its replacement"
    )]
    NotEmpty {
        /// How many accounts it has.
        accounts: usize,
        /// How many apps it has.
        apps: usize,
    },
    /// The file could not be read or written.
    #[error("the backup file: {why}")]
    File {
        /// What failed.
        why: String,
    },
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        Self::File {
            why: error.to_string(),
        }
    }
}

impl Store {
    /// Writes a backup of one consistent state while the store is in use. `progress` gets the number of
    /// records that are written, and of all. The file is complete only after `Ok`; the caller then syncs
    /// and renames it.
    pub async fn backup(
        &self,
        to: &mut (impl AsyncWrite + Unpin + Send),
        protection: &Protection,
        now: Timestamp,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<BackupSummary, BackupError> {
        // All of it is read first: a snapshot that is held while a slow file is written would keep old pages.
        let (content, left_out) = Content::of(self).await?;
        let head = Head {
            store_id: hex(&self.sealer().store_id),
            created_at: now,
            left_out,
        };
        let mut writer = Writer::new(to, protection).await?;
        writer.write(&head.line()?).await?;
        let total = content.total();
        for (done, line) in (1..).zip(&content.lines) {
            writer.write(line.bytes()).await?;
            progress(done, total);
        }
        writer.finish().await?;
        Ok(head.summary(content.counts()))
    }

    /// Restores a backup: all of it is read and checked first, then written in one transaction.
    /// Grants that could be presented once come back in doubt, because they may have been presented
    /// since.
    pub async fn restore(
        &self,
        from: &mut (impl AsyncRead + Unpin + Send),
        protection: &Protection,
        overwrite: Overwrite,
    ) -> Result<BackupSummary, BackupError> {
        let (summary, content) = read(from, protection).await?;
        // Parse everything before the first write: a damaged line must not empty the store.
        let records = restore::Records::parse(&content)?;
        self.replace_all(&records, overwrite).await?;
        Ok(summary)
    }
}

/// Reads and checks a whole backup, and returns its summary.
pub async fn inspect_backup(
    from: &mut (impl AsyncRead + Unpin + Send),
    protection: &Protection,
) -> Result<BackupSummary, BackupError> {
    let (summary, content) = read(from, protection).await?;
    restore::Records::parse(&content)?;
    Ok(summary)
}

async fn read(
    from: &mut (impl AsyncRead + Unpin + Send),
    protection: &Protection,
) -> Result<(BackupSummary, Content), BackupError> {
    let clear = Reader::new(from, protection).await?.read_all().await?;
    let (head, content) = Content::parse(&clear)?;
    Ok((head.summary(content.counts()), content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(why: impl Into<String>) -> BackupError {
    BackupError::Damaged { why: why.into() }
}
