//! The gateway's side of a worker: starts it, and starts it again when it ended.

mod calls;
mod connection;
mod instance;

pub(crate) use instance::{Address, WorkerInstance, WorkerOp};

use super::{
    codec::{Functions, Load, RequestFrame, Response},
    ending::{WorkerEnding, WorkerRecord, WorkerStatus},
    process::WorkerProgram,
    ring::{Mapping, Ring, Signer},
};
use crate::{Limits, health::Health, private_copy};
use arc_swap::ArcSwapOption;
use connection::{Broken, Connection};
use gateway_model::{Clock, Digest, Failure};
use std::{
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::watch;

/// For the start of the process and the load of the plugin.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// How long the system may take to say why a process ended that closed its channel.
const GRACE: Duration = Duration::from_millis(500);

/// What a worker loads.
pub(crate) struct WorkerSource {
    /// The private copy.
    pub(crate) library: PathBuf,
    pub(crate) digest: Digest,
    pub(crate) manifest: Vec<u8>,
    pub(crate) version: String,
    /// Bytes of address space that the plugin may use.
    pub(crate) memory: u64,
}

/// One plugin's worker process. Its calls are made on the pool, one at a time.
pub(crate) struct WorkerClient {
    source: Arc<WorkerSource>,
    program: WorkerProgram,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    functions: OnceLock<Functions>,
    connection: Mutex<Option<Connection>>,
    record: Mutex<WorkerRecord>,
    /// How long a signature may take; none if this worker signs nothing.
    sign_deadline: Option<Duration>,
    /// The memory that the worker which runs shares, with its generation.
    ring: ArcSwapOption<(u64, Arc<Ring>)>,
    /// The last generation that ended.
    ended: watch::Sender<u64>,
    next_id: AtomicU64,
}

impl WorkerClient {
    /// Starts a worker and loads the plugin. With a deadline, its signatures go through shared memory, and each
    /// has this time. It blocks.
    pub(crate) fn start(
        source: Arc<WorkerSource>,
        program: WorkerProgram,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        sign_deadline: Option<Duration>,
    ) -> Result<Arc<Self>, WorkerEnding> {
        let client = Self::new(source, program, clock, health, sign_deadline);
        let generation = client.record().start(client.clock.now());
        // One that does not start is not recorded: it is not started again.
        let launched = client.launch(generation);
        let connection = launched.map_err(|ending| client.with_refused_calls(ending))?;
        *client.lock() = Some(connection);
        Ok(client)
    }

    fn new(
        source: Arc<WorkerSource>,
        program: WorkerProgram,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        sign_deadline: Option<Duration>,
    ) -> Arc<Self> {
        Arc::new(Self {
            source,
            program,
            clock,
            health,
            functions: OnceLock::new(),
            connection: Mutex::new(None),
            record: Mutex::default(),
            sign_deadline,
            ring: ArcSwapOption::empty(),
            ended: watch::Sender::new(0),
            next_id: AtomicU64::new(1),
        })
    }

    /// What the plugin said that it can do.
    pub(crate) fn functions(&self) -> Functions {
        self.functions.get().copied().unwrap_or_default()
    }

    pub(crate) const fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// For operators.
    pub(crate) fn status(&self) -> WorkerStatus {
        self.record().status(self.clock.now())
    }

    /// Whether what a worker of this generation made is still there.
    pub(crate) fn lives(&self, generation: u64) -> bool {
        *self.ended.borrow() < generation
    }

    /// Resolves when the worker of this generation has ended.
    pub(crate) fn ended(
        self: &Arc<Self>,
        generation: u64,
    ) -> impl Future<Output = Failure> + Send + 'static {
        let (client, mut ended) = (Arc::clone(self), self.ended.subscribe());
        async move {
            // The sender is the client's, so it cannot be gone.
            let _ = ended.wait_for(|ended| *ended >= generation).await;
            client.last_failure()
        }
    }

    /// Where an instance is, if its worker still runs.
    pub(crate) fn living_instance(&self, instance: &WorkerInstance) -> Option<Address> {
        Some(instance.address()).filter(|address| self.lives(address.generation()))
    }

    /// Ends a worker that cannot be used any more.
    fn broken(&self, slot: &mut Option<Connection>, broken: Broken) -> Failure {
        let Some(connection) = slot.take() else {
            return self.last_failure();
        };
        let ending = connection.end(broken, GRACE);
        self.lost(connection.generation(), &ending);
        self.failure(&ending)
    }

    /// Records the end of a worker, once.
    fn lost(&self, generation: u64, ending: &WorkerEnding) {
        {
            let mut record = self.record();
            if !record.runs(generation) {
                return;
            }
            record.end(ending, self.clock.now(), self.clock.wall());
        }
        // After the record: whoever is woken asks it for the reason.
        self.ended.send_replace(generation);
        tracing::error!(
            plugin = self.health.name(),
            version = self.source.version,
            reason = ending.as_str(),
            "the plugin's worker process ended: {ending}"
        );
        self.health.bug();
    }

    /// Starts a worker unless one runs. Returns its generation.
    fn connect(self: &Arc<Self>, slot: &mut Option<Connection>) -> Result<u64, Failure> {
        if let Some(connection) = slot
            && self.lives(connection.generation())
        {
            return Ok(connection.generation());
        }
        *slot = None;
        let generation = self.may_start()?;
        match self.launch(generation) {
            Ok(connection) => {
                *slot = Some(connection);
                Ok(generation)
            }
            Err(ending) => {
                self.lost(generation, &ending);
                Err(self.failure(&ending))
            }
        }
    }

    /// The generation of a worker that may be started now.
    fn may_start(&self) -> Result<u64, Failure> {
        let now = self.clock.now();
        let mut record = self.record();
        let wait = record.wait(now);
        if wait.is_zero() {
            return Ok(record.start(now));
        }
        drop(record);
        let mut failure = self.last_failure();
        failure.retry_after = Some(wait);
        failure.certainly_not_sent = true;
        Err(failure)
    }

    fn launch(self: &Arc<Self>, generation: u64) -> Result<Connection, WorkerEnding> {
        let not_started = |why: String| WorkerEnding::NotStarted(why);
        let source = &self.source;
        // Each time: the file may have been damaged since the gateway started.
        if !private_copy::is_intact(&source.library, source.digest) {
            let why = "the private copy of the plugin is damaged or gone: restart the gateway";
            return Err(not_started(why.into()));
        }
        let name = self.health.name();
        let client = Arc::downgrade(self);
        let (ring, memory) = self.make_ring().unzip();
        let closed = ring.clone();
        let ended = move |ending: WorkerEnding| {
            if let Some(ring) = closed {
                ring.close(ending.clone());
            }
            // Without its client nobody waits, and the end was wanted.
            if let Some(client) = client.upgrade() {
                client.lost(generation, &ending);
            }
        };
        let started = Connection::start(&self.program, name, generation, memory, ended);
        let mut connection = started.map_err(|error| {
            let program = self.program.file.display();
            not_started(format!("{program} cannot be started: {error}"))
        })?;
        let load = Load {
            library: source.library.clone(),
            manifest: source.manifest.clone(),
            memory: source.memory,
            tells_refused_calls: self.program.tells_refused_calls,
        };
        let frame = RequestFrame::load(self.clock.wall(), &load);
        let limits = Limits::default();
        let loaded = connection.exchange(&frame, &limits, START_DEADLINE, &*self.clock, name);
        self.note_refused_calls(&mut connection);
        let broken = match loaded {
            Ok(Response::Loaded(functions))
                if *self.functions.get_or_init(|| functions) == functions =>
            {
                self.use_ring(ring, &connection);
                return Ok(connection);
            }
            Ok(Response::Loaded(_)) => Broken::Protocol("other capabilities than at first".into()),
            Ok(Response::Refused(why)) => {
                connection.end(Broken::Protocol(String::new()), GRACE);
                return Err(not_started(why));
            }
            Ok(other) => Broken::Protocol(format!("{} at the start", other.name())),
            Err(broken) => broken,
        };
        Err(connection.end(broken, GRACE))
    }

    fn note_refused_calls(&self, connection: &mut Connection) {
        let calls = connection.take_refused_calls();
        // A plugin that finds the channel could otherwise fill the record.
        if self.program.tells_refused_calls && !calls.is_empty() {
            self.record().refuse_calls(calls);
        }
    }

    /// Why it did not start, if a refused call may be the cause of it.
    fn with_refused_calls(&self, ending: WorkerEnding) -> WorkerEnding {
        match self.status().refused_calls() {
            None => ending,
            Some(calls) => {
                WorkerEnding::NotStarted(format!("{ending}; before that, it was refused {calls}"))
            }
        }
    }

    /// New memory for signatures. Without it they go over the channel.
    fn make_ring(&self) -> Option<(Arc<Ring>, OwnedFd)> {
        let deadline = self.sign_deadline?;
        // A refused call is told on the channel, and belongs to the call that is made there.
        if self.program.tells_refused_calls {
            return None;
        }
        let signer = Signer {
            health: Arc::clone(&self.health),
            version: self.source.version.clone(),
            deadline,
        };
        match Mapping::create() {
            Ok((shared, file)) => Some((Arc::new(Ring::new(shared, signer)), file)),
            Err(error) => {
                self.warn_of_slow_signatures(&error);
                None
            }
        }
    }

    fn use_ring(&self, ring: Option<Arc<Ring>>, connection: &Connection) {
        let Some(ring) = ring else {
            return;
        };
        match ring.start(Arc::clone(connection.process()), Arc::clone(&self.clock)) {
            Ok(()) => (self.ring).store(Some(Arc::new((connection.generation(), ring)))),
            Err(error) => self.warn_of_slow_signatures(&error),
        }
    }

    fn warn_of_slow_signatures(&self, error: &io::Error) {
        tracing::warn!(
            plugin = self.health.name(),
            %error,
            "no shared memory for signatures, so they go over a socket, which takes longer"
        );
    }

    fn failure(&self, ending: &WorkerEnding) -> Failure {
        ending.failure(self.health.name(), &self.source.version)
    }

    fn last_failure(&self) -> Failure {
        let last = self.record().last_ending().cloned();
        self.failure(&last.unwrap_or(WorkerEnding::ChannelClosed))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self) -> MutexGuard<'_, WorkerRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
