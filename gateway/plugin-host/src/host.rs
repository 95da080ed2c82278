//! What all plugins of a process share: the threads they run on, the clock and the randomness.

use crate::{
    OsRandom, Random, WorkerProgram,
    context::CallContext,
    health::{Death, Health, Watch},
    host_table,
    pool::{JobKind, Pool},
};
use gateway_model::{Clock, Failure, FailureClass};
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Authorizations under way in the whole process.
// Far more than accounts renew at a time; beyond it, callers are told to come back.
const MAX_AUTHORIZATIONS: usize = 1024;
/// How often a blocking caller checks whether the plugin died.
// Short enough that nobody notices, long enough to cost nothing.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The plugin host of a process. Cheap to clone; its threads start with the first call.
#[derive(Clone)]
pub struct Host {
    inner: Arc<HostInner>,
    worker_program: Option<WorkerProgram>,
}

struct HostInner {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    pool: Pool,
    authorizations: Arc<Semaphore>,
}

impl Host {
    /// A host whose plugins see this clock and the system's randomness.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_random(clock, Arc::new(OsRandom))
    }

    /// A host with a randomness of its own, for runs that must be repeatable.
    pub fn with_random(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        // For threads that a plugin starts although it must not: they have no context.
        host_table::offer_clock(&clock);
        Self {
            inner: Arc::new(HostInner {
                clock,
                random,
                pool: Pool::default(),
                authorizations: Arc::new(Semaphore::new(MAX_AUTHORIZATIONS)),
            }),
            worker_program: None,
        }
    }

    /// The same host, whose worker processes run this program. Without one, no plugin can run in a
    /// process of its own.
    #[must_use]
    pub fn with_worker_program(self, program: WorkerProgram) -> Self {
        Self {
            worker_program: Some(program),
            ..self
        }
    }

    pub(crate) fn health(&self, name: &str, watch: Watch) -> Arc<Health> {
        Arc::new(Health::new(name, watch, Arc::clone(&self.inner.clock)))
    }

    /// The clock and the program of worker processes.
    pub(crate) fn for_workers(&self) -> Option<(Arc<dyn Clock>, WorkerProgram)> {
        let program = self.worker_program.clone()?;
        Some((Arc::clone(&self.inner.clock), program))
    }

    /// The clock and the randomness that plugins see.
    pub(crate) fn surroundings(&self) -> (&dyn Clock, &dyn Random) {
        (&*self.inner.clock, &*self.inner.random)
    }

    /// A permit for one more authorization; it is busy if too many are under way.
    pub(crate) fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        // Without waiting: a queue here would hide that plugins are too slow.
        let permit = Arc::clone(&self.inner.authorizations).try_acquire_owned();
        permit.map_err(|_| busy("too many authorizations are under way"))
    }

    /// Runs a plugin call on the pool and waits for it.
    pub(crate) async fn call<R: Send + 'static>(
        &self,
        health: &Arc<Health>,
        call: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let (answer, answered) = oneshot::channel();
        let context = self.context(health);
        let job = move || {
            // The caller may be gone: then the result, with its handle, is dropped here on the pool.
            let _ = answer.send(context.enter(call));
        };
        self.submit(health, JobKind::Call, Box::new(job))?;
        tokio::select! {
            // The result first: a plugin that died after its answer still gave the answer.
            biased;
            result = answered => match result {
                Ok(value) => Ok(value),
                // The pool drops a job unrun only if its plugin is dead.
                Err(_) => Err(health.died().await),
            },
            failure = health.died() => Err(failure),
        }
    }

    /// Runs a plugin call on the pool and blocks the calling thread until it has returned.
    pub(crate) fn call_blocking<R: Send + 'static>(
        &self,
        health: &Arc<Health>,
        call: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Failure> {
        self.start(health, call)?.wait()
    }

    /// Queues a plugin call, for threads that may block: several calls can be queued before the first
    /// is waited for, so that the plugin's thread need not sleep between them.
    pub(crate) fn start<R: Send + 'static>(
        &self,
        health: &Arc<Health>,
        call: impl FnOnce() -> R + Send + 'static,
    ) -> Result<PendingCall<R>, Failure> {
        // Room for one, so that the pool's thread never waits for the caller.
        let (answer, answered) = mpsc::sync_channel(1);
        let context = self.context(health);
        let job = move || {
            let _ = answer.send(context.enter(call));
        };
        self.submit(health, JobKind::Call, Box::new(job))?;
        let health = Arc::clone(health);
        Ok(PendingCall { answered, health })
    }

    /// Gives a handle back on the pool. Of a dead plugin, or without threads, it is abandoned.
    pub(crate) fn free(&self, health: &Arc<Health>, free: impl FnOnce() + Send + 'static) {
        let context = self.context(health);
        let job = move || context.enter(free);
        if let Err(failure) = self.submit(health, JobKind::Free, Box::new(job)) {
            tracing::error!(plugin = health.name(), %failure, "a plugin's handle is abandoned");
        }
    }

    fn context(&self, health: &Arc<Health>) -> CallContext {
        CallContext::new(
            Arc::clone(health),
            Arc::clone(&self.inner.clock),
            Arc::clone(&self.inner.random),
        )
    }

    fn submit(
        &self,
        health: &Arc<Health>,
        kind: JobKind,
        job: Box<dyn FnOnce() + Send>,
    ) -> Result<(), Failure> {
        let submitted = self.inner.pool.submit(health, kind, job);
        submitted.map_err(|error| busy(&format!("no thread for plugin calls: {error}")))
    }
}

/// A call that was queued, and whose result is still to be waited for.
#[must_use = "the call's result is lost"]
pub(crate) struct PendingCall<R> {
    answered: mpsc::Receiver<R>,
    health: Arc<Health>,
}

impl<R> PendingCall<R> {
    /// Waits for its result.
    pub(crate) fn wait(self) -> Result<R, Failure> {
        loop {
            match self.answered.recv_timeout(CHECK_INTERVAL) {
                Ok(value) => return Ok(value),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if let Some(death) = self.health.death() {
                        return Err(self.health.dead(death));
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let death = self.health.death();
                    return Err(self.health.dead(death.unwrap_or(Death::Fatal)));
                }
            }
        }
    }
}

fn busy(message: &str) -> Failure {
    Failure::new(FailureClass::Transient, "host_busy", message)
}
