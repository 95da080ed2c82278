//! One process at a time on a file (security requirement S7).

use crate::OpenError;
use crate::file::{beside, open_private};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// A lock beside the database, held as long as this lives; the system frees it if we die.
pub(crate) struct FileLock {
    file: File,
}

impl FileLock {
    /// Takes it, or says who has it.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, ".lock");
        let permission = |error: std::io::Error| OpenError::Permission {
            path: path.display().to_string(),
            why: error.to_string(),
        };
        let mut file = open_private(&path).map_err(permission)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = (&file).take(20).read_to_string(&mut pid);
                let by = match read {
                    Ok(_) if pid.trim().parse::<u32>().is_ok() => {
                        format!("process {}", pid.trim())
                    }
                    _ => "another process".to_owned(),
                };
                return Err(OpenError::Locked { by });
            }
            Err(TryLockError::Error(error)) => return Err(permission(error)),
        }
        // Who holds it is a courtesy; the lock counts without it (a full disk, say).
        let note = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = note {
            tracing::debug!(%error, "the lock file does not name this process");
        }
        Ok(Self { file })
    }

    /// Lets the next one have it.
    ///
    /// Closing the file would do, but not at once: a process that is being started at this moment has
    /// a copy of it until its program runs.
    pub(crate) fn release(&self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "the store's lock goes with its file");
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.release();
    }
}
