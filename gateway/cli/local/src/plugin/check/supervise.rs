//! Starts the process of a section, listens to it, and says how it ended.

use super::events::{Event, LOADS};
use anyhow::{Context as _, Result};
use gateway_model::Clock;
use plugins_conformance::{Check, CheckOutcome, Section, signal_name};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper,
    waitpid,
};
use std::{
    fmt, fs,
    io::{self, ErrorKind, Read as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{
            net::UnixStream,
            process::{CommandExt as _, ExitStatusExt as _},
        },
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    sync::Arc,
    thread,
    time::Duration,
};

/// The check that ends with the end of the process.
const ENDS: &str = "lets its process end";

/// What a process may take to end after the system closed its end of the channel.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether the process still runs.
const POLL: Duration = Duration::from_millis(20);
/// How often it is looked for processes that are left. One that forks for ever must not keep the check.
const ROUNDS: usize = 50;
/// A line is far shorter. More would be from a plugin that found the channel.
const MAX_LINE: usize = 4 << 20;

/// Variables that the child keeps: those of sanitizers and of the dynamic loader. All others may hold secrets.
const KEPT: [&str; 6] = [
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "ASAN_OPTIONS",
    "LSAN_OPTIONS",
    "UBSAN_OPTIONS",
    "RUST_BACKTRACE",
];

/// How to run sections of one check.
pub(super) struct Supervisor {
    pub(super) file: PathBuf,
    pub(super) config: Option<PathBuf>,
    pub(super) script: Option<PathBuf>,
    pub(super) strict: bool,
    pub(super) cache: PathBuf,
    /// For each section.
    pub(super) time_limit: Duration,
}

/// What came of a section.
pub(super) struct SectionRun {
    /// The state of the file and why it is not active; none if the process ended before.
    pub(super) loaded: Option<(String, Option<String>)>,
    pub(super) checks: Vec<Check>,
}

/// How the process ended.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Exited(ExitStatus),
    /// Killed after this time.
    TimedOut(Duration),
    /// Killed, for it could not report any more.
    Mute,
}

impl Ending {
    fn is_good(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(limit) => {
                let seconds = limit.as_secs();
                write!(
                    f,
                    "the process did not end within {seconds} seconds and was killed"
                )
            }
            Self::Mute => f.write_str(
                "the process closed the file descriptor to which the suite reports, and was killed",
            ),
            Self::Exited(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => {
                    write!(f, "the process was ended by signal {}", signal_name(signal))
                }
                (None, Some(code)) => {
                    write!(
                        f,
                        "the process ended with exit code {code}: something called `exit`, or closed all files"
                    )
                }
                (None, None) => f.write_str("the process ended"),
            },
        }
    }
}

impl Supervisor {
    /// Runs a section in a process of its own.
    pub(super) fn run(&self, section: Section, clock: &Arc<dyn Clock>) -> Result<SectionRun> {
        let (mut ours, theirs) = UnixStream::pair().context("cannot make a channel")?;
        ours.set_read_timeout(Some(POLL))?;
        // What the process starts and leaves behind becomes this one's, so that it can be found and ended.
        set_child_subreaper(Some(getpid()))?;
        let mut running = self.start(section, theirs.into())?;
        let end = clock.now() + self.time_limit;
        let mut heard = Heard::default();
        let mut buffer = vec![0; 64 << 10];
        let ending = loop {
            match ours.read(&mut buffer) {
                // The channel is closed because the process ends, or because something closed it.
                Ok(0) => break running.wait(clock)?,
                Ok(len) => heard.take(&buffer[..len]),
                Err(error) if is_pause(&error) => {
                    // After the channel ran dry: a process that it forked may hold the channel open for ever.
                    if let Some(status) = running.0.try_wait()? {
                        break Ending::Exited(status);
                    }
                }
                Err(error) => return Err(error).context("cannot read the channel"),
            }
            if clock.now() >= end {
                running.kill();
                break Ending::TimedOut(self.time_limit);
            }
        };
        let left = end_leftovers();
        Ok(heard.into_run(section, ending, left))
    }

    fn start(&self, section: Section, channel: OwnedFd) -> Result<Running> {
        // This very program, also if its file was replaced meanwhile.
        let mut command = Command::new("/proc/self/exe");
        command.args(["plugin", "conform", section.name()]);
        command.arg(&self.file).arg("--cache").arg(&self.cache);
        for (flag, file) in [("--config", &self.config), ("--script", &self.script)] {
            if let Some(file) = file {
                command.arg(flag).arg(file);
            }
        }
        if self.strict {
            command.arg("--strict");
        }
        let kept = KEPT
            .iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        command.env_clear().envs(kept).stdin(channel);
        // What a plugin prints must not mix with the report.
        command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
        // A group of its own, so that what it forks can be ended with it.
        command.process_group(0);
        let child = command
            .spawn()
            .context("cannot start the process of a check")?;
        Ok(Running(child))
    }
}

