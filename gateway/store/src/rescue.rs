//! The emergency slot: a preallocated file beside an SQLite database, `<database>.rescue`.
//!
//! It takes two things that must reach a disk when the database cannot be written: a carrier's raw
//! answer, and the mark by which an older copy of the database is noticed. Its space exists before
//! it is needed, so that a full disk does not refuse it.
//!
//! `magic (8) | mark (8) | its digest (8)` in the first block, then answers one after another, each
//! `length (4) | sealed JSON`; a length of zero ends them.

use crate::file::{beside, check_private, open_private, sync_folder};
use crate::table::Sealer;
use crate::{OpenError, StoreError};
use gateway_model::{AccountId, IntentId, SecretBytes};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const MAGIC: &[u8; 8] = b"WAYRESC1";
// The mark has a block of its own: disks write blocks whole, so an answer cannot tear it.
const BLOCK: u64 = 4096;
/// Room for answers: dozens of ordinary ones.
const SIZE: u64 = 1 << 20;
const TABLE: &str = "rescue";

/// The emergency slot of an open store.
pub(crate) struct Rescue {
    state: Mutex<RescueState>,
    /// The highest mark that a caller asked to keep.
    wanted: AtomicU64,
    /// Held while a mark is kept; a tokio mutex, so that waiting callers need no threads.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

struct RescueState {
    file: File,
    /// The mark that was kept last, by this process.
    kept: Option<u64>,
    /// Where the next answer goes.
    next: u64,
}

/// An answer that the database did not take.
#[derive(Serialize, Deserialize)]
pub(crate) struct RescuedAnswer {
    pub(crate) account: AccountId,
    pub(crate) intent_id: IntentId,
    #[serde(with = "crate::doc::secret::bytes")]
    pub(crate) answer: SecretBytes,
}

impl Rescue {
    /// Opens the slot, or creates it.
    pub(crate) fn open(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, ".rescue");
        let permission = |error: io::Error| OpenError::Permission {
            path: path.display().to_string(),
            why: error.to_string(),
        };
        let file = open_private(&path).map_err(permission)?;
        check_private(&file, &path)?;
        let length = file.metadata().map_err(permission)?.len();
        if length < SIZE {
            // Write real zeros: a sparse file would need space when the disk is full already.
            let zeros = vec![0; usize::try_from(SIZE - length).unwrap_or(0)];
            let made = file
                .write_all_at(&zeros, length)
                .and_then(|()| file.sync_all());
            made.and_then(|()| sync_folder(&path)).map_err(permission)?;
        }
        let state = RescueState {
            file,
            kept: None,
            next: BLOCK,
        };
        Ok(Self {
            state: Mutex::new(state),
            wanted: AtomicU64::new(0),
            turn: tokio::sync::Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, RescueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mark; `None` in a new file, or if it does not read.
    pub(crate) fn mark(&self) -> Option<u64> {
        let mut block = [0; 24];
        self.state().file.read_exact_at(&mut block, 0).ok()?;
        let mark: [u8; 8] = block[8..16].try_into().ok()?;
        // The digest is no protection, only a check for a write that was torn.
        (block == header(u64::from_be_bytes(mark))).then(|| u64::from_be_bytes(mark))
    }

    /// Asks for a mark to be kept. Returns `false` if this one or a later one is kept already. The mark
    /// must be durable in the database.
    pub(crate) fn wants(&self, mark: u64) -> bool {
        self.wanted.fetch_max(mark, Ordering::Relaxed);
        self.state().kept.is_none_or(|kept| kept < mark)
    }

    /// Keeps the latest mark that was asked for: one `fsync` for all callers that asked meanwhile.
    pub(crate) fn keep_mark(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        let mark = self.wanted.load(Ordering::Relaxed);
        let written = state.file.write_all_at(&header(mark), 0);
        written
            .and_then(|()| state.file.sync_data())
            .map_err(failed)?;
        state.kept = Some(mark);
        Ok(())
    }

    /// Keeps an answer durably.
    pub(crate) fn keep_answer(
        &self,
        sealer: &Sealer,
        kept: &RescuedAnswer,
    ) -> Result<(), StoreError> {
        let json = crate::doc::to_json(kept).map_err(|_| StoreError::Internal {
            why: "an answer has no JSON form".to_owned(),
        })?;
        let mut state = self.state();
        // The place is part of what is sealed, so answers cannot be swapped within the file.
        let place = sealer.place(TABLE, &state.next.to_be_bytes());
        let sealed = sealer.keys.seal(&place, &json)?;
        let length = u32::try_from(sealed.len()).map_err(|_| StoreError::Full)?;
        let end = state.next + 4 + u64::from(length);
        // Room for the end marker as well, which is written first.
        if end + 4 > SIZE {
            return Err(StoreError::Full);
        }
        // The end marker and the answer first, its length last, with a sync between: a crash leaves the
        // old end, never half an answer.
        let written = state
            .file
            .write_all_at(&[0; 4], end)
            .and_then(|()| state.file.write_all_at(&sealed, state.next + 4))
            .and_then(|()| state.file.sync_data())
            .and_then(|()| state.file.write_all_at(&length.to_be_bytes(), state.next))
            .and_then(|()| state.file.sync_data());
        written.map_err(failed)?;
        state.next = end;
        Ok(())
    }

    /// The answers that were kept, and how many more do not open.
    pub(crate) fn answers(
        &self,
        sealer: &Sealer,
    ) -> Result<(Vec<RescuedAnswer>, usize), StoreError> {
        let mut state = self.state();
        let (mut answers, mut sealed_ones) = (Vec::new(), 0);
        state.next = BLOCK;
        loop {
            let mut length = [0; 4];
            state
                .file
                .read_exact_at(&mut length, state.next)
                .map_err(failed)?;
            let length = u64::from(u32::from_be_bytes(length));
            let end = state.next + 4 + length;
            // A length beyond the file is a torn write and ends the list like a zero.
            if length == 0 || end + 4 > SIZE {
                return Ok((answers, sealed_ones));
            }
            let mut sealed = vec![0; usize::try_from(length).unwrap_or(0)];
            state
                .file
                .read_exact_at(&mut sealed, state.next + 4)
                .map_err(failed)?;
            let place = sealer.place(TABLE, &state.next.to_be_bytes());
            let opened = sealer.keys.open(&place, &sealed);
            let kept = opened.map(|json| serde_json::from_slice(json.expose()));
            match kept {
                Ok(Ok(kept)) => answers.push(kept),
                // Passed over: it was sealed by this program, so nothing can be got from it any more.
                Ok(Err(_)) => tracing::error!("an answer in the emergency slot is malformed"),
                Err(why) => {
                    sealed_ones += 1;
                    tracing::error!(%why, "an answer in the emergency slot does not open");
                }
            }
            state.next = end;
        }
    }

    /// Empties the slot, once its answers are in the database.
    pub(crate) fn clear(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        // Only the first length is cleared; what is behind it stays sealed and is overwritten.
        let written = state.file.write_all_at(&[0; 4], BLOCK);
        written
            .and_then(|()| state.file.sync_data())
            .map_err(failed)?;
        state.next = BLOCK;
        Ok(())
    }
}

fn header(mark: u64) -> [u8; 24] {
    let mut block = [0; 24];
    block[..8].copy_from_slice(MAGIC);
    block[8..16].copy_from_slice(&mark.to_be_bytes());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &block[..16]);
    block[16..].copy_from_slice(&digest.as_ref()[..8]);
    block
}

fn failed(error: io::Error) -> StoreError {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    if full.contains(&error.kind()) {
        return StoreError::Full;
    }
    StoreError::Failed {
        why: format!("the emergency slot: {error}"),
    }
}
