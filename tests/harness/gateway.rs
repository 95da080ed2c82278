//! The gateway as a process.

use crate::{ConfigFile, Done, Process, process::run_with_input, programs};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;

/// The configuration file in a gateway's folder.
const CONFIG: &str = "waybill.toml";

/// A running `waybill serve`; dropping it kills it.
#[derive(Debug)]
#[must_use = "the gateway ends when this is dropped"]
pub struct Gateway {
    /// The process; its folder holds the configuration and the plugins.
    pub process: Process,
    /// Where apps connect.
    pub apps: SocketAddr,
    /// The admin listener.
    pub admin: SocketAddr,
    /// Whether the admin listener began with TLS.
    admin_tls: bool,
}

impl Gateway {
    /// Starts the program with this configuration and the real UPS plugin.
    ///
    /// # Panics
    /// When it ends before it listens; the message holds what it wrote.
    pub async fn start(config: &ConfigFile) -> Self {
        Self::start_with(config, |_| {}).await
    }

    /// Lets `prepare` change the folder of the configuration, then starts the gateway.
    ///
    /// # Panics
    /// When it ends before it listens.
    pub async fn start_with(config: &ConfigFile, prepare: impl FnOnce(&Path)) -> Self {
        let folder = folder(config);
        prepare(folder.path());
        Self::ready(Process::spawn(&mut serve(folder.path()), folder)).await
    }

    /// Kills the process as a crash would, and starts the same gateway again from its folder. The
    /// ports are new ones, unless the configuration names them.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn crash(self) -> Self {
        Self::resume(self.process.kill()).await
    }

    /// Starts a gateway again from the folder that [`Process::kill`] left.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn resume(folder: TempDir) -> Self {
        Self::ready(Process::spawn(&mut serve(folder.path()), folder)).await
    }

    /// Starts a gateway by a command in its folder: one of an earlier release, or in another environment.
    ///
    /// # Panics
    /// When it ends before it listens.
    pub async fn of_command(command: &mut Command, folder: TempDir) -> Self {
        Self::ready(Process::spawn(command, folder)).await
    }

    /// Starts a process that is to take over from this one, with this configuration file of its folder.
    pub fn successor(&self, config: &str) -> Process {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let folder = self.process.folder();
        let mut command = serve_with(&folder, config);
        command.arg("--take-over");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Process::spawn_in(&mut command, &folder, &format!("successor-{number}-"))
    }

    /// Lets a new process take over, and returns the old one, which drains.
    ///
    /// # Panics
    /// When the new process does not serve.
    pub async fn take_over(&mut self) -> Process {
        let successor = Self::ready(self.successor(CONFIG)).await;
        assert_eq!((successor.apps, successor.admin), (self.apps, self.admin));
        let mut old = std::mem::replace(&mut self.process, successor.process);
        old.pass_folder(&mut self.process);
        old
    }

    /// Runs a command of the command line beside it; `input` is its standard input.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn waybill(&self, input: &str, args: &[&str]) -> Done {
        let mut command = command_line(&self.process.folder());
        command
            .env("WAYBILL_ADMIN_URL", self.admin_url())
            .args(args);
        run_with_input(command, input).await
    }

    /// The URL of the admin listener, as the gateway printed it.
    pub fn admin_url(&self) -> String {
        let scheme = if self.admin_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.admin)
    }

    async fn ready(mut process: Process) -> Self {
        let address = |line: &str| {
            let (_, addr) = line.split_once("://").expect("a URL");
            addr.parse().expect("an address")
        };
        let apps = process.line("apps listening on ").await;
        let admin = process.line("admin listening on ").await;
        Self {
            apps: address(&apps),
            admin: address(&admin),
            admin_tls: admin.starts_with("https"),
            process,
        }
    }
}

/// A folder with this configuration and the real UPS plugin.
///
/// # Panics
/// When the temporary folder cannot be written.
pub fn folder(config: &ConfigFile) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).expect("the test owns the folder");
    fs::copy(&programs().ups_plugin, plugins.join("ups.so")).expect("the plugin is copied");
    config.write(&folder.path().join(CONFIG));
    folder
}

/// `waybill` in the folder of a gateway that need not run, with nothing of the caller's environment.
pub fn command_line(folder: &Path) -> Command {
    let mut command = Command::new(&programs().waybill);
    command
        .current_dir(folder)
        // The settings of the person who runs the tests must not reach the command under test.
        .env_clear()
        .env("HOME", folder)
        .env("TZ", "UTC");
    command
}

/// `waybill serve` for the configuration in a folder.
pub fn serve(folder: &Path) -> Command {
    serve_with(folder, CONFIG)
}

/// The same by another program of ours.
pub fn serve_program(program: &Path, folder: &Path) -> Command {
    serve_by(program, folder, CONFIG)
}

fn serve_with(folder: &Path, config: &str) -> Command {
    serve_by(&programs().waybill, folder, config)
}

/// `serve` by any program of ours.
fn serve_by(program: &Path, folder: &Path, config: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["serve", "--config"])
        .arg(folder.join(config))
        .current_dir(folder)
        // The most talkative level: a leaked secret must have no place to hide.
        .env("WAYBILL_LOG", "trace");
    command
}
