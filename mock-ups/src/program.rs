//! The program `mock-ups`: flags, workers, signals.

mod flags;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use clap::{CommandFactory as _, Parser as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};

use crate::mock_state::MockState;
use crate::serving::listener::{self, Role};
use crate::tls::TlsFailure;

use flags::Flags;

/// A worker's share: each entry is a bound listener with its role.
type Share = Vec<(TcpListener, Role)>;

/// Why the program ends before it serves.
#[derive(Debug, thiserror::Error)]
enum StartupError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Flags(#[from] flags::BadValue),
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsFailure),
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    // Completions and manual first: they must work without a port or files.
    let flags = Flags::parse();
    match describe(&flags).unwrap_or_else(|| serve(flags)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error is gone or full: the exit code still tells.
            let _ = writeln!(io::stderr(), "mock-ups: {failure}");
            ExitCode::from(match failure {
                // 1 is a failure of the machine, 2 a mistake in the arguments, as `clap` has it.
                StartupError::Listen { .. } | StartupError::Start(_) | StartupError::Tls(_) => 1,
                StartupError::Flags(_) => 2,
            })
        }
    }
}

/// Prints what the program is instead of serving, if that is asked for.
fn describe(flags: &Flags) -> Option<Result<(), StartupError>> {
    let mut out = io::stdout();
    if let Some(shell) = flags.completions {
        let mut page = Vec::new();
        clap_complete::generate(shell, &mut Flags::command(), "mock-ups", &mut page);
        return Some(out.write_all(&page).map_err(StartupError::Start));
    }
    let page = clap_mangen::Man::new(Flags::command());
    flags
        .man
        .then(|| page.render(&mut out).map_err(StartupError::Start))
}

fn serve(flags: Flags) -> Result<(), StartupError> {
    // Beside everything else: a token asked for at once waits no longer than without it.
    drop(thread::spawn(crate::oauth_state::issuer::warm_up));
    let workers = flags.workers.get();
    let mock = Arc::new(MockState::new(flags.initial()?));
    // Before listening, so that the first call meets the scenario.
    mock.play_start().map_err(flags::BadValue::from)?;
    if flags.prints_requests() {
        mock.journal.print();
    }
    let mut shares: Vec<Share> = (0..workers).map(|_| Share::new()).collect();
    let mut ready = String::new();
    for wanted in flags.listeners() {
        let address = wanted.address;
        let tls = wanted
            .tls
            .then(|| mock.generate_tls(address.ip()))
            .transpose()?;
        let role = Role {
            mock: Arc::clone(&mock),
            environment: wanted.environment,
            tls,
        };
        // All listeners of one address before the next, so that a taken port stops the start at once.
        let bound = bind_all(address, workers)
            .map_err(|source| StartupError::Listen { address, source })?;
        if let Some(first) = bound.first() {
            // From the first: with port 0 only the system knows the number.
            ready.push_str(&wanted.announce(first.local_addr()?));
        }
        for (share, listener) in shares.iter_mut().zip(bound) {
            share.push((listener, role.clone()));
        }
    }
    let (stop, stopped) = watch::channel(false);
    let threads = start_workers(shares, &stopped, &mock)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Before the ready line: whoever waits for it may send a signal at once.
    let signals = runtime.block_on(async { Signals::listen() })?;
    let mut out = io::stdout();
    // One write after everything is bound: scripts wait for these lines.
    out.write_all(ready.as_bytes())?;
    // Standard output may be a pipe, which buffers.
    out.flush()?;
    let stdin_closed = flags.until_stdin_closes.then(stdin_closed);
    runtime.block_on(async {
        tokio::select! {
            () = signals.ended() => {}
            Some(_) = async { Some(stdin_closed?.await) } => {}
        }
    });
    // After the signal nothing is accepted; the workers drain and end.
    stop.send_replace(true);
    for thread in threads {
        // A worker that panicked has told so on standard error.
        let _ = thread.join();
    }
    Ok(())
}

/// Becomes ready when standard input closes.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (closed, receiver) = oneshot::channel();
    // A thread of its own, which is left behind: a read of standard input cannot be cancelled.
    drop(thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // Nobody waits any more if a signal came first.
        let _ = closed.send(());
    }));
    receiver
}

/// One listener per worker, all on one port.
fn bind_all(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    // A port shared by workers is shared with any other process of the user, too; the exclusive
    // bind before it finds a port that is taken.
    let exclusive = listener::bind(address, false)?;
    // One worker needs no shared port, and keeps the check for a taken one.
    if workers == 1 {
        return Ok(vec![exclusive]);
    }
    // The system chose the port; the workers must bind the same.
    let address = exclusive.local_addr()?;
    drop(exclusive);
    (0..workers)
        .map(|_| listener::bind(address, true))
        .collect()
}

/// One thread with its own runtime per worker: a call never changes threads.
fn start_workers(
    shares: Vec<Share>,
    stopped: &watch::Receiver<bool>,
    mock: &Arc<MockState>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let start = |(index, share): (usize, Share)| {
        // Made here and not in the thread, so that an error ends the start.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stopped = stopped.clone();
        // One worker is enough for what the mock sends by itself.
        let pushes = (index == 0).then(|| Arc::clone(mock));
        thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || {
                runtime.block_on(async move {
                    let mut listeners = tokio::task::JoinSet::new();
                    for (listener, role) in share {
                        listeners.spawn(listener::serve(listener, role, stopped.clone()));
                    }
                    if let Some(mock) = pushes {
                        listeners.spawn(async move {
                            crate::push::run(mock, stopped).await;
                            Ok(())
                        });
                    }
                    while listeners.join_next().await.is_some() {}
                });
            })
    };
    shares.into_iter().enumerate().map(start).collect()
}

/// The signals that the program knows. Having a listener is what keeps a signal's default action, death, from
/// happening.
struct Signals {
    ending: [Signal; 3],
    /// There is nothing to reload, so these are ignored.
    _ignored: [Signal; 3],
}

impl Signals {
    /// Listens from now on; inside a runtime.
    fn listen() -> io::Result<Self> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
        ];
        let [terminate, interrupt, quit] = kinds.map(signal);
        let ignored = [
            SignalKind::hangup(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ];
        let [hangup, user_1, user_2] = ignored.map(signal);
        Ok(Self {
            ending: [terminate?, interrupt?, quit?],
            _ignored: [hangup?, user_1?, user_2?],
        })
    }

    /// Waits for a signal that ends the program.
    async fn ended(mut self) {
        let [terminate, interrupt, quit] = &mut self.ending;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
        }
    }
}
