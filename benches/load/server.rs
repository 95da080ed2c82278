//! A server process on processors of its own.

use anyhow::{Context as _, Result, bail, ensure};
use benches::now;
use std::{
    ffi::OsStr,
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Also enough under valgrind.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; dropping it ends the process and its children.
#[must_use = "the server ends when this is dropped"]
pub(crate) struct Server {
    child: Child,
    /// Where its output goes.
    log: std::path::PathBuf,
}

impl Server {
    /// Starts a program on these processors, with its output in `folder/NAME.log`.
    pub(crate) fn start(
        program: &Path,
        arguments: &[&OsStr],
        processors: &[usize],
        folder: &Path,
    ) -> Result<Self> {
        let name = program
            .file_name()
            .context("a program has a name")?
            .to_string_lossy()
            .into_owned();
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let list = processors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
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
        Ok(Self { child, log })
    }

    /// The process and its children: nginx works in them.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let own = self.child.id();
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
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status()?;
        let deadline = now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            ensure!(now() < deadline, "the server does not end");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn wait<T>(&mut self, what: &str, ready: impl Fn(&str) -> Option<T>) -> Result<T> {
        let deadline = now() + PATIENCE;
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(ready) = ready(&log) {
                return Ok(ready);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}):\n{log}");
            }
            ensure!(now() < deadline, "no {what:?} in time:\n{log}");
            thread::sleep(Duration::from_millis(10));
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
        let _ = self.child.wait();
    }
}

/// A free port; the server that gets it takes it at once.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
