//! The network between gateways and their database, which fails when a test wants it to.

use crate::Postgres;
use std::io::{Read as _, Result, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tempfile::TempDir;

/// Passes connections on to a cluster.
#[derive(Debug)]
pub struct Relay {
    folder: TempDir,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    target: Mutex<PathBuf>,
    /// Both ends of each connection.
    open: Mutex<Vec<UnixStream>>,
    mute: AtomicBool,
    ended: AtomicBool,
}

impl Relay {
    /// A relay that leads to a cluster.
    ///
    /// # Errors
    /// If its socket cannot be made.
    pub fn start(cluster: &Postgres) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pgr").tempdir()?;
        let listener = UnixListener::bind(socket(folder.path()))?;
        let state = Arc::new(State {
            target: Mutex::new(socket(cluster.folder.path())),
            open: Mutex::default(),
            mute: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let relay = Self {
            folder,
            state: Arc::clone(&state),
        };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if state.ended.load(Ordering::Relaxed) {
                    return;
                }
                // Without a server the client sees its connection end, as it would without the relay.
                drop(state.pass_on(client));
            }
        });
        Ok(relay)
    }

    /// The URL of a database of the cluster, through the relay.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://waybill@localhost/{database}?host={socket}")
    }

    /// Leads new connections to another cluster, and cuts those to the earlier one.
    pub fn lead_to(&self, cluster: &Postgres) {
        *lock(&self.state.target) = socket(cluster.folder.path());
        self.cut();
    }

    /// Swallows what the server answers, until the next cut.
    pub fn mute(&self) {
        self.state.mute.store(true, Ordering::Relaxed);
    }

    /// Cuts every connection. New ones work.
    pub fn cut(&self) {
        for stream in lock(&self.state.open).drain(..) {
            // One that has ended by itself is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.state.mute.store(false, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        self.cut();
        // Wakes the thread that waits for connections.
        let _ = UnixStream::connect(socket(self.folder.path()));
    }
}

impl State {
    fn pass_on(self: &Arc<Self>, client: UnixStream) -> Result<()> {
        let server = UnixStream::connect(&*lock(&self.target))?;
        let ends = [client.try_clone()?, server.try_clone()?];
        let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
        lock(&self.open).extend(ends);
        thread::spawn(move || copy(from_client, to_server, || false));
        let state = Arc::clone(self);
        let is_mute = move || state.mute.load(Ordering::Relaxed);
        thread::spawn(move || copy(server, client, is_mute));
        Ok(())
    }
}

/// Copies until one side ends, and ends the other.
fn copy(mut from: UnixStream, mut to: UnixStream, is_mute: impl Fn() -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !is_mute() && to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
