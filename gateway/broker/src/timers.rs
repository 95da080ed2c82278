//! One timer queue for all accounts: an idle account costs one entry, not one task.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};
use tokio::sync::Notify;

/// A queue of `T`, each under a number of its own and at most once.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    queue: Mutex<BTreeMap<(Instant, u64), Weak<T>>>,
    earlier: Notify,
}

impl<T> Timers<T> {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(BTreeMap::new()),
            earlier: Notify::new(),
        }
    }

    fn queue(&self) -> MutexGuard<'_, BTreeMap<(Instant, u64), Weak<T>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the timer `old` of `id` by `new`.
    pub(crate) fn replace(&self, id: u64, old: Option<Instant>, new: Option<(Instant, Weak<T>)>) {
        let mut queue = self.queue();
        if let Some(old) = old {
            queue.remove(&(old, id));
        }
        if let Some((at, whom)) = new {
            // Only an earlier one has to wake the sleeper, which looks at the queue anyway when its time comes.
            let first = queue
                .first_key_value()
                .is_none_or(|((first, _), _)| at < *first);
            queue.insert((at, id), whom);
            // Release before notifying, or the woken task would block on the lock at once.
            drop(queue);
            if first {
                self.earlier.notify_one();
            }
        }
    }

    /// Takes the earliest entry out if it is due.
    pub(crate) fn due(&self, now: Instant) -> Option<Weak<T>> {
        let mut queue = self.queue();
        // The earliest only: everything behind it is later.
        let first = queue.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue().first_key_value().map(|((at, _), _)| *at)
    }

    /// Waits until a timer was set that is earlier than all others.
    pub(crate) async fn earlier(&self) {
        self.earlier.notified().await;
    }
}
