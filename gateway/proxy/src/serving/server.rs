//! Binding, starting and draining the workers.

use super::{
    listening::{self, InheritedSockets, KeptSocket, Listening},
    metrics_reader::MetricsReader,
    requests_reader::RequestsReader,
    settings_handle::SettingsHandle,
    worker_loop::{self, Command, Drain, DrainReport, WorkerStart},
};
use crate::{
    credential_source::CredentialSource,
    directory::{
        Directory, DirectoryError,
        publish::{DirectoryCell, DirectoryHandle},
        rate::Epoch,
    },
    metrics::WorkerMetrics,
    series::Series,
    settings::Settings,
    worker::{Loads, WorkerParts},
};
use gateway_model::Clock;
use rand::{TryRng as _, rngs::SysRng};
use std::{fmt, io, net::SocketAddr, sync::Arc, thread};
use tokio::sync::{mpsc, watch};

/// Connections that may wait for another worker; further ones are served where they were accepted.
const MAILBOX: usize = 256;
/// Questions about recent requests that may wait for a worker.
const INQUIRIES: usize = 16;
/// Why each worker finds its receiver.
const ONE_EACH: &str = "one receiver was made per worker";
/// Changes of the settings that may wait for a worker.
const NEW_SETTINGS: usize = 4;

/// Why the data plane cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken or not ours.
    #[error("cannot listen on {addr} for apps: {hint}{error}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What to do, if that is known.
        hint: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// Settings that cannot work.
    #[error("{0}")]
    Settings(&'static str),
    /// A directory that cannot be served.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The system gave no thread, runtime or randomness.
    #[error("cannot start a worker: {0}")]
    Worker(io::Error),
}

/// Listening, not serving yet: the kernel queues connections.
#[must_use = "nothing is served before `start`"]
pub struct Bound {
    settings: Arc<Settings>,
    directory: Arc<DirectoryCell>,
    credentials: Arc<dyn CredentialSource>,
    clock: Arc<dyn Clock>,
    listening: Listening,
}

/// Claims the listening addresses, and checks everything that can be checked before serving. An address
/// for which there are inherited sockets is not opened again.
///
/// # Errors
/// When an address is taken, or settings or directory cannot work.
pub fn bind(
    settings: Settings,
    directory: Directory,
    credentials: Arc<dyn CredentialSource>,
    clock: Arc<dyn Clock>,
    inherited: &mut InheritedSockets,
) -> Result<Bound, BindError> {
    if settings.listeners.is_empty() {
        return Err(BindError::Settings(
            "no address to listen on: set listen.apps",
        ));
    }
    // HS256 wants a key as long as its hash (RFC 7518 section 3.2).
    if settings.token_key.expose().len() < 32 {
        return Err(BindError::Settings(
            "the key of app tokens is shorter than 32 bytes: use one that is longer",
        ));
    }
    let workers = settings.workers.max(1);
    let directory = Arc::new(DirectoryCell::new(directory, workers)?);
    let listening = listening::open(&settings.listeners, workers, inherited)?;
    Ok(Bound {
        settings: Arc::new(settings),
        directory,
        credentials,
        clock,
        listening,
    })
}

