//! A program of the workspace, running until it is dropped.

use anyhow::{Context as _, Result, bail};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

/// A started server; dropping it ends the process.
#[must_use = "the server ends when this is dropped"]
pub(crate) struct Server {
    child: Child,
    // Kept open: a server whose standard output is closed could fail on its next line.
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the program.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stdout = child
            .stdout
            .take()
            .context("the server has no standard output")?;
        Ok(Self {
            child,
            stdout: BufReader::new(stdout),
        })
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the line that begins with `prefix` and ends with the URL of a listener.
    pub(crate) fn address(&mut self, prefix: &str) -> Result<SocketAddr> {
        let mut line = String::new();
        // No deadline: a server that ends closes its output, and one that hangs is seen by whoever waits.
        while self.stdout.read_line(&mut line)? > 0 {
            if let Some(url) = line.trim_end().strip_prefix(prefix) {
                let addr = url.trim_start_matches("http://");
                return addr
                    .parse()
                    .with_context(|| format!("{url:?} is not an address"));
            }
            line.clear();
        }
        bail!(
            "the server ended before it said {prefix:?}: {}",
            self.child.wait()?
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        // Waited for, so that its port is free when the next server starts.
        let _ = self.child.wait();
    }
}
