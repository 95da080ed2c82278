//! The threads on which plugin code runs.
//!
//! Not the runtime's workers: a call that is slow, parked or endless harms no other plugin and no
//! request. A plugin runs on one thread at a time, so that the other thread is always free for the
//! others; a thread that does not come back is given up and replaced.

mod queue;
mod state;
mod watchdog;

use crate::health::{Death, Health};
use queue::Job;
use state::{PoolState, Worker};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Threads for plugin code.
const THREADS: usize = 2;
/// Enough for JSON and URL parsers under hostile input.
const STACK: usize = 4 << 20;
/// Calls that wait; each authorization has at most one, so this is out of reach.
const MAX_QUEUE: usize = 8192;

/// What happens to a job of a dead plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobKind {
    /// It is dropped, and its caller learns that.
    Call,
    /// It is dropped too: a handle in unknown state is not touched again.
    Free,
}

/// What the pool and its threads hold together.
#[derive(Default)]
struct PoolInner {
    state: Mutex<PoolState>,
    work: Condvar,
    busy: Condvar,
}

/// The pool. Its threads start with the first job and end when the pool is dropped and drained.
#[derive(Default)]
pub(crate) struct Pool {
    inner: Arc<PoolInner>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.inner.lock().closed = true;
        self.inner.work.notify_all();
        self.inner.busy.notify_all();
    }
}

impl Pool {
    /// Queues a job.
    ///
    /// # Errors
    /// When no thread can be started or the queue is full; the job is dropped.
    pub(crate) fn submit(
        &self,
        health: &Arc<Health>,
        kind: JobKind,
        run: Box<dyn FnOnce() + Send>,
    ) -> io::Result<()> {
        let mut state = self.inner.lock();
        self.inner.ensure_threads(&mut state)?;
        // Only calls count: refusing to free a handle would leak it.
        if kind == JobKind::Call && state.queue.len() >= MAX_QUEUE {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        // Wake no thread for a plugin that runs already: its thread takes the job afterwards.
        let wakes = state.is_free(health);
        state.queue.push(Job {
            health: Arc::clone(health),
            run,
        });
        drop(state);
        if wakes {
            self.inner.work.notify_one();
        }
        Ok(())
    }
}

impl PoolInner {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        // No user code runs under the lock; a poisoned state is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ensure_threads(self: &Arc<Self>, state: &mut PoolState) -> io::Result<()> {
        if !state.watchdog {
            let (watched, ticked) = (Arc::clone(self), Arc::clone(self));
            // Before the first worker, so that no call runs unwatched.
            watchdog::start(move || watched.wait_until_busy(), move || ticked.tick())?;
            state.watchdog = true;
        }
        while state.workers.len() < THREADS {
            match self.start_worker(state) {
                Ok(()) => {}
                // One thread is enough to go on; without any, the job would wait for ever.
                Err(error) if state.workers.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn start_worker(self: &Arc<Self>, state: &mut PoolState) -> io::Result<()> {
        let id = state.next_id;
        let inner = Arc::clone(self);
        thread::Builder::new()
            .name(format!("plugin-{id}"))
            // A stack of its own size: the system's default may be far smaller.
            .stack_size(STACK)
            .spawn(move || inner.work(id))?;
        state.next_id += 1;
        state.workers.push(Worker { id, running: None });
        Ok(())
    }

    /// Blocks until a call runs; false when the pool is closed and drained.
    fn wait_until_busy(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.workers.iter().any(|worker| worker.running.is_some()) {
                return true;
            }
            if state.closed && state.queue.is_empty() {
                return false;
            }
            let woken = self.busy.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives up the threads that hang, and replaces them.
    fn tick(self: &Arc<Self>) {
        let mut state = self.lock();
        let before = state.workers.len();
        state.give_up_hung();
        for _ in state.workers.len()..before {
            if let Err(error) = self.start_worker(&mut state) {
                tracing::error!(%error, "no thread for plugin calls can be started");
            }
        }
    }

    /// The loop of a worker thread.
    fn work(&self, id: u64) {
        let mut state = self.lock();
        loop {
            if !state.has_worker(id) {
                return; // given up while it was in a call
            }
            if let Some(job) = state.take_job() {
                state.set_running(id, Some(&job.health));
                // One wake-up may stand for several jobs, so pass it on if another plugin's job waits.
                let more = state.queue.any(|health| state.is_free(health));
                // Unlocked before the call: a plugin that hangs must not hold the pool's lock.
                drop(state);
                if more {
                    self.work.notify_one();
                }
                // The watchdog sleeps while no call runs, so that an idle gateway wakes nobody.
                self.busy.notify_one();
                run(job);
                state = self.lock();
                state.set_running(id, None);
            } else if state.closed && state.queue.is_empty() {
                state.workers.retain(|worker| worker.id != id);
                self.work.notify_all();
                return;
            } else {
                let woken = self.work.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

fn run(job: Job) {
    let Job { health, run } = job;
    if health.death().is_some() {
        return; // dropping the closure tells its caller
    }
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        tracing::error!(
            plugin = health.name(),
            "the host panicked around a plugin call"
        );
        // The host's own code panicked around the call, so what the plugin did is not known.
        health.kill(Death::Fatal);
    }
}