/// A process that does not outlive its check.
struct Running(Child);

impl Running {
    fn wait(&mut self, clock: &Arc<dyn Clock>) -> Result<Ending> {
        let end = clock.now() + GRACE;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Ending::Exited(status));
            }
            if clock.now() >= end {
                self.kill();
                return Ok(Ending::Mute);
            }
            thread::sleep(POLL);
        }
    }

    fn kill(&mut self) {
        // Both may fail because nothing is left to be ended.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ends the processes that a plugin started and left behind. Returns how many there were.
fn end_leftovers() -> usize {
    // A worker process ends with the one that started it, which takes the system a moment.
    for _ in 0..ROUNDS {
        if still_running().is_empty() {
            return 0;
        }
        thread::sleep(POLL);
    }
    let mut ended = 0;
    for _ in 0..ROUNDS {
        let left = still_running();
        if left.is_empty() {
            break;
        }
        ended += left.len();
        for process in left {
            // Both fail only if it is gone.
            let _ = kill_process(process, Signal::KILL);
            let _ = waitpid(Some(process), WaitOptions::empty());
        }
    }
    ended
}

/// The processes whose parents have ended. Those that have ended themselves are waited for.
fn still_running() -> Vec<Pid> {
    let mut processes = children();
    processes.retain(|id| matches!(waitpid(Some(*id), WaitOptions::NOHANG), Ok(None)));
    processes
}

fn children() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task");
    let tasks = tasks.into_iter().flatten().flatten();
    let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")));
    let lists: Vec<String> = lists.filter_map(Result::ok).collect();
    let numbers = lists.iter().flat_map(|list| list.split_whitespace());
    let numbers = numbers.filter_map(|number| number.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}

fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// What the process has said so far.
#[derive(Default)]
struct Heard {
    rest: Vec<u8>,
    at: Option<(String, String)>,
    loaded: Option<(String, Option<String>)>,
    checks: Vec<Check>,
    done: bool,
}

impl Heard {
    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            // What is no event was not written by the suite, and counts for nothing.
            if let Ok(event) = serde_json::from_slice(&line) {
                self.event(event);
            }
        }
        if self.rest.len() > MAX_LINE {
            self.rest.clear();
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::At { check, case } => self.at = Some((check, case)),
            Event::Ended { check } => self.checks.push(check),
            Event::Loaded { state, reason } => self.loaded = Some((state, reason)),
            Event::Done => self.done = true,
        }
    }

    /// All checks of the section, also those that the process did not come to.
    fn into_run(mut self, section: Section, ending: Ending, left: usize) -> SectionRun {
        let failed = |name: String, finding: String| Check {
            name: name.into(),
            outcome: CheckOutcome::Failed(vec![finding]),
        };
        if !self.done {
            let (name, case) = self.at.unwrap_or_else(|| (LOADS.to_owned(), String::new()));
            let case = if case.is_empty() {
                case
            } else {
                format!("{case}: ")
            };
            self.checks.push(failed(name, format!("{case}{ending}")));
        } else if ending.is_good() {
            self.checks.push(Check {
                name: ENDS.into(),
                outcome: CheckOutcome::Passed,
            });
        }
        // Nothing is known of the rest, and that is no success. A file that was refused has no rest. The word of
        // the process that it is done does not count: the plugin could have written it.
        let refused = |(_, reason): &(String, Option<String>)| reason.is_some();
        if self
            .loaded
            .as_ref()
            .is_some_and(|loaded| !(self.done && refused(loaded)))
        {
            for name in section.checks() {
                if !self.checks.iter().any(|check| check.name == *name) {
                    let finding = "not finished, because the process had ended".to_owned();
                    self.checks.push(failed((*name).to_owned(), finding));
                }
            }
        }
        if left > 0 {
            let finding = format!("{left} processes that it started were left, and were killed");
            self.checks.push(failed(ENDS.to_owned(), finding));
        }
        if self.done && !ending.is_good() {
            self.checks
                .push(failed(ENDS.to_owned(), ending.to_string()));
        }
        SectionRun {
            loaded: self.loaded,
            checks: self.checks,
        }
    }
}
