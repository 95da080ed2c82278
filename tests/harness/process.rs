//! A program under test.

use crate::eventually;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// How long a program that does its work and ends may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an installation may take on a busy machine.
const DOWNLOAD: Duration = Duration::from_secs(600);

/// A running program, with a folder of its own; dropping it kills it.
#[derive(Debug)]
#[must_use = "the program ends when this is dropped"]
pub struct Process {
    child: Child,
    path: PathBuf,
    /// Another process may own it.
    folder: Option<TempDir>,
    /// What the names of its streams begin with.
    streams: String,
}

/// What a program left behind that did its work and ended.
#[derive(Debug)]
pub struct Done {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Process {
    /// Starts the command in the folder; both its streams go to files there.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(command: &mut Command, folder: TempDir) -> Self {
        let mut process = Self::spawn_in(command, folder.path(), "");
        process.folder = Some(folder);
        process
    }

    /// Starts the command in a folder that outlives it; the names of its streams begin with `streams`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn_in(command: &mut Command, folder: &Path, streams: &str) -> Self {
        let stream = |name| {
            let file = File::create(folder.join(format!("{streams}{name}")));
            Stdio::from(file.expect("the test owns the folder"))
        };
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(stream("stdout"))
            .stderr(stream("stderr"))
            .spawn()
            .expect("the program starts");
        Self {
            child,
            path: folder.to_owned(),
            folder: None,
            streams: streams.to_owned(),
        }
    }

    /// Gives the folder to a process that works in it from now on.
    pub fn pass_folder(&mut self, to: &mut Self) {
        to.folder = self.folder.take();
    }

    /// Ends it with SIGKILL, as a crash would; its folder stays.
    ///
    /// # Panics
    /// When another process owns the folder.
    pub fn kill(mut self) -> TempDir {
        let _ = self.child.kill();
        // Reaped before the folder is used again: a dying process still holds the store's lock.
        let _ = self.child.wait();
        self.folder.take().expect("it owns the folder")
    }

    /// Everything that the program wrote so far, both streams.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout(), self.stderr())
    }

    /// What it wrote to standard output.
    pub fn stdout(&self) -> String {
        self.stream("stdout")
    }

    /// What it wrote to standard error.
    pub fn stderr(&self) -> String {
        self.stream("stderr")
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.path.clone()
    }

    fn stream(&self, name: &str) -> String {
        let file = self.path.join(format!("{}{name}", self.streams));
        fs::read_to_string(file).unwrap_or_default()
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status();
        let sent = status.is_ok_and(|status| status.success());
        assert!(sent, "kill -{name} failed:\n{}", self.output());
    }

    /// Waits for it to end.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        let child = &mut self.child;
        eventually("the end of the program", async || {
            status = child.try_wait().expect("a child of this process");
            status.is_some()
        })
        .await;
        status.expect("it ended")
    }

    /// Waits for a line of standard output that begins with `prefix`, and gives the rest of it.
    ///
    /// # Panics
    /// When the program ends before that.
    pub async fn line(&mut self, prefix: &str) -> String {
        let mut found = None;
        let what = format!("a line {prefix:?}");
        eventually(&what, async || {
            let over = self.child.try_wait().expect("a child of this process");
            let stdout = self.stdout();
            // A line is complete only with its end.
            found = stdout
                .split_inclusive('\n')
                .find_map(|line| line.strip_suffix('\n')?.strip_prefix(prefix))
                .map(str::to_owned);
            assert!(
                found.is_some() || over.is_none(),
                "it ended ({over:?}) without {what}:\n{}",
                self.output()
            );
            found.is_some()
        })
        .await;
        found.expect("it was found")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started or does not end within a minute.
pub async fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[S], folder: &Path) -> Done {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder);
    run_command(command).await
}

/// Runs a command that needs more than arguments, and waits for its end.
///
/// # Panics
/// Panics as [`run`] does.
pub async fn run_command(command: Command) -> Done {
    run_with_input(command, "").await
}

/// Runs a command that downloads something, which takes its time.
///
/// # Panics
/// Panics if it does not start, or does not end within ten minutes.
pub async fn run_download(command: Command) -> Done {
    run_within(command, "", DOWNLOAD).await
}

/// Runs a command with `input` on its standard input, and waits for its end.
///
/// # Panics
/// Panics as [`run`] does.
pub async fn run_with_input(command: Command, input: &str) -> Done {
    run_within(command, input, PATIENCE).await
}

async fn run_within(command: Command, input: &str, limit: Duration) -> Done {
    // A file, not a pipe: a program that does not read its input must not make the test wait.
    let mut stdin = tempfile::tempfile().expect("a temporary file");
    stdin
        .write_all(input.as_bytes())
        .expect("standard input is piped");
    stdin.rewind().expect("it is a file");
    let mut command = tokio::process::Command::from(command);
    let output = command.stdin(stdin).kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, output)
        .await
        .expect("it ends in time")
        .expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Done {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Says that something was not tested. It goes past the test runner, which hides what passing tests
/// print.
pub fn skipped(what: &str, why: &str) {
    // The log reader is gone; there is nothing left to report to.
    let _ = writeln!(std::io::stderr(), "skipped: {what}, because {why}");
}
