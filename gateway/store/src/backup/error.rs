//! Why a backup was not made, read or restored.

use crate::{KeyError, StoreError};

/// Why a backup was not made, read or restored. The store was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The passphrase is shorter than 12 characters.
    #[error("the passphrase has fewer than 12 characters: choose a longer one")]
    WeakPassphrase,
    /// The file is not a backup.
    #[error("this file is not a backup that Waybill made")]
    NotABackup,
    /// A newer version of the program wrote the file.
    #[error(
        "the backup has format {found}, and this program reads formats up to {known}: use the version of \
         Waybill that made it, or a newer one"
    )]
    Newer {
        /// The format of the file.
        found: u8,
        /// The newest format that this program reads.
        known: u8,
    },
    /// The backup is sealed with another kind of key than the one that was given.
    #[error("the backup is sealed with {wants}")]
    OtherProtection {
        /// The kind of key that the backup is sealed with.
        wants: &'static str,
    },
    /// The passphrase or key is wrong, or the file's first part was changed.
    #[error("the passphrase or key does not open this backup; nothing was changed")]
    WrongKey,
    /// The file was cut short or changed.
    #[error("the backup is damaged ({why}): nothing was restored; use another copy")]
    Damaged {
        /// What is wrong with the file.
        why: String,
    },
    /// The store has records, and the caller did not ask to replace them.
    #[error(
        "the store is not empty ({accounts} accounts, {apps} apps): restore into a new store, or \
         replace this one"
    )]
    NotEmpty {
        /// The number of accounts in the store.
        accounts: usize,
        /// The number of apps in the store.
        apps: usize,
    },
    /// The file could not be read or written.
    #[error("the backup file could not be read or written: {why}")]
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

/// The error for a file that was cut short or changed.
pub(super) fn damaged(why: impl Into<String>) -> BackupError {
    BackupError::Damaged { why: why.into() }
}
