//! The lock on an SQLite store, so that only one process uses it at a time.
//!
//! It is a `flock` on the database itself: nobody can remove it and leave the database. SQLite locks
//! ranges of the file with `fcntl`, which a `flock` does not touch. A second lock, on a file beside the
//! database, keeps others away from its name, too: also after the database was moved away from a
//! gateway that still runs on it.

use crate::OpenError;
use crate::file::{FileId, beside, check_private, folder, open_private, sync_folder};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// The lock on a store. It is held until this value is dropped, and the system releases it if the
/// process dies.
pub(crate) struct StoreLock {
    database: File,
    beside: File,
}

impl StoreLock {
    /// Takes the lock, or returns an error that names its holder. A database that is not there is made,
    /// as an empty file.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        in_folder(database)?;
        // The file beside it first. Closing any descriptor of the database releases SQLite's own locks on
        // it (POSIX), if this process has it open already; a second opener here never gets that far.
        let beside = lock_beside(database)?;
        let file = open_database(database)?;
        try_lock(&file, database, || holder(&file))?;
        // The file may have been replaced between opening and locking: the lock would be on the old one.
        if FileId::at(database) != FileId::of(&file) {
            let by = "another process, which replaced its file at this moment".to_owned();
            return Err(OpenError::Locked { by });
        }
        Ok(Self {
            database: file,
            beside,
        })
    }

    /// Fails if a process holds the lock on this name, also if the database was moved away from it.
    /// Nothing is made.
    pub(crate) fn check_name(database: &Path) -> Result<(), OpenError> {
        let path = beside(database, ".lock");
        match File::open(&path) {
            Ok(file) => try_lock(&file, &path, || noted(&file)),
            // Nobody has it; what is wrong with the folder shows when the lock is taken.
            Err(_) => Ok(()),
        }
    }

    /// The file that is locked.
    pub(crate) fn file_id(&self) -> Option<FileId> {
        FileId::of(&self.database)
    }

    /// Releases the lock.
    ///
    /// Closing the files would release it too, but perhaps later: a child process that is being started
    /// at this moment holds a copy of the descriptors until its program runs.
    pub(crate) fn release(&self) {
        for file in [&self.database, &self.beside] {
            if let Err(error) = file.unlock() {
                tracing::debug!(%error, "the store's lock goes with its file");
            }
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        self.release();
    }
}

fn lock_beside(database: &Path) -> Result<File, OpenError> {
    let path = beside(database, ".lock");
    let mut file = open_private(&path).map_err(|error| permission(&path, &error))?;
    try_lock(&file, &path, || noted(&file))?;
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
    Ok(file)
}

fn in_folder(database: &Path) -> Result<(), OpenError> {
    let folder = folder(database);
    if folder.is_dir() {
        return Ok(());
    }
    Err(OpenError::Permission {
        path: folder.display().to_string(),
        why: "the store's folder does not exist".to_owned(),
    })
}

/// Creates the file before SQLite does, so that other users can never read it, not even briefly.
fn open_database(path: &Path) -> Result<File, OpenError> {
    let is_new = !path.exists();
    let file = open_private(path).map_err(|error| permission(path, &error))?;
    if is_new {
        // The folder too, or a crash could lose the file's name.
        let synced = file.sync_all().and_then(|()| sync_folder(path));
        synced.map_err(|error| permission(path, &error))?;
    }
    check_private(&file, path)?;
    Ok(file)
}

fn try_lock(file: &File, path: &Path, holder: impl Fn() -> Option<u32>) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let by = holder().map(|id| format!("process {id}"));
            Err(OpenError::Locked {
                by: by.unwrap_or_else(|| "another process".to_owned()),
            })
        }
        Err(TryLockError::Error(error)) => Err(permission(path, &error)),
    }
}

/// The process that a lock file names.
fn noted(file: &File) -> Option<u32> {
    let mut text = String::new();
    // The file is another process's and may hold anything; twenty characters are enough for a number.
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The process that holds a `flock` on this file, as far as the system tells. Linux lists one as
/// `1: FLOCK  ADVISORY  WRITE 4711 08:01:131090 0 EOF`, the file's device in hexadecimal digits.
fn holder(file: &File) -> Option<u32> {
    let id = FileId::of(file)?;
    let (major, minor) = (rustix::fs::major(id.device), rustix::fs::minor(id.device));
    let place = format!("{major:02x}:{minor:02x}:{}", id.inode);
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, "FLOCK", _, _, process, at, ..] if *at == place => process.parse().ok(),
            _ => None,
        }
    })
}

fn permission(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError::Permission {
        path: path.display().to_string(),
        why: error.to_string(),
    }
}
