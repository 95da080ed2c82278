//! Publishing a new directory while requests are served.

use super::{
    index::Index,
    types::{Account, Directory, DirectoryError},
};
use arc_swap::ArcSwap;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// The place where the index is published: written by whoever changes the directory, read by every
/// worker.
///
/// A worker compares the version it copied by one relaxed load per request; only a change makes it load
/// the shared pointer.
#[derive(Debug)]
pub(crate) struct DirectoryCell {
    version: AtomicU64,
    index: ArcSwap<Index>,
    workers: usize,
    /// One change after another: each takes over what the one before counted. No worker takes it.
    changing: Mutex<()>,
}

/// Checks that a directory can be served.
///
/// # Errors
/// With the first thing in it that cannot.
pub fn check_directory(directory: Directory) -> Result<(), DirectoryError> {
    Index::new(directory, None, 1).map(drop)
}

impl DirectoryCell {
    pub(crate) fn new(directory: Directory, workers: usize) -> Result<Self, DirectoryError> {
        let index = Index::new(directory, None, workers)?;
        Ok(Self {
            version: AtomicU64::new(1),
            index: ArcSwap::from_pointee(index),
            workers,
            changing: Mutex::new(()),
        })
    }

    fn replace(&self, directory: Directory) -> Result<(), DirectoryError> {
        // A panic while a directory was prepared changed nothing, so a poisoned lock is harmless.
        let changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.index.load_full();
        // Checked whole before anything is stored: on an error the old index stays.
        let index = Index::new(directory, Some(&before), self.workers)?;
        self.store(index);
        drop(changing);
        Ok(())
    }

    fn put_account(&self, account: &Account) -> bool {
        let changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let index = self.index.load().with_account(account, self.workers);
        let changed = index.map(|index| self.store(index)).is_some();
        drop(changing);
        changed
    }

    /// The caller holds the lock on changes.
    fn store(&self, index: Index) {
        self.index.store(Arc::new(index));
        // After the index: a reader that sees the new version also sees the new index (Acquire in `load`).
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Counts changes. Relaxed: it is a hint that `load` confirms.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// The version, and an index at least as new as it.
    pub(crate) fn load(&self) -> (u64, Arc<Index>) {
        // Before the index: a change in between makes the next request look again.
        let version = self.version.load(Ordering::Acquire);
        (version, self.index.load_full())
    }
}

/// Replaces the directory of a running data plane. Cheap to clone.
#[derive(Clone)]
pub struct DirectoryHandle(pub(crate) Arc<DirectoryCell>);

impl DirectoryHandle {
    /// Makes this the directory of all requests that begin from now on; those under way end with the
    /// one they began with. On an error nothing changes.
    ///
    /// Blocks while the directory is prepared, which takes some microseconds per account and app.
    /// Connections, counters and rate limits of what stays are kept: an account or app is the same one
    /// if its id is, an upstream server if its origin is.
    ///
    /// # Errors
    /// When the directory cannot be served.
    pub fn replace(&self, directory: Directory) -> Result<(), DirectoryError> {
        self.0.replace(directory)
    }

    /// Adds an account, or puts it in the place of the one with its id, as [`replace`](Self::replace) does with a
    /// whole directory. `false` means that nothing has changed, because this touches more than the account (its other
    /// names, a retired key) or is wrong: call `replace`, which does it or says why not.
    ///
    /// Blocks for some nanoseconds per account: the list of accounts is copied, not what is in it.
    #[must_use]
    pub fn put_account(&self, account: &Account) -> bool {
        self.0.put_account(account)
    }
}

impl fmt::Debug for DirectoryHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryHandle")
            .field("version", &self.0.version())
            .finish_non_exhaustive()
    }
}
