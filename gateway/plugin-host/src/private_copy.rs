//! Puts verified bytes into a private folder under the name of their content.
//!
//! The operator's file is never mapped: overwriting a mapped file kills the process at its next call,
//! and a path that was replaced by renaming may give the old library. A name per content avoids both.

use crate::{digest::digest_of_read, digest_of, discover};
use gateway_model::Digest;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Why the private copy could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateCopyError {
    /// The folder is shared with others.
    #[error(
        "the private folder {0} is open to other users: `chmod 700` it and let the gateway's user own it"
    )]
    NotPrivate(PathBuf),
    /// The system said no.
    #[error("{path} cannot be written: {error}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        error: String,
    },
    /// It was made, and is damaged or gone.
    #[error(
        "the private copy {0} is damaged or gone: put the plugin's file into the plugin folder"
    )]
    Lost(PathBuf),
    /// What was read back is not what was written.
    #[error("{0} changed right after it was written: who else writes to that folder?")]
    Changed(PathBuf),
}

/// Copies `bytes` to `<digest>.so` in `cache` and returns the absolute path. A copy that is there
/// already is used if it is intact, and replaced (never overwritten) if it is not.
pub(crate) fn make(
    cache: &Path,
    bytes: &[u8],
    digest: Digest,
) -> Result<PathBuf, PrivateCopyError> {
    let cache = private_folder(cache)?;
    let path = cache.join(format!("{digest}.so"));
    // Usual after the first start, and then nothing is written.
    if is_intact(&path, digest) {
        return Ok(path);
    }
    // Rename into place instead of writing to the name: a plugin may be mapped from the old file.
    write(&cache, &path, bytes).map_err(|error| failed(&path, &error))?;
    // Read it back: what the loader maps must be the bytes that were inspected.
    if is_intact(&path, digest) {
        Ok(path)
    } else {
        Err(PrivateCopyError::Changed(path))
    }
}

/// What was copied under this digest.
pub(crate) fn read(cache: &Path, digest: Digest) -> Result<Vec<u8>, PrivateCopyError> {
    let path = private_folder(cache)?.join(format!("{digest}.so"));
    let found = discover::read(&path).ok();
    let intact = found.filter(|bytes| digest_of(bytes) == digest);
    intact.ok_or(PrivateCopyError::Lost(path))
}

fn private_folder(cache: &Path) -> Result<PathBuf, PrivateCopyError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(cache);
    made.map_err(|error| failed(cache, &error))?;
    // Resolved once, so that every later step means the same folder.
    let cache = fs::canonicalize(cache).map_err(|error| failed(cache, &error))?;
    let metadata = fs::metadata(&cache).map_err(|error| failed(&cache, &error))?;
    // Others must not even read: the folder shows which plugins are in use.
    if metadata.mode() & 0o077 != 0 || discover::check_access(&metadata).is_err() {
        return Err(PrivateCopyError::NotPrivate(cache));
    }
    Ok(cache)
}

/// Whether the file, opened as the loader will open it, has the wanted content.
pub(crate) fn is_intact(path: &Path, digest: Digest) -> bool {
    // Bounded, because the file may grow while it is read.
    let found = discover::open(path).map(|(file, _)| digest_of_read(file.take(discover::MAX_FILE)));
    matches!(found, Ok(Ok(found)) if found == digest)
}

fn write(cache: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = cache.join(format!(".{}-{count}.tmp", process::id()));
    let result = OpenOptions::new()
        .write(true)
        // `create_new`, so that a link of that name is never followed.
        .create_new(true)
        // Not writable, so that no process of the same user overwrites a mapped library by mistake.
        .mode(0o500)
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // Best effort: the name is never used again.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn failed(path: &Path, error: &io::Error) -> PrivateCopyError {
    PrivateCopyError::Io {
        path: path.to_owned(),
        error: error.to_string(),
    }
}
