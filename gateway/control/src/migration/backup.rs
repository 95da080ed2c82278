//! The backup before a migration: a file, and beside it the file with its passphrase.
//!
//! The passphrase is made up and kept in a file, because nobody is there to remember one when a
//! migration is begun by a script; `waybill restore --passphrase-file` takes it. Whoever can read
//! both files can read the backup, as with store and master key.

use super::{plan::Plan, progress::Progress};
use crate::{ControlError, ControlPlane, Fault};
use gateway_model::{Protection, Secret};
use gateway_store::{MigrationRecord, inspect_backup};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

impl ControlPlane {
    /// Makes the backup, checks that it can be read, and begins the record.
    pub(super) async fn new_migration(
        &self,
        plan: &Plan,
    ) -> Result<(MigrationRecord, Progress), ControlError> {
        let folder = self.shared.settings.files.backup_dir.as_ref();
        let folder = folder.ok_or_else(|| {
            let message = "there is no folder for the backup that comes before a migration";
            ControlError::new(Fault::Invalid, "no_backup_dir", message)
        })?;
        let now = self.shared.now();
        let id = self.migration_id().await?;
        let file = folder.join(format!("waybill-before-migration-{id}.backup"));
        let words = folder.join(format!("waybill-before-migration-{id}.passphrase"));
        let passphrase = self.shared.random_text();
        let line = format!("{}\n", passphrase.expose());
        write(words.clone(), Secret::new(line)).await?;
        let protection = Protection::Passphrase(passphrase);
        let mut content = Vec::new();
        let store = &self.shared.store;
        store
            .backup(&mut content, &protection, now, &mut |_, _| {})
            .await?;
        write_bytes(file.clone(), content).await?;
        let written = read(file.clone()).await?;
        let summary = inspect_backup(&mut written.as_slice(), &protection).await?;
        tracing::info!(
            file = %file.display(),
            accounts = summary.accounts(),
            "the store is backed up before a migration"
        );
        let record = MigrationRecord {
            id,
            created_at: now,
            ended_at: None,
            backup: Some(file.display().to_string()),
            items: String::new(),
        };
        let progress = Progress {
            carrier: Some(plan.carrier.as_str().to_owned()),
            passphrase_file: Some(words.display().to_string()),
            ..Progress::default()
        };
        Ok((record, progress))
    }

    /// `2026-11-22-1`: the day, and which of that day.
    async fn migration_id(&self) -> Result<String, ControlError> {
        let day = crate::trail::stamp(self.shared.now())
            .strftime("%Y-%m-%d")
            .to_string();
        let records = self.shared.store.migrations().await?;
        let of_day = records.iter().filter(|record| record.id.starts_with(&day));
        Ok(format!("{day}-{}", of_day.count() + 1))
    }
}

async fn write(path: PathBuf, text: Secret) -> Result<(), ControlError> {
    on_disk(path, move |path| replace(path, text.expose().as_bytes())).await
}

async fn write_bytes(path: PathBuf, content: Vec<u8>) -> Result<(), ControlError> {
    on_disk(path, move |path| replace(path, &content)).await
}

async fn read(path: PathBuf) -> Result<Vec<u8>, ControlError> {
    on_disk(path, |path| fs::read(path)).await
}

/// Disks block.
async fn on_disk<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, ControlError> {
    let shown = path.display().to_string();
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    let done = done.unwrap_or_else(|_| Err(io::Error::other("it ended early")));
    done.map_err(|error| {
        let message = format!("nothing was changed: the backup {shown} failed: {error}");
        ControlError::new(Fault::Unavailable, "backup_file", message)
            .remedy("let the gateway write into that folder, and see that the disk has room")
    })
}

/// Complete under its name or not there at all, readable by its owner only, and durable. A file of
/// that name is of a run that ended before its record: nobody refers to it.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
