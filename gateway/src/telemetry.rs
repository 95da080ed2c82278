//! What the process tells about itself, and what it must not leave behind.
//!
//! Log lines go to standard error, through a bounded queue with a thread of its own: a reader that
//! stopped reading costs log lines, never a request. Secrets cannot be fields, because their types
//! do not print; `panic.rs` keeps them out of panic messages, `residue.rs` out of core dumps. `export.rs` gives the
//! same lines to a collector, if there is one.

mod export;
mod panic;
mod residue;

use export::ExportLayer;
use gateway_config::{Log, LogFormat};
use gateway_otlp::LogQueue;
use std::io::{self, IsTerminal as _};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer as _, Registry, filter::Targets, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

pub use panic::install_panic_hook;
pub use residue::forbid_core_dumps;

/// Lines that may wait to be written; more are dropped and counted.
const QUEUED_LINES: usize = 16 * 1024;

/// Overrides the configured level: `debug`, or `info,gateway_broker=trace`.
pub const LEVEL_VARIABLE: &str = "WAYBILL_LOG";

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The override is not a level.
    #[error("{LEVEL_VARIABLE} is not a level: write error, warn, info, debug or trace")]
    Level,
    /// The process already has a subscriber.
    #[error("logging is already set up in this process")]
    AlreadySet,
}

/// Keeps the log's writer alive; what is queued is written when it is dropped, if its reader takes it
/// within about a second.
#[must_use = "log lines that are still queued are lost unless this lives as long as the process"]
pub struct Telemetry {
    _writer: WorkerGuard,
    dropped: ErrorCounter,
    filter: reload::Handle<Targets, Registry>,
}

impl Telemetry {
    /// Sets up logging for the process. The lines are also left in this queue, if there is one.
    ///
    /// # Errors
    /// When the override is no level, or logging was set up before.
    pub fn install(
        log: &Log,
        level_override: Option<&str>,
        color: bool,
        export: Option<LogQueue>,
    ) -> Result<Self, TelemetryError> {
        let (filter, handle) = reload::Layer::new(filter(log, level_override)?);
        let json = match log.format {
            LogFormat::Json => true,
            LogFormat::Pretty => false,
            // A terminal has a person before it, anything else a collector of logs.
            LogFormat::Auto => !io::stderr().is_terminal(),
        };
        let (writer, guard) = queued(io::stderr());
        let dropped = writer.error_counter();
        let layer = tracing_subscriber::fmt::layer().with_writer(writer);
        let layer = if json {
            layer
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .boxed()
        } else {
            layer.with_ansi(color).boxed()
        };
        let mut layers = vec![layer];
        // Behind the same filter: what is exported is what the log has.
        layers.extend(export.map(|queue| ExportLayer(queue).boxed()));
        tracing_subscriber::registry()
            .with(layers.with_filter(filter))
            .try_init()
            .map_err(|_| TelemetryError::AlreadySet)?;
        Ok(Self {
            _writer: guard,
            dropped,
            filter: handle,
        })
    }

    /// Takes another level, unless the environment overrides it.
    pub fn level_switch(&self) -> impl Fn(&Log) + Send + Sync + 'static {
        let handle = self.filter.clone();
        move |log: &Log| {
            let level = std::env::var(LEVEL_VARIABLE).ok();
            // Both were read before: the level by the configuration, the variable at the start.
            match filter(log, level.as_deref()) {
                Ok(level) => drop(handle.reload(level)),
                Err(error) => tracing::error!(%error, "the level of the log stays as it was"),
            }
        }
    }

    /// Reads [`Telemetry::dropped_lines`] from elsewhere.
    pub fn dropped_lines_counter(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let dropped = self.dropped.clone();
        move || dropped.dropped_lines() as u64
    }

    /// Lines that were dropped because the reader of the log stopped reading.
    pub fn dropped_lines(&self) -> u64 {
        self.dropped.dropped_lines() as u64
    }
}

/// Which lines are written.
///
/// # Errors
/// When the override is no level.
pub(crate) fn filter(log: &Log, level_override: Option<&str>) -> Result<Targets, TelemetryError> {
    // The variable wins, so that one can debug without editing the file.
    let level = level_override
        // A variable that is set to nothing counts as unset.
        .filter(|text| !text.is_empty())
        .unwrap_or(&log.level);
    level.parse().map_err(|_| TelemetryError::Level)
}

fn queued(out: impl io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default()
        .buffered_lines_limit(QUEUED_LINES)
        // A full queue drops lines: a reader that stopped must not stop requests.
        .lossy(true)
        .thread_name("waybill-log")
        .finish(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write as _,
        sync::mpsc::{Receiver, Sender, channel},
    };

    /// A reader that stopped reading: each write waits for a permit.
    struct Blocked(Receiver<()>, Sender<()>);

    impl io::Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.1.send(());
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A blocked log loses lines and never blocks the thread that logs.
    #[test]
    fn log_whose_reader_stopped_drops_lines_and_does_not_block() {
        let (permit, permits) = channel();
        let (writing, began) = channel();
        let (mut writer, guard) = queued(Blocked(permits, writing));
        writer.write_all(b"first\n").expect("it is queued");
        began.recv().expect("the writer thread took the first line");
        for _ in 0..QUEUED_LINES + 10 {
            writer
                .write_all(b"line\n")
                .expect("a full queue is no error");
        }
        assert!(writer.error_counter().dropped_lines() >= 10);
        drop(permit);
        drop(guard);
    }
}
