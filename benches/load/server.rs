//! A server process on processors of its own.

use anyhow::{Context as _, Result, bail, ensure};
use benches::now;
use std::{
    cell::RefCell,
    ffi::OsStr,
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Also enough under valgrind.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of a server's output that an error quotes.
const LINES: usize = 10;

/// A running server; dropping it ends the process and its children.
#[must_use = "the server ends when this is dropped"]
pub(crate) struct Server {
    name: String,
    child: RefCell<Child>,
    /// Where its output goes.
    log: PathBuf,
}

impl Server {
    /// Starts a program on these processors, with its output in `folder/NAME.log`.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[&OsStr],
        processors: &[usize],
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let list = processors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        // Pinned from its start: threads that a program starts inherit its processors.
        let child = Command::new("taskset")
            .arg("-c")
            .arg(list)
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .env("WAYBILL_LOG", "warn")
            .spawn()
            .with_context(|| format!("cannot start {name} (taskset is in util-linux)"))?;
        Ok(Self {
            name: name.to_owned(),
            child: RefCell::new(child),
            log,
        })
    }

    /// The process and its children: nginx works in them.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let own = self.child.borrow().id();
        let children =
            fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        [own]
            .into_iter()
            .chain(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse().ok()),
            )
            .collect()
    }

    /// Waits for a line that begins with `prefix` and ends with a URL.
    pub(crate) fn address(&mut self, prefix: &str) -> Result<SocketAddr> {
        self.wait(prefix, |log| {
            let line = log
                .split_inclusive('\n')
                .find_map(|line| line.strip_suffix('\n')?.strip_prefix(prefix))?;
            line.split_once("://")?.1.parse().ok()
        })
    }

    /// Waits until the server accepts connections.
    pub(crate) fn listening(&mut self, addr: SocketAddr) -> Result<()> {
        self.wait("a listener", |_| TcpStream::connect(addr).ok().map(drop))
    }

    /// Ends it in good order.
    pub(crate) fn stop(self) -> Result<()> {
        let pid = self.child.borrow().id().to_string();
        Command::new("kill").arg(pid).status()?;
        let deadline = now() + PATIENCE;
        while self.child.borrow_mut().try_wait()?.is_none() {
            ensure!(now() < deadline, "the server does not end");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// What went wrong, with what became of the server and what it said last.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let state = match self.child.borrow_mut().try_wait() {
            Ok(Some(status)) => format!("{} ended ({status})", self.name),
            Ok(None) => format!("{} still runs", self.name),
            Err(error) => format!("what became of {} is not known: {error}", self.name),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let said = match tail(&log) {
            "" => "it said nothing".to_owned(),
            tail => format!("it said last:\n{tail}"),
        };
        error.context(format!("{state}; {said}\nwhat failed"))
    }

    fn wait<T>(&mut self, what: &str, ready: impl Fn(&str) -> Option<T>) -> Result<T> {
        let deadline = now() + PATIENCE;
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(ready) = ready(&log) {
                return Ok(ready);
            }
            if let Some(status) = self.child.borrow_mut().try_wait()? {
                bail!("{} ended ({status}):\n{}", self.name, tail(&log));
            }
            ensure!(
                now() < deadline,
                "{}: no {what:?} in time:\n{}",
                self.name,
                tail(&log)
            );
            // Short, because the time to here is a figure too.
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for pid in self.pids() {
            // A child that ended by itself is as good.
            let _ = Command::new("kill")
                .arg("-9")
                .arg(pid.to_string())
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.child.borrow_mut().wait();
    }
}

/// The last lines of a log.
fn tail(log: &str) -> &str {
    let log = log.trim_end();
    let begin = log.rmatch_indices('\n').nth(LINES - 1);
    begin.map_or(log, |(at, _)| &log[at + 1..])
}

/// A free port; the server that gets it takes it at once.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_keeps_the_last_lines_only() {
        assert_eq!(tail("one\n"), "one");
        let lines: String = (0..50).map(|n| format!("line {n}\n")).collect();
        assert!(tail(&lines).starts_with("line 40\n") && tail(&lines).ends_with("line 49"));
    }

    #[test]
    fn error_of_a_server_that_ended_says_how_and_what_it_said_last() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-c", "echo no room >&2; exit 7"].map(OsStr::new);
        let sh = Path::new("sh");
        let server = Server::start("sh", sh, &arguments, &[0], folder.path()).unwrap();
        server.child.borrow_mut().wait().unwrap();
        let error = server.explain(anyhow::anyhow!("64 bad answers"));
        let text = format!("{error:#}");
        assert!(text.contains("sh ended (exit status: 7)"), "{text}");
        assert!(
            text.contains("no room") && text.ends_with("64 bad answers"),
            "{text}"
        );
    }
}
