//! The gateway's side of a worker: makes its calls, starts it again when it ended.

mod connection;
mod instance;

pub(crate) use instance::{Address, WorkerInstance, WorkerOp};

use super::{
    codec::{Functions, Load, RequestFrame, Response},
    ending::{WorkerEnding, WorkerRecord, WorkerStatus},
    process::WorkerProgram,
};
use crate::{
    Limits,
    call::{AuthorizeUrlResult, BeginArgs, EventArgs, Returned},
    health::Health,
    instance_result, private_copy,
    sign_call::{SignArgs, SignatureDraft},
    sink::Emitted,
};
use connection::{Broken, Connection};
use gateway_model::{Clock, Digest, Failure, FailureClass, SecretBytes};
use plugins_abi::Status;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// The code of the failure of operations whose worker process ended.
pub const WORKER_ENDED: &str = "plugin_worker_ended";
/// For one call, as long as the watchdog gives a plugin in the gateway's process.
const CALL_DEADLINE: Duration = Duration::from_secs(2);
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
    /// The last generation that ended.
    ended: watch::Sender<u64>,
    next_id: AtomicU64,
}

impl WorkerClient {
    /// Starts a worker and loads the plugin. It blocks.
    pub(crate) fn start(
        source: Arc<WorkerSource>,
        program: WorkerProgram,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
    ) -> Result<Arc<Self>, Failure> {
        let client = Arc::new(Self {
            source,
            program,
            clock,
            health,
            functions: OnceLock::new(),
            connection: Mutex::new(None),
            record: Mutex::default(),
            ended: watch::Sender::new(0),
            next_id: AtomicU64::new(1),
        });
        client.connect(&mut client.lock())?;
        Ok(client)
    }

    /// What the plugin said that it can do.
    pub(crate) fn functions(&self) -> Functions {
        self.functions.get().copied().unwrap_or_default()
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

    pub(crate) fn instance_new(
        self: &Arc<Self>,
        config: Arc<SecretBytes>,
        limits: Limits,
    ) -> Result<Returned<WorkerInstance>, Failure> {
        let mut slot = self.lock();
        let returned = self.make(&mut slot, &config, limits)?;
        Ok(returned.map(|address| WorkerInstance::new(config, limits, address)))
    }

    /// Makes the instance in the worker, so that the first request need not wait for it.
    pub(crate) fn prepare(self: &Arc<Self>, instance: &WorkerInstance) {
        // A failure is met again by the first request, which has somebody to tell.
        let _ = self.revive(&mut self.lock(), instance);
    }

    /// Signs a request, in this time.
    pub(crate) fn sign(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        args: &SignArgs,
        time: Duration,
    ) -> Result<(Status, SignatureDraft), Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let frame = RequestFrame::sign(self.clock.wall(), at.id(), args);
        let response = self.exchange_within(&mut slot, &frame, &Limits::default(), time)?;
        let name = response.name();
        let Response::Signed { status, draft } = response else {
            return Err(self.unexpected(&mut slot, name));
        };
        Ok((status, draft))
    }

    pub(crate) fn instance_free(self: &Arc<Self>, at: Address) {
        let frame = RequestFrame::instance_free(self.clock.wall(), at.id());
        self.free(at.generation(), &frame);
    }

    /// Where an instance is, if its worker still runs.
    pub(crate) fn living_instance(&self, instance: &WorkerInstance) -> Option<Address> {
        Some(instance.address()).filter(|address| self.lives(address.generation()))
    }

