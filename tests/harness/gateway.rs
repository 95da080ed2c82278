//! The gateway as a process.

use crate::{ConfigFile, programs};
use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a process may take to say where it listens, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `waybill serve`; dropping it kills it.
#[derive(Debug)]
#[must_use = "the gateway ends when this is dropped"]
pub struct Gateway {
    child: Child,
    folder: TempDir,
    /// Where apps connect.
    pub apps: SocketAddr,
    /// The admin listener.
    pub admin: SocketAddr,
}

impl Gateway {
    /// Starts the program with this configuration and the real UPS plugin.
    ///
    /// # Panics
    /// When it ends before it listens; the message holds what it wrote.
    pub async fn start(config: &ConfigFile) -> Self {
        Self::start_with(config, |_| {}).await
    }

    /// As [`Gateway::start`], after `prepare` had its way with the folder of the configuration.
    ///
    /// # Panics
    /// When it ends before it listens.
    pub async fn start_with(config: &ConfigFile, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).expect("the folder is ours");
        fs::copy(&programs().ups_plugin, plugins.join("ups.so")).expect("the plugin is copied");
        config.write(&folder.path().join("waybill.toml"));
        prepare(folder.path());
        let child = spawn(folder.path());
        let mut gateway = Self {
            child,
            folder,
            apps: SocketAddr::from(([0; 4], 0)),
            admin: SocketAddr::from(([0; 4], 0)),
        };
        gateway.apps = gateway.address("apps listening on ").await;
        gateway.admin = gateway.address("admin listening on ").await;
        gateway
    }

    /// Everything that the program wrote so far, both streams.
    pub fn output(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{}{}", read("stdout"), read("stderr"))
    }

    /// The folder with the configuration and the plugins.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The process id.
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
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill -{name} failed"
        );
    }

    /// Waits for the process to end.
    ///
    /// # Panics
    /// When it does not within half a minute.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the gateway does not end:\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn address(&mut self, prefix: &str) -> SocketAddr {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self.output();
            // A line is complete only with its end.
            let line = output
                .split_inclusive('\n')
                .find_map(|line| line.strip_suffix('\n')?.strip_prefix(prefix));
            if let Some(url) = line {
                let (_, addr) = url.split_once("://").expect("a URL");
                return addr.parse().expect("an address");
            }
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                panic!("the gateway ended ({status}):\n{}", self.output());
            }
            assert!(
                Instant::now() < deadline,
                "the gateway does not say {prefix:?}:\n{output}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn spawn(folder: &Path) -> Child {
    let stream = |name| Stdio::from(File::create(folder.join(name)).expect("the folder is ours"));
    Command::new(&programs().waybill)
        .args(["serve", "--config"])
        .arg(folder.join("waybill.toml"))
        // The most talkative level: a leaked secret must have no place to hide.
        .env("WAYBILL_LOG", "trace")
        .stdout(stream("stdout"))
        .stderr(stream("stderr"))
        .spawn()
        .expect("waybill starts")
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
