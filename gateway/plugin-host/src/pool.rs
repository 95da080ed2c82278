//! The threads on which plugin code runs.
//!
//! Not the runtime's workers: a call that is slow, parked or endless harms no other plugin and no
//! request. A plugin runs on one thread at a time, so that the other thread is always free for the
//! others; a thread that does not come back is given up and replaced.

mod queue;
mod watchdog;

use crate::health::{Death, Health};
use queue::{Job, Queue};
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
    /// It is dropped, and whoever waits for its answer learns that.
    Call,
    /// It is dropped too: a handle in unknown state is not touched again.
    Free,
}

#[derive(Default)]
struct State {
    queue: Queue,
    workers: Vec<Worker>,
    watchdog: bool,
    next_id: u64,
    closed: bool,
}

/// A thread that still belongs to the pool.
struct Worker {
    id: u64,
    running: Option<Running>,
}

struct Running {
    health: Arc<Health>,
    ticks: u32,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    busy: Condvar,
}

/// The pool. Its threads start with the first job and end when the pool is dropped and drained.
#[derive(Default)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
        self.shared.busy.notify_all();
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
        let mut state = self.shared.lock();
        self.shared.ensure_threads(&mut state)?;
        if kind == JobKind::Call && state.queue.len() >= MAX_QUEUE {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        // Otherwise the thread that runs its plugin takes it afterwards.
        let wakes = state.is_free(health);
        state.queue.push(Job {
            health: Arc::clone(health),
            run,
        });
        drop(state);
        if wakes {
            self.shared.work.notify_one();
        }
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock; a poisoned state is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ensure_threads(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        if !state.watchdog {
            watchdog::start(Arc::clone(self))?;
            state.watchdog = true;
        }
        while state.workers.len() < THREADS {
            match self.start_worker(state) {
                Ok(()) => {}
                Err(error) if state.workers.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn start_worker(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let id = state.next_id;
        let shared = Arc::clone(self);
        thread::Builder::new()
            .name(format!("plugin-{id}"))
            .stack_size(STACK)
            .spawn(move || shared.work(id))?;
        state.next_id += 1;
        state.workers.push(Worker { id, running: None });
        Ok(())
    }

    /// A worker's life.
    fn work(&self, id: u64) {
        let mut state = self.lock();
        loop {
            if !state.workers.iter().any(|worker| worker.id == id) {
                return; // given up while it was in a call
            }
            if let Some(job) = state.take_job() {
                state.set_running(id, Some(&job.health));
                // Another plugin's job may have waited for no more than a thread that looks.
                let more = state.queue.any(|health| state.is_free(health));
                drop(state);
                if more {
                    self.work.notify_one();
                }
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

impl State {
    /// The oldest job whose plugin is on no thread now.
    fn take_job(&mut self) -> Option<Job> {
        let Self { queue, workers, .. } = self;
        queue.take(|health| is_free(workers, health))
    }

    fn is_free(&self, health: &Arc<Health>) -> bool {
        is_free(&self.workers, health)
    }

    fn set_running(&mut self, id: u64, health: Option<&Arc<Health>>) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.running = health.map(|health| Running {
                health: Arc::clone(health),
                ticks: 0,
            });
        }
    }
}

/// Whether the plugin is on no thread now.
fn is_free(workers: &[Worker], health: &Arc<Health>) -> bool {
    let mut running = workers.iter().filter_map(|worker| worker.running.as_ref());
    !running.any(|running| Arc::ptr_eq(&running.health, health))
}

fn run(job: Job) {
    let Job { health, run } = job;
    if health.death().is_some() {
        return; // dropping the closure tells whoever waits
    }
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        tracing::error!(
            plugin = health.name(),
            "the host panicked around a plugin call"
        );
        health.kill(Death::Fatal);
    }
}
