//! What the folder of plugins held when it was last looked at. A look at an unchanged folder reads no file.
//!
//! Reading and hashing every plugin takes milliseconds, and each view of a list or a page is a look. Only looks are
//! remembered: what is loaded is read and hashed again.

use crate::{
    CatalogEntry, DirectoryError, EntryState, FileError, LOCK_FILE, LockError, PluginFault,
    SignatureError,
};
use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// A file that has changed so shortly before a look may change again within the same tick of its file system's clock,
/// and would look the same. The coarsest clocks in use have ticks of two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// The last look.
#[derive(Debug, Default)]
pub(super) struct LastLook(Mutex<Option<Look>>);

#[derive(Debug)]
struct Look {
    picture: Picture,
    found: Arc<[CatalogEntry]>,
}

impl LastLook {
    /// What the folder holds. `verify` is called only if something in it may have changed since the last look.
    pub(super) fn look(
        &self,
        dir: &Path,
        now: SystemTime,
        verify: impl FnOnce() -> Result<Vec<CatalogEntry>, DirectoryError>,
    ) -> Result<Arc<[CatalogEntry]>, DirectoryError> {
        // Held while the files are read: who looks at the same moment waits for this look instead of reading, too.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the files are read: what changes during that has another picture at the next look.
        let picture = Picture::of(dir).ok().filter(|it| it.is_settled(now));
        if let Some(known) = &*last
            && picture.as_ref() == Some(&known.picture)
        {
            return Ok(Arc::clone(&known.found));
        }
        *last = None;
        let mut found = verify()?;
        for entry in &mut found {
            // Megabytes that nobody needs for a look.
            entry.forget_bytes();
        }
        let found: Arc<[CatalogEntry]> = found.into();
        if let Some(picture) = picture
            && !found.iter().any(may_pass)
        {
            *last = Some(Look {
                picture,
                found: Arc::clone(&found),
            });
        }
        Ok(found)
    }
}

/// Whether the system did not let a file be read, which may be over without a change of the file.
fn may_pass(entry: &CatalogEntry) -> bool {
    let EntryState::Faulted(fault) = entry.state() else {
        return false;
    };
    matches!(
        fault,
        PluginFault::File(FileError::Unreadable(_))
            | PluginFault::Lock(LockError::File { .. })
            | PluginFault::Signature(SignatureError::File(..))
    )
}

/// The identity of everything in a folder that decides about its plugins: libraries, signatures, the lock file.
#[derive(Debug, PartialEq, Eq)]
struct Picture {
    folder: Stamp,
    /// Of each file: its name, itself, and what it leads to if it is a link.
    files: Vec<(PathBuf, Stamp, Stamp)>,
}

/// What is another one after each change of a file, also if somebody sets its times back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// No program can set it: the system does at each change of content, name, owner or mode.
    changed: (i64, i64),
}

impl Picture {
    fn of(dir: &Path) -> io::Result<Self> {
        let folder = Stamp::of(&fs::metadata(dir)?);
        let mut files = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if decides(&path) {
                let itself = Stamp::of(&fs::symlink_metadata(&path)?);
                let target = Stamp::of(&fs::metadata(&path)?);
                files.push((path, itself, target));
            }
        }
        // The order of a folder is its file system's own affair.
        files.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        Ok(Self { folder, files })
    }

    /// Whether a change from now on shows in the next picture.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH);
        let Some(limit) = now.ok().and_then(|now| now.checked_sub(SETTLED)) else {
            return false;
        };
        let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        let of_files = self.files.iter();
        let stamps = of_files.flat_map(|(_, itself, target)| [itself, target]);
        let mut stamps = stamps.chain([&self.folder]);
        stamps.all(|stamp| stamp.changed.0 < limit)
    }
}

/// Whether a file of the folder decides about plugins.
fn decides(path: &Path) -> bool {
    let of_plugin = |it: &std::ffi::OsStr| it == "so" || it == "minisig";
    path.extension().is_some_and(of_plugin) || path.file_name().is_some_and(|it| it == LOCK_FILE)
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests;
