//! What the process does when the system sends it a signal.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Sent by the system when a file would grow beyond `RLIMIT_FSIZE`. Its default action ends the process;
/// with a handler the write fails with `EFBIG` instead, and is treated like one on a full disk.
const SIGXFSZ: i32 = 25;

/// The signals of a running gateway. SIGTERM, SIGINT and SIGQUIT stop it. SIGHUP, SIGUSR1 and SIGUSR2 do
/// nothing but a line in the log.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    ignored: [(&'static str, Signal); 3],
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
            // Without a handler each of these ends the process at once, in the middle of requests. systemd
            // even takes an end by SIGHUP for a clean exit and does not start the service again.
            ignored: [
                ("SIGHUP", signal(SignalKind::hangup())?),
                ("SIGUSR1", signal(SignalKind::user_defined1())?),
                ("SIGUSR2", signal(SignalKind::user_defined2())?),
            ],
            _file_size: signal(SignalKind::from_raw(SIGXFSZ))?,
        })
    }

    /// Waits for a signal that stops the gateway. Others are logged on the way.
    pub(crate) async fn stop(&mut self) {
        let [(hup, hangup), (usr1, user1), (usr2, user2)] = &mut self.ignored;
        loop {
            let ignored = tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.quit.recv() => return,
                _ = hangup.recv() => &*hup,
                _ = user1.recv() => &*usr1,
                _ = user2.recv() => &*usr2,
            };
            tracing::warn!(
                "{ignored} is ignored: the configuration is read at the start only; restart the gateway to apply a change"
            );
        }
    }
}
