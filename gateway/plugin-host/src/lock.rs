//! `plugins.lock`: the only content that each plugin of a folder may have.

mod format;

pub use format::LockSyntaxError;

use crate::{FileError, discover};
use gateway_model::Digest;
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process,
};

/// The name of the lock file in the folder of the plugins.
pub const LOCK_FILE: &str = "plugins.lock";

/// The content that a plugin may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPlugin {
    /// The version of that content, for people.
    pub version: String,
    /// Its digest.
    pub sha256: Digest,
}

/// The plugins of a lock file, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginLock {
    /// Each plugin that is locked.
    pub plugins: BTreeMap<String, LockedPlugin>,
}

/// Why a lock file cannot be used. Nothing of its folder is loaded then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It cannot be read, or others may write it.
    #[error("{path} cannot be used: {problem}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileError,
    },
    /// It does not say what a lock file says.
    #[error(
        "{path} cannot be used: {problem}: mend it, or write it anew with `waybill plugin lock`"
    )]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        problem: LockSyntaxError,
    },
}

impl PluginLock {
    /// The lock of a folder; without a lock file it is empty.
    ///
    /// # Errors
    /// When there is a lock file that cannot be used.
    pub fn read(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(LOCK_FILE);
        // Only a file that is certainly not there counts as absent: any other doubt must not unlock.
        if let Err(error) = fs::symlink_metadata(&path)
            && error.kind() == io::ErrorKind::NotFound
        {
            return Ok(Self::default());
        }
        match discover::read(&path) {
            Ok(bytes) => {
                format::parse(&bytes).map_err(|problem| LockError::Syntax { path, problem })
            }
            Err(problem) => Err(LockError::File { path, problem }),
        }
    }

    /// Writes the lock file of a folder. A reader sees the old file or the new one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let temporary = dir.join(format!(".{LOCK_FILE}.{}.tmp", process::id()));
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .open(&temporary)?;
            // Whatever the umask says: the gateway's user may be another one than the operator.
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.write_all(format::text(self).as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, dir.join(LOCK_FILE))
        };
        let result = write();
        if result.is_err() {
            // Best effort: the error of the write is the one to tell.
            let _ = fs::remove_file(&temporary);
        }
        result
    }
}
