//! PgBouncer in front of a private cluster, in transaction mode.

use crate::{Postgres, owner};
use std::fs;
use std::io::{Error, Result};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The port that names its socket.
const PORT: u16 = 6432;

/// A running pooler.
#[derive(Debug)]
pub struct Pooler {
    folder: TempDir,
    process: Child,
}

impl Pooler {
    /// Starts PgBouncer with two connections to the cluster, so that transactions of several clients mix on
    /// them. `None` if the machine has no PgBouncer.
    ///
    /// # Errors
    /// If there is one and it does not start.
    pub fn start(cluster: &Postgres) -> Result<Option<Self>> {
        let Some(program) = program() else {
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("pgb").tempdir()?;
        let config = folder.path().join("pgbouncer.ini");
        let socket = folder.path().display();
        fs::write(
            &config,
            format!(
                "[databases]\n* = host={} user=waybill\n[pgbouncer]\nlisten_addr =\n\
                 listen_port = {PORT}\nunix_socket_dir = {socket}\nauth_type = any\n\
                 pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 200\n\
                 ignore_startup_parameters = extra_float_digits\nlogfile = {socket}/log\n",
                cluster.folder.path().display()
            ),
        )?;
        let mut command = Command::new(program);
        command.arg(&config).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        if let Some((user, group)) = owner()? {
            chown(folder.path(), Some(user), Some(group))?;
            command.uid(user).gid(group);
        }
        let process = command.spawn()?;
        let pooler = Self { folder, process };
        pooler.wait()?;
        Ok(Some(pooler))
    }

    /// The URL of a database of the cluster, through the pooler.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string();
        let socket = socket.replace('/', "%2F");
        format!("postgres://waybill@localhost:{PORT}/{database}?host={socket}")
    }

    fn wait(&self) -> Result<()> {
        let socket = self.folder.path().join(format!(".s.PGSQL.{PORT}"));
        for _ in 0..200 {
            if socket.exists() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join("log"));
        Err(Error::other(format!(
            "PgBouncer does not start: {}",
            log.unwrap_or_default()
        )))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).map(|folder| folder.join("pgbouncer"));
    folders
        .chain([Path::new("/usr/sbin/pgbouncer").to_owned()])
        .find(|program| program.is_file())
}
