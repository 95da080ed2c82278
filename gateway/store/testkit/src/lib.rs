//! A private PostgreSQL for tests: a cluster of its own in a temporary folder, reached by a Unix
//! socket, gone when it is dropped. Nothing is installed or downloaded.

mod pooler;
mod relay;
mod standby;

pub use pooler::Pooler;
pub use relay::Relay;

use std::fs;
use std::io::{Error, Result};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tempfile::TempDir;

/// Set to `1`, a missing PostgreSQL is a failure and not a skipped test.
const REQUIRE: &str = "WAYBILL_REQUIRE_POSTGRES";

static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
}

impl Postgres {
    /// A cluster of the caller's own, which it may kill. `None` if the machine has no PostgreSQL.
    ///
    /// # Errors
    /// If there is one and it does not start, or if there is none and one is required.
    pub fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else {
            if std::env::var(REQUIRE).is_ok_and(|value| value == "1") {
                return Err(Error::other(format!(
                    "{REQUIRE}=1, and there is no PostgreSQL"
                )));
            }
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("pg").tempdir()?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let cluster = Self {
            folder,
            programs,
            owner,
        };
        let data = cluster.data();
        let mut initdb = cluster.command("initdb");
        initdb
            .arg("-D")
            .arg(&data)
            .args(["-U", "waybill", "-A", "trust", "-E", "UTF8"]);
        initdb.args(["--no-locale", "--no-sync"]);
        succeed(&mut initdb)?;
        cluster.restart()?;
        Ok(Some(cluster))
    }

    /// A cluster that all tests of a program share; it ends with the last of them.
    ///
    /// # Errors
    /// As for [`Postgres::start`].
    pub fn shared() -> Result<Option<Arc<Self>>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Ok(Some(cluster));
        }
        let cluster = Self::start()?.map(Arc::new);
        *shared = cluster.as_ref().map_or_else(Weak::new, Arc::downgrade);
        Ok(cluster)
    }

    /// The URL of a database of the cluster. `postgres` is always there.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://waybill@localhost/{database}?host={socket}")
    }

    /// Runs a statement as the superuser, and gives what it answers.
    ///
    /// # Errors
    /// If it fails.
    pub fn query(&self, sql: &str) -> Result<String> {
        let mut psql = self.command("psql");
        psql.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(self.url("postgres"));
        let output = succeed(psql.stdout(Stdio::piped()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a script of `psql`, and gives what it prints.
    ///
    /// # Errors
    /// If it fails.
    pub fn script(&self, text: &str) -> Result<String> {
        let file = self.folder.path().join("script.sql");
        fs::write(&file, text)?;
        let mut psql = self.command("psql");
        psql.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f"]);
        psql.arg(file).arg(self.url("postgres"));
        let output = succeed(psql.stdout(Stdio::piped()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the server has written to its log so far.
    ///
    /// # Errors
    /// If there is no log.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.folder.path().join("log"))
    }

    /// Runs a statement as somebody who is no gateway.
    ///
    /// # Errors
    /// If the server refuses it.
    pub fn sql(&self, database: &str, statement: &str) -> Result<()> {
        let mut psql = self.command("psql");
        psql.arg("-h").arg(self.folder.path());
        psql.args(["-U", "waybill", "-d", database, "-c", statement]);
        succeed(&mut psql).map(|_| ())
    }

    /// Starts the cluster again after [`Postgres::kill`].
    ///
    /// # Errors
    /// If it does not accept connections within a minute.
    pub fn restart(&self) -> Result<()> {
        let socket = self.folder.path().display();
        let options = format!("-k {socket} -c listen_addresses='' -c max_connections=200");
        let mut start = self.command("pg_ctl");
        start
            .arg("-D")
            .arg(self.data())
            .arg("-l")
            .arg(self.folder.path().join("log"));
        start.args(["-w", "-t", "60", "-o", &options, "start"]);
        let mut result = succeed(&mut start);
        // Right after a kill the old processes may still hold the shared memory.
        for _ in 0..20 {
            if result.is_ok() {
                break;
            }
            result = succeed(&mut start);
        }
        result.map(|_| ())
    }

    /// Ends the server as a loss of power would: at once, with SIGKILL.
    ///
    /// # Errors
    /// If there is no server to kill.
    pub fn kill(&self) -> Result<()> {
        self.signal("KILL")
    }

    /// Stops every process of the server, so that it holds its connections and answers nothing.
    ///
    /// # Errors
    /// If there is no server.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// If there is no server.
    pub fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Sends a signal to the server and its children.
    fn signal(&self, name: &str) -> Result<()> {
        let pid = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = pid.lines().next().unwrap_or_default().trim().to_owned();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let kill = |pids: &[&str]| {
            let mut kill = Command::new("kill");
            kill.arg(format!("-{name}"))
                .args(pids)
                .stderr(Stdio::null());
            kill
        };
        succeed(&mut kill(&[&pid]))?;
        for child in children.split_whitespace() {
            // It may have ended by itself meanwhile.
            let _ = kill(&[child]).status();
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        // The server keeps what it inherits: a pipe would never end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.resume();
        let mut stop = self.command("pg_ctl");
        stop.arg("-D")
            .arg(self.data())
            .args(["-m", "immediate", "-w", "-t", "20", "stop"]);
        let _ = stop.status();
    }
}

fn succeed(command: &mut Command) -> Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::other(format!("{command:?}: {}", output.status)))
}

/// Where `initdb`, `pg_ctl` and `postgres` are: the newest of the distribution's, or the path's.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let all = ["initdb", "pg_ctl", "postgres"];
    folders
        .into_iter()
        .find(|folder| all.iter().all(|name| folder.join(name).is_file()))
}

/// PostgreSQL does not run as root: then it runs as `postgres` or `nobody`.
fn owner() -> Result<Option<(u32, u32)>> {
    let status = fs::metadata("/proc/self")?;
    if std::os::unix::fs::MetadataExt::uid(&status) != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string(Path::new("/etc/passwd"))?;
    let find = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let owner = find("postgres").or_else(|| find("nobody"));
    let missing = || Error::other("no user to run PostgreSQL as");
    owner.map(Some).ok_or_else(missing)
}
