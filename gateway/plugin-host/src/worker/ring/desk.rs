//! The gateway's side: what it knows of each entry, and of the worker process.

pub(super) mod hostile;
mod submit;
mod ticket;

use super::{
    memory::{ENTRIES, Entry, Mapping},
    state::{Phase, State},
    watcher::Watcher,
};
use crate::{
    health::Health,
    worker::{ending::WorkerEnding, process::Process},
};
use futures_util::task::AtomicWaker;
use gateway_model::{Clock, Failure, FailureClass};
use std::{
    array, io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Acquire},
    },
    time::Duration,
};

/// Signatures under way in one worker process.
pub(crate) struct Ring {
    shared: Mapping,
    desks: [Desk; ENTRIES],
    /// Entries without a request.
    free: AtomicU64,
    /// Entries whose request nobody waits for, but that the worker process may still write to.
    abandoned: AtomicU64,
    /// Entries whose tasks sleep.
    pub(super) parked: AtomicU64,
    answers: AtomicU32,
    pub(super) watcher: Watcher,
    process: OnceLock<Arc<Process>>,
    ending: OnceLock<WorkerEnding>,
    signer: Signer,
}

/// Whose signatures they are.
pub(crate) struct Signer {
    pub(crate) health: Arc<Health>,
    pub(crate) version: String,
    /// How long a request waits.
    pub(crate) deadline: Duration,
}

/// The gateway's own part of an entry, which the other process cannot write.
pub(super) struct Desk {
    sequence: AtomicU32,
    request_len: AtomicU32,
    /// All answers of the worker process when the request came.
    answers: AtomicU32,
    /// How long the task sleeps, in the watcher's ticks.
    pub(super) ticks: AtomicU32,
    pub(super) task: AtomicWaker,
}

impl Ring {
    pub(crate) fn new(shared: Mapping, signer: Signer) -> Self {
        Self {
            shared,
            desks: array::from_fn(|_| Desk {
                sequence: AtomicU32::new(0),
                request_len: AtomicU32::new(0),
                answers: AtomicU32::new(0),
                ticks: AtomicU32::new(0),
                task: AtomicWaker::new(),
            }),
            free: AtomicU64::new(u64::MAX),
            abandoned: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            answers: AtomicU32::new(0),
            watcher: Watcher::new(signer.deadline),
            process: OnceLock::new(),
            ending: OnceLock::new(),
            signer,
        }
    }

    /// Begins to watch. The thread ends with the worker process.
    pub(crate) fn start(
        self: &Arc<Self>,
        process: Arc<Process>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<()> {
        let _ = self.process.set(process);
        self.watcher.start(Arc::clone(self), clock)
    }

    /// The worker process has ended, or is about to.
    pub(crate) fn close(&self, ending: WorkerEnding) {
        let _ = self.ending.set(ending);
        for desk in &self.desks {
            desk.task.wake();
        }
        self.watcher.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.ending.get().is_some()
    }

    /// Ends the worker process.
    #[cold]
    fn break_off(&self, why: WorkerEnding) -> Failure {
        let failure = self.failure(&why);
        if let Some(process) = self.process.get() {
            process.kill(why.clone());
        }
        self.close(why);
        failure
    }

    fn failure(&self, ending: &WorkerEnding) -> Failure {
        ending.failure(self.signer.health.name(), &self.signer.version)
    }

    pub(super) fn is_answered(&self, at: u32) -> bool {
        let state = State::from_word(self.entry(at).state.load(Acquire));
        !matches!(state.phase(), Some(Phase::Ready | Phase::Parked))
    }

    pub(super) fn bell(&self) -> &AtomicU32 {
        &self.shared.bell.0
    }

    fn entry(&self, at: u32) -> &Entry {
        // `claim` gives out nothing else.
        &self.shared.entries[at as usize % ENTRIES]
    }

    pub(super) fn desk(&self, at: u32) -> &Desk {
        &self.desks[at as usize % ENTRIES]
    }
}

/// The positions of the bits that are set.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(at)
    })
}

/// A passing failure: the next request may be signed.
pub(crate) fn late(message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, "signature_late", message);
    failure.retry_after = Some(Duration::from_secs(1));
    failure
}

#[cfg(test)]
mod tests;
