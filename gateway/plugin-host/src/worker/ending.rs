//! What is known of workers that ended: why, how often, and when the next one may start.

use super::system_call::SystemCall;
use gateway_model::{Failure, FailureClass};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    process::ExitStatus,
    time::{Duration, Instant, SystemTime},
};

/// The code of the failure of operations whose worker process ended.
pub const WORKER_ENDED: &str = "plugin_worker_ended";
/// The longest wait before a worker is started again.
const MAX_BACKOFF: Duration = Duration::from_secs(60);
/// A worker that lived this long is no sign of a plugin that dies at once.
const GOOD_LIFE: Duration = Duration::from_secs(60);

/// Why a worker process is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEnding {
    /// It ended by itself with this code.
    Exited(i32),
    /// A signal ended it.
    Signal(i32),
    /// A call did not return within this time, so it was killed.
    Hung(Duration),
    /// The plugin said that it cannot go on, so it was killed.
    Fatal,
    /// It closed its channel, so it was killed.
    ChannelClosed,
    /// It sent something that is no answer, so it was killed.
    Protocol(String),
    /// It could not be started, or refused to load the plugin.
    NotStarted(String),
}

impl WorkerEnding {
    /// Stable name for metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exited",
            Self::Signal(_) => "signal",
            Self::Hung(_) => "hung",
            Self::Fatal => "fatal",
            Self::ChannelClosed => "channel_closed",
            Self::Protocol(_) => "protocol",
            Self::NotStarted(_) => "not_started",
        }
    }
}

impl WorkerEnding {
    /// What a call gets whose worker process ended.
    pub(super) fn failure(&self, plugin: &str, version: &str) -> Failure {
        let message = format!(
            "the worker process of plugin {plugin} {version} ended: {self}; the gateway starts it again"
        );
        Failure::new(FailureClass::Transient, WORKER_ENDED, message)
    }
}

impl From<ExitStatus> for WorkerEnding {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for WorkerEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "it ended with exit code {code}"),
            Self::Signal(number) => match signal_name(*number) {
                Some(name) => write!(f, "signal {name} ended it"),
                None => write!(f, "signal {number} ended it"),
            },
            Self::Hung(limit) => {
                write!(f, "a call did not return within {} ms", limit.as_millis())
            }
            Self::Fatal => f.write_str("the plugin reported that it cannot go on"),
            Self::ChannelClosed => f.write_str("it closed its channel to the gateway"),
            Self::Protocol(how) => write!(f, "it sent a frame that breaks the protocol: {how}"),
            Self::NotStarted(why) => f.write_str(why),
        }
    }
}

const fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        _ => return None,
    })
}

/// Whether a worker process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// It runs.
    Running,
    /// It ended. The next call starts it again, not before this long.
    Ended {
        /// Zero if the next call may start it at once.
        restarts_in: Duration,
    },
}

/// What operators see of a plugin's worker process.
#[derive(Clone, Debug)]
pub struct WorkerStatus {
    /// Whether it runs.
    pub state: WorkerState,
    /// How often it was started again.
    pub restarts: u64,
    /// How often it ended, by reason.
    pub endings: BTreeMap<&'static str, u64>,
    /// Why it ended the last time, and when.
    pub last_ending: Option<(WorkerEnding, SystemTime)>,
    /// System calls that were refused to the plugin, if its worker tells them.
    pub refused_calls: BTreeSet<SystemCall>,
}

impl WorkerStatus {
    /// The names of the system calls that were refused, for a message.
    pub fn refused_calls(&self) -> Option<String> {
        let names: Vec<String> = self.refused_calls.iter().map(ToString::to_string).collect();
        Some(names.join(", ")).filter(|names| !names.is_empty())
    }

    /// Of two workers of one plugin.
    pub(crate) fn join(mut self, other: Self) -> Self {
        if self.state == WorkerState::Running {
            self.state = other.state;
        }
        self.restarts += other.restarts;
        for (reason, count) in other.endings {
            *self.endings.entry(reason).or_default() += count;
        }
        self.refused_calls.extend(other.refused_calls);
        let at = |ending: &Option<(WorkerEnding, SystemTime)>| ending.as_ref().map(|(_, at)| *at);
        if at(&other.last_ending) > at(&self.last_ending) {
            self.last_ending = other.last_ending;
        }
        self
    }
}

/// The record of one plugin's workers.
#[derive(Default)]
pub(super) struct WorkerRecord {
    /// When the running worker was started; none if there is none.
    started: Option<Instant>,
    starts: u64,
    /// Endings one soon after the other.
    in_a_row: u32,
    not_before: Option<Instant>,
    endings: BTreeMap<&'static str, u64>,
    last_ending: Option<(WorkerEnding, SystemTime)>,
    refused_calls: BTreeSet<SystemCall>,
}

impl WorkerRecord {
    /// System calls were refused to the plugin.
    pub(super) fn refuse_calls(&mut self, calls: BTreeSet<SystemCall>) {
        self.refused_calls.extend(calls);
    }

    /// A worker starts. Its generation counts the plugin's workers from one.
    pub(super) const fn start(&mut self, now: Instant) -> u64 {
        self.started = Some(now);
        self.starts += 1;
        self.starts
    }

    /// Whether this one is the worker that runs.
    pub(super) const fn runs(&self, generation: u64) -> bool {
        self.started.is_some() && self.starts == generation
    }

    /// The worker ended.
    pub(super) fn end(&mut self, ending: &WorkerEnding, now: Instant, wall: SystemTime) {
        let lived = self.started.take();
        let lived = lived.map(|started| now.saturating_duration_since(started));
        if lived.is_some_and(|lived| lived >= GOOD_LIFE) {
            self.in_a_row = 0;
        }
        // 0, 1, 2, 4 … seconds: one death is a mishap, several are a habit.
        let backoff = match self.in_a_row {
            0 => Duration::ZERO,
            before => Duration::from_secs(1 << (before - 1).min(6)).min(MAX_BACKOFF),
        };
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.not_before = now.checked_add(backoff);
        *self.endings.entry(ending.as_str()).or_default() += 1;
        self.last_ending = Some((ending.clone(), wall));
    }

    /// How long until a worker may be started; zero if now.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        let wait = self.not_before;
        wait.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    pub(super) fn last_ending(&self) -> Option<&WorkerEnding> {
        self.last_ending.as_ref().map(|(ending, _)| ending)
    }

    pub(super) fn status(&self, now: Instant) -> WorkerStatus {
        WorkerStatus {
            state: match self.started {
                Some(_) => WorkerState::Running,
                None => WorkerState::Ended {
                    restarts_in: self.wait(now),
                },
            },
            restarts: self.starts.saturating_sub(1),
            endings: self.endings.clone(),
            last_ending: self.last_ending.clone(),
            refused_calls: self.refused_calls.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_a_minute_and_forgets_after_a_good_life() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        let mut now = Instant::now();
        let mut record = WorkerRecord::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            record.start(now);
            record.end(&WorkerEnding::Exited(0), now, SystemTime::UNIX_EPOCH);
            waits.push(record.wait(now).as_secs());
            now += record.wait(now);
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        record.start(now);
        now += GOOD_LIFE;
        record.end(&WorkerEnding::Fatal, now, SystemTime::UNIX_EPOCH);
        assert_eq!(record.wait(now), Duration::ZERO);
        let status = record.status(now);
        assert_eq!(status.restarts, 9);
        assert_eq!(
            status.endings,
            BTreeMap::from([("exited", 9), ("fatal", 1)])
        );
    }
}
