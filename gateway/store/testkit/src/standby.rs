//! A standby that follows a cluster, and takes its place.

use crate::{Postgres, succeed};
use std::io::Result;
use std::os::unix::fs::chown;

impl Postgres {
    /// A cluster of its own that follows this one. It may lack the newest transactions when this one dies, as
    /// the replication is asynchronous.
    ///
    /// # Errors
    /// If it cannot be copied, or does not start.
    pub fn standby(&self) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg").tempdir()?;
        if let Some((user, group)) = self.owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let standby = Self {
            folder,
            programs: self.programs.clone(),
            owner: self.owner,
        };
        let mut copy = standby.command("pg_basebackup");
        copy.arg("-D").arg(standby.data());
        copy.arg("-h")
            .arg(self.folder.path())
            .args(["-U", "waybill"]);
        // With what it needs to follow, and without waiting for an ordinary checkpoint.
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        succeed(&mut copy)?;
        standby.restart()?;
        Ok(standby)
    }

    /// Makes a standby a server that takes writes.
    ///
    /// # Errors
    /// If it is none, or does not end its recovery within a minute.
    pub fn promote(&self) -> Result<()> {
        let mut promote = self.command("pg_ctl");
        promote.arg("-D").arg(self.data());
        succeed(promote.args(["-w", "-t", "60", "promote"])).map(|_| ())
    }
}