impl Bound {
    /// The listening addresses, with real ports, in the order of the settings.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.listening.addresses
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// When the system gives no thread or runtime.
    pub fn start(self) -> Result<Running, BindError> {
        let Listening { sockets, kept, .. } = self.listening;
        let metrics: Arc<[Arc<WorkerMetrics>]> = sockets.iter().map(|_| Arc::default()).collect();
        let series = Series::wanted(self.settings.request_series, sockets.len());
        let loads = Arc::new(Loads::new(sockets.len()));
        let accept_outage = Arc::default();
        let (control, watched) = watch::channel(Command::Serve);
        let count = sockets.len();
        let (mailboxes, mut handed_over) = channels(count, MAILBOX);
        let (inquiries, mut inquired) = channels(count, INQUIRIES);
        let (settings, mut reconfigured) = channels(count, NEW_SETTINGS);
        let mut threads = Vec::with_capacity(sockets.len());
        let epoch = Epoch(self.clock.now());
        let (reports, drained) = mpsc::unbounded_channel();
        let (ready, started) = std::sync::mpsc::channel();
        for (number, sockets) in sockets.into_iter().enumerate() {
            let parts = WorkerParts {
                number,
                settings: Arc::clone(&self.settings),
                directory: Arc::clone(&self.directory),
                credentials: Arc::clone(&self.credentials),
                clock: Arc::clone(&self.clock),
                metrics: Arc::clone(&metrics[number]),
                series: series.clone(),
                loads: Arc::clone(&loads),
                accept_outage: Arc::clone(&accept_outage),
                mailboxes: Arc::clone(&mailboxes),
                epoch,
                random: random_seed().map_err(BindError::Worker)?,
            };
            let start = WorkerStart {
                parts,
                sockets,
                inquiries: inquired.pop().expect(ONE_EACH),
                settings: reconfigured.pop().expect(ONE_EACH),
                mailbox: handed_over.pop().expect(ONE_EACH),
                control: watched.clone(),
            };
            let (reports, ready) = (reports.clone(), ready.clone());
            let thread = thread::Builder::new()
                .name(format!("waybill-worker-{number}"))
                .spawn(move || {
                    let report = worker_loop::run(start, &ready);
                    // The receiver is gone if nobody waits for the drain.
                    let _ = reports.send(report);
                })
                .map_err(BindError::Worker)?;
            threads.push(thread);
        }
        // Otherwise the wait below would go on for ever after a worker ended early.
        drop(ready);
        // All workers or none: a gateway with fewer workers would be slow without a sign of it.
        for _ in &threads {
            let gone = || io::Error::other("its thread ended early");
            started
                .recv()
                .map_err(|_| gone())
                .flatten()
                .map_err(BindError::Worker)?;
        }
        Ok(Running {
            kept,
            control,
            threads,
            drained,
            metrics: MetricsReader {
                workers: metrics,
                series,
                directory: self.directory,
            },
            requests: RequestsReader { workers: inquiries },
            settings: SettingsHandle { workers: settings },
        })
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("addresses", &self.listening.addresses)
            .finish_non_exhaustive()
    }
}

/// A channel to each worker. The receivers are in reverse: taken from the end, the first is the first worker's.
fn channels<T>(workers: usize, room: usize) -> (Arc<[mpsc::Sender<T>]>, Vec<mpsc::Receiver<T>>) {
    let (senders, mut receivers): (Vec<_>, Vec<_>) =
        (0..workers).map(|_| mpsc::channel(room)).unzip();
    receivers.reverse();
    (senders.into(), receivers)
}

/// A seed for what must not be guessable from outside.
fn random_seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    // From the system: the generator of the crypto provider gathers entropy for 0.1 s at its first use.
    SysRng
        .try_fill_bytes(&mut seed)
        .map_err(|_| io::Error::other("the system gave no random bytes"))?;
    Ok(seed)
}

/// The running workers. Dropping it lets them run until the process ends.
pub struct Running {
    kept: Vec<KeptSocket>,
    control: watch::Sender<Command>,
    threads: Vec<thread::JoinHandle<()>>,
    drained: mpsc::UnboundedReceiver<DrainReport>,
    metrics: MetricsReader,
    requests: RequestsReader,
    settings: SettingsHandle,
}

impl Running {
    /// Counters, for as long as the process lives.
    pub fn metrics(&self) -> MetricsReader {
        self.metrics.clone()
    }

    /// The last requests, for as long as the workers live.
    pub fn requests(&self) -> RequestsReader {
        self.requests.clone()
    }

    /// Changes who may call, with which accounts, and where to, while requests are served.
    pub fn directory(&self) -> DirectoryHandle {
        DirectoryHandle(Arc::clone(&self.metrics.directory))
    }

    /// Changes the settings while requests are served.
    pub fn settings(&self) -> SettingsHandle {
        self.settings.clone()
    }

    /// The listening sockets, for a process that goes on with them.
    pub fn sockets(&self) -> &[KeptSocket] {
        &self.kept
    }

    /// Stops accepting, tells apps to close (`Connection: close`, GOAWAY), waits for requests in
    /// flight as long as `drain` allows, then cuts what is left.
    pub async fn shutdown(mut self, drain: Drain) -> DrainReport {
        // First: the system accepts connections for as long as one descriptor of a socket is open.
        self.kept.clear();
        // Fails only if every worker is gone already.
        let _ = self.control.send(Command::Drain(drain));
        let mut total = DrainReport::default();
        for _ in 0..self.threads.len() {
            let Some(report) = self.drained.recv().await else {
                break;
            };
            total.finished += report.finished;
            total.cut += report.cut;
        }
        for thread in self.threads {
            // The report was its last act, so this returns at once.
            let _ = thread.join();
        }
        total
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("workers", &self.threads.len())
            .finish_non_exhaustive()
    }
}
