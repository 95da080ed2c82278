//! What the process does when the system sends it a signal.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Sent by the system when a file would grow beyond `RLIMIT_FSIZE`. Its default action ends the process;
/// with a handler the write fails with `EFBIG` instead, and is treated like one on a full disk.
const SIGXFSZ: i32 = 25;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end.
    Stop,
    /// To start a new process that takes over.
    StartSuccessor,
    /// To read the configuration again.
    Reload,
}

/// The signals of a running gateway. SIGTERM, SIGINT and SIGQUIT stop it, SIGUSR2 has another process take
/// over, SIGHUP lets the gateway read its configuration again. SIGUSR1 does nothing but a line in the log.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    successor: Signal,
    hangup: Signal,
    ignored: Signal,
    /// Held only so that its handler stays installed.
    _file_size: Signal,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// When the system refuses one.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            // Without a handler it ends the process at once, in the middle of requests.
            ignored: signal(SignalKind::user_defined1())?,
            successor: signal(SignalKind::user_defined2())?,
            _file_size: signal(SignalKind::from_raw(SIGXFSZ))?,
        })
    }

    /// Waits for a signal that stops the gateway.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }

    /// Waits for a signal that asks for something. Others are logged on the way.
    pub(crate) async fn next(&mut self) -> Asked {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Asked::Stop,
                _ = self.interrupt.recv() => return Asked::Stop,
                _ = self.quit.recv() => return Asked::Stop,
                _ = self.successor.recv() => return Asked::StartSuccessor,
                _ = self.hangup.recv() => return Asked::Reload,
                _ = self.ignored.recv() => tracing::warn!(
                    "SIGUSR1 is ignored: SIGHUP reloads the configuration, SIGTERM stops the gateway"
                ),
            }
        }
    }
}
