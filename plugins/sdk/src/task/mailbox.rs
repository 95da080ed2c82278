//! What the future asks for and what it waits for.

use crate::Error;
use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// Something the gateway is to do.
pub(crate) enum Command {
    Http {
        id: u64,
        request: Box<oauth2::HttpRequest>,
    },
    Timer {
        id: u64,
        delay_ms: u64,
    },
    Cancel {
        id: u64,
    },
}

/// How something ended that the future waited for.
pub(crate) enum Completion {
    Http(Result<oauth2::HttpResponse, Error>),
    Fired,
}

enum Slot {
    Outstanding(Waker),
    Arrived(Completion),
}

#[derive(Default)]
struct State {
    last_id: u64,
    out: Vec<Command>,
    slots: BTreeMap<u64, Slot>,
}

/// Shared by the future and the C side of one operation.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<State>);

impl Mailbox {
    /// Nothing is left half-done in here when a waker's destructor panics, so poison is no news.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request out and returns its number; numbers are not used twice.
    pub(crate) fn ask(
        &self,
        waker: Waker,
        command: impl FnOnce(u64) -> Option<Command>,
    ) -> Option<u64> {
        let mut state = self.lock();
        let id = state.last_id + 1;
        let command = command(id)?;
        state.last_id = id;
        state.out.push(command);
        state.slots.insert(id, Slot::Outstanding(waker));
        Some(id)
    }

    /// The completion if it has arrived; else remembers whom to wake.
    pub(crate) fn poll(&self, id: u64, waker: &Waker) -> Poll<Completion> {
        let mut state = self.lock();
        match state.slots.remove(&id) {
            Some(Slot::Arrived(completion)) => Poll::Ready(completion),
            // Wakers are author code: clone and drop them unlocked.
            Some(Slot::Outstanding(old)) if old.will_wake(waker) => {
                state.slots.insert(id, Slot::Outstanding(old));
                Poll::Pending
            }
            old => {
                drop(state);
                drop(old);
                let new = Slot::Outstanding(waker.clone());
                self.lock().slots.insert(id, new);
                Poll::Pending
            }
        }
    }

    /// The future no longer cares.
    pub(crate) fn forget(&self, id: u64) {
        let mut state = self.lock();
        let slot = state.slots.remove(&id);
        let mut unsent = None;
        if matches!(slot, Some(Slot::Outstanding(_))) {
            match state.out.iter().position(|command| command.asks(id)) {
                Some(index) => unsent = Some(state.out.remove(index)),
                None => state.out.push(Command::Cancel { id }),
            }
        }
        drop(state);
        // Wakers and a request's extensions are author code: dropped unlocked.
        drop((slot, unsent));
    }

    /// An event. Late, repeated and unknown ones change nothing.
    pub(crate) fn complete(&self, id: u64, completion: Completion) {
        let mut state = self.lock();
        let Some(slot) = state.slots.get_mut(&id) else {
            return;
        };
        if matches!(slot, Slot::Arrived(_)) {
            return;
        }
        let old = mem::replace(slot, Slot::Arrived(completion));
        drop(state);
        if let Slot::Outstanding(waker) = old {
            waker.wake();
        }
    }

    /// Whether anything is under way that can still wake the future.
    pub(crate) fn waits(&self) -> bool {
        self.lock()
            .slots
            .values()
            .any(|slot| matches!(slot, Slot::Outstanding(_)))
    }

    /// What is to be told to the gateway now.
    pub(crate) fn take_commands(&self) -> Vec<Command> {
        mem::take(&mut self.lock().out)
    }
}

impl Command {
    const fn asks(&self, wanted: u64) -> bool {
        match self {
            Self::Http { id, .. } | Self::Timer { id, .. } => *id == wanted,
            Self::Cancel { .. } => false,
        }
    }
}
