//! Whether an open store is still the one that was opened.
//!
//! A file that is deleted stays open: SQLite goes on writing to it, and all of it is gone with the
//! process. So every write first looks whether the files still have their names.

use crate::StoreError;
use crate::file::{FileId, beside, folder};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// What SQLite and the store keep open beside the database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", ".rescue"];

/// What an open store must find unchanged.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    known: OnceLock<Known>,
    /// The highest mark that is durable. A database with a lower one is an older copy.
    mark: AtomicU64,
    /// Why the store is not the one that was opened; for good, since what was read from it may be wrong.
    lost: OnceLock<StoreError>,
}

#[derive(Debug)]
struct Known {
    store_id: Vec<u8>,
    files: Vec<(PathBuf, Option<FileId>)>,
}

impl Identity {
    /// Remembers the store that is open now; `database` is the file of an SQLite store.
    pub(crate) fn remember(&self, store_id: &[u8], database: Option<&Path>) {
        let files = database.into_iter().flat_map(|database| {
            let side = SIDE_FILES.map(|suffix| beside(database, suffix));
            std::iter::once(database.to_owned()).chain(side)
        });
        // Set once, when the store is opened.
        drop(
            self.known.set(Known {
                store_id: store_id.to_vec(),
                files: files
                    .map(|path| (path.clone(), FileId::at(&path)))
                    .collect(),
            }),
        );
    }

    /// The identity of the store that was opened; `None` while it is being opened.
    pub(crate) fn store_id(&self) -> Option<&[u8]> {
        Some(&self.known.get()?.store_id)
    }

    /// The folder of the database, if it is a file.
    pub(crate) fn folder(&self) -> Option<&Path> {
        let (database, _) = self.known.get()?.files.first()?;
        Some(folder(database))
    }

    /// Notes a mark that is durable.
    pub(crate) fn saw_mark(&self, mark: u64) {
        self.mark.fetch_max(mark, Ordering::Relaxed);
    }

    /// The highest mark that is durable.
    pub(crate) fn mark(&self) -> u64 {
        self.mark.load(Ordering::Relaxed)
    }

    /// Fails if the store's files were deleted or replaced, or if the store was found to be another one.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if let Some(lost) = self.lost.get() {
            return Err(lost.clone());
        }
        let Some(known) = self.known.get() else {
            return Ok(());
        };
        for (at, (path, id)) in known.files.iter().enumerate() {
            if FileId::at(path) == *id {
                continue;
            }
            return Err(StoreError::Lost {
                what: format!("{} was deleted or replaced", path.display()),
                way_out: if at == 0 { DATABASE } else { SIDE_FILE },
            });
        }
        Ok(())
    }

    /// Notes for good that the store is another one.
    pub(crate) fn lose(&self, what: &str) -> StoreError {
        let lost = StoreError::Lost {
            what: what.to_owned(),
            way_out: CONTENT,
        };
        if self.lost.set(lost.clone()).is_ok() {
            tracing::error!(error = %lost, "the store is not the one that was opened");
        }
        lost
    }
}

const DATABASE: &str = "put the file back under its name; or make a backup now with `waybill backup`, \
     which this process still can, stop the gateway, and restore the backup with `waybill restore`";
const SIDE_FILE: &str = "stop the gateway and start it again: as it stops, it writes everything into \
     the database";
const CONTENT: &str = "stop the gateway, put the right database back or restore a backup with \
     `waybill restore`, and start it again";
