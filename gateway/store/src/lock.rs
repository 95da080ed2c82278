//! A lock file, so that only one process uses an SQLite store at a time.

use crate::OpenError;
use crate::file::{beside, open_private};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// A lock beside the database. It is held until this value is dropped, and the system releases it if
/// the process dies.
pub(crate) struct FileLock {
    file: File,
}

impl FileLock {
    /// Takes the lock, or returns an error that names its holder.
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
                // The file is another process's and may hold anything; twenty characters are enough for a number.
                let read = (&file).take(20).read_to_string(&mut pid);
                let by = match read {
                    // Only a number is repeated: the text could be hostile.
                    Ok(_) if pid.trim().parse::<u32>().is_ok() => {
                        format!("process {}", pid.trim())
                    }
                    _ => "another process".to_owned(),
                };
                return Err(OpenError::Locked { by });
            }
            Err(TryLockError::Error(error)) => return Err(permission(error)),
        }
        // Failing to write the process id (on a full disk, for example) must not fail the start: the
        // lock itself counts, and the id is only for the message of the next process.
        let note = file
            // Shortened first, as the last holder's number may have had more digits.
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = note {
            tracing::debug!(%error, "the lock file does not name this process");
        }
        Ok(Self { file })
    }

    /// Releases the lock.
    ///
    /// Closing the file would release it too, but perhaps later: a child process that is being started
    /// at this moment holds a copy of the descriptor until its program runs.
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
