//! The program `mock-ups`: flags, workers, signals.

mod flags;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use clap::Parser as _;
use tokio::sync::watch;

use crate::mock_state::MockState;
use crate::serving::listener::{self, Role};
use crate::tls::TlsFailure;

use flags::Flags;

/// A worker's share: each entry is a bound listener with its role.
type Share = Vec<(TcpListener, Role)>;

/// Why the program ends before it serves.
#[derive(Debug, thiserror::Error)]
enum Failure {
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
    let flags = Flags::parse();
    match serve(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error is gone or full: the exit code still tells.
            let _ = writeln!(io::stderr(), "mock-ups: {failure}");
            ExitCode::from(match failure {
                Failure::Listen { .. } | Failure::Start(_) | Failure::Tls(_) => 1,
                Failure::Flags(_) => 2,
            })
        }
    }
}

fn serve(flags: Flags) -> Result<(), Failure> {
    // Beside everything else: a token asked for at once waits no longer than without it.
    drop(thread::spawn(crate::oauth::issuer::warm_up));
    let workers = flags.workers.get();
    let mock = Arc::new(MockState::new(flags.initial()?));
    flags.set_clock(&mock)?;
    flags.play_scenarios(&mock)?;
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
        let bound =
            bind_all(address, workers).map_err(|source| Failure::Listen { address, source })?;
        if let Some(first) = bound.first() {
            ready.push_str(&wanted.announce(first.local_addr()?));
        }
        for (share, listener) in shares.iter_mut().zip(bound) {
            share.push((listener, role.clone()));
        }
    }
    let (stop, stopped) = watch::channel(false);
    let threads = start_workers(shares, &stopped)?;
    let mut out = io::stdout();
    out.write_all(ready.as_bytes())?;
    out.flush()?;
    wait_for_signal()?;
    stop.send_replace(true);
    for thread in threads {
        // A worker that panicked has told so on standard error.
        let _ = thread.join();
    }
    Ok(())
}

/// One listener per worker, all on one port.
fn bind_all(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    // A port shared by workers is shared with any other process of the user, too; the exclusive
    // bind before it finds a port that is taken.
    let exclusive = listener::bind(address, false)?;
    if workers == 1 {
        return Ok(vec![exclusive]);
    }
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
) -> io::Result<Vec<JoinHandle<()>>> {
    let start = |(index, share): (usize, Share)| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stopped = stopped.clone();
        thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || {
                runtime.block_on(async move {
                    let mut listeners = tokio::task::JoinSet::new();
                    for (listener, role) in share {
                        listeners.spawn(listener::serve(listener, role, stopped.clone()));
                    }
                    while listeners.join_next().await.is_some() {}
                });
            })
    };
    shares.into_iter().enumerate().map(start).collect()
}

fn wait_for_signal() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}