    pub(crate) fn op_begin(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        args: &BeginArgs,
        limits: Limits,
    ) -> Result<Returned<WorkerOp>, Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let op = self.next_id();
        let frame = RequestFrame::op_begin(self.clock.wall(), at.id(), op, args, &limits);
        let returned = self.call(&mut slot, &frame, &limits)?;
        let Returned {
            status,
            emitted,
            handle,
        } = returned;
        Ok(Returned {
            status,
            emitted,
            handle: handle.map(|()| WorkerOp::new(at.generation(), op)),
        })
    }

    pub(crate) fn op_resume(
        self: &Arc<Self>,
        op: WorkerOp,
        args: &EventArgs,
        limits: Limits,
    ) -> Result<(Status, Emitted), Failure> {
        let mut slot = self.lock();
        // A new worker knows nothing of it.
        if !self.has(&slot, op.generation()) {
            return Err(self.last_failure());
        }
        let frame = RequestFrame::op_resume(self.clock.wall(), op.id(), args, &limits);
        let returned = self.call(&mut slot, &frame, &limits)?;
        Ok((returned.status, returned.emitted))
    }

    pub(crate) fn op_free(self: &Arc<Self>, op: WorkerOp) {
        let frame = RequestFrame::op_free(self.clock.wall(), op.id());
        self.free(op.generation(), &frame);
    }

    pub(crate) fn authorize_url(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        args: &BeginArgs,
        limits: Limits,
    ) -> Result<AuthorizeUrlResult, Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let frame = RequestFrame::authorize_url(self.clock.wall(), at.id(), args, &limits);
        let response = self.exchange(&mut slot, &frame, &limits)?;
        let name = response.name();
        let Response::Url {
            status,
            emitted,
            url,
        } = response
        else {
            return Err(self.unexpected(&mut slot, name));
        };
        Ok(AuthorizeUrlResult {
            status,
            emitted,
            url,
        })
    }

    /// The instance in the worker that runs, made anew if that is another one than it was made in.
    fn revive(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        instance: &WorkerInstance,
    ) -> Result<Address, Failure> {
        let generation = self.connect(slot)?;
        let address = instance.address();
        if address.generation() == generation {
            return Ok(address);
        }
        let returned = self.make(slot, instance.config(), instance.limits())?;
        let address = instance_result::check(&self.health, returned)?;
        instance.moved(address);
        Ok(address)
    }

    fn make(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        config: &SecretBytes,
        limits: Limits,
    ) -> Result<Returned<Address>, Failure> {
        let generation = self.connect(slot)?;
        let id = self.next_id();
        let frame = RequestFrame::instance_new(self.clock.wall(), id, config, &limits);
        let returned = self.call(slot, &frame, &limits)?;
        Ok(returned.map(|()| Address::new(generation, id)))
    }

    fn free(self: &Arc<Self>, generation: u64, frame: &SecretBytes) {
        let mut slot = self.lock();
        if !self.has(&slot, generation) {
            return;
        }
        // A destructor that ends its process is recorded like any other call.
        match self.exchange(&mut slot, frame, &Limits::default()) {
            Ok(Response::Freed) | Err(_) => {}
            Ok(other) => drop(self.unexpected(&mut slot, other.name())),
        }
    }

    fn call(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
    ) -> Result<Returned<()>, Failure> {
        let response = self.exchange(slot, frame, limits)?;
        let name = response.name();
        let Response::Returned {
            status,
            emitted,
            made_handle,
        } = response
        else {
            return Err(self.unexpected(slot, name));
        };
        Ok(Returned {
            status,
            emitted,
            handle: made_handle.then_some(()),
        })
    }

    fn exchange(
        &self,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
    ) -> Result<Response, Failure> {
        self.exchange_within(slot, frame, limits, CALL_DEADLINE)
    }

    fn exchange_within(
        &self,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
        time: Duration,
    ) -> Result<Response, Failure> {
        let Some(connection) = slot else {
            return Err(self.last_failure());
        };
        if !Connection::fits(frame) {
            let message = "what the plugin would have to read is longer than 4 MiB";
            return Err(Failure::new(FailureClass::Config, "too_long", message));
        }
        let name = self.health.name();
        connection
            .exchange(frame, limits, time, &*self.clock, name)
            .map_err(|broken| self.broken(slot, broken))
    }

    fn unexpected(&self, slot: &mut Option<Connection>, name: &str) -> Failure {
        let how = format!("{name} where something else belongs");
        self.broken(slot, Broken::Protocol(how))
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
        let ended = move |ending: WorkerEnding| {
            // Without its client nobody waits, and the end was wanted.
            if let Some(client) = client.upgrade() {
                client.lost(generation, &ending);
            }
        };
        let started = Connection::start(&self.program, name, generation, ended);
        let mut connection = started.map_err(|error| {
            let program = self.program.file.display();
            not_started(format!("{program} cannot be started: {error}"))
        })?;
        let load = Load {
            library: source.library.clone(),
            manifest: source.manifest.clone(),
            memory: source.memory,
        };
        let frame = RequestFrame::load(self.clock.wall(), &load);
        let limits = Limits::default();
        let loaded = connection.exchange(&frame, &limits, START_DEADLINE, &*self.clock, name);
        let broken = match loaded {
            Ok(Response::Loaded(functions))
                if *self.functions.get_or_init(|| functions) == functions =>
            {
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

    fn failure(&self, ending: &WorkerEnding) -> Failure {
        let (name, version) = (self.health.name(), &self.source.version);
        let message = format!(
            "the worker process of plugin {name} {version} ended: {ending}; the gateway starts it again"
        );
        Failure::new(FailureClass::Transient, WORKER_ENDED, message)
    }

    fn last_failure(&self) -> Failure {
        let last = self.record().last_ending().cloned();
        self.failure(&last.unwrap_or(WorkerEnding::ChannelClosed))
    }

    fn has(&self, slot: &Option<Connection>, generation: u64) -> bool {
        let current = slot.as_ref().map(Connection::generation);
        current == Some(generation) && self.lives(generation)
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
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
