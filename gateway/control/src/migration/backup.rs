//! The backup before a migration: a file, and next to it a file with its passphrase.
//!
//! The passphrase is generated and kept in a file, because a migration may be begun by a script.
//! `waybill restore --passphrase-file` reads it. A user who can read both files can read the backup, as
//! with the store and its master key.

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
        let settings = self.context.settings();
        let folder = settings.files.backup_dir.as_ref();
        let folder = folder.ok_or_else(|| {
            let message = "there is no folder for the backup that comes before a migration";
            ControlError::new(Fault::Invalid, "no_backup_dir", message)
        })?;
        let now = self.context.now();
        let id = self.migration_id().await?;
        let file = folder.join(format!("waybill-before-migration-{id}.backup"));
        let words = folder.join(format!("waybill-before-migration-{id}.passphrase"));
        let passphrase = self.context.random_text();
        let line = format!("{}\n", passphrase.expose());
        // The passphrase first: a backup without it could be read by nobody.
        write(words.clone(), Secret::new(line)).await?;
        let protection = Protection::Passphrase(passphrase);
        let mut content = Vec::new();
        let store = &self.context.store;
        store
            .backup(&mut content, &protection, now, &mut |_, _| {})
            .await?;
        write_bytes(file.clone(), content).await?;
        // Read back and checked: a backup that cannot be restored must be found out now.
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

    /// The id of a new migration, such as `2026-11-22-1`: the day, and its number on that day.
    async fn migration_id(&self) -> Result<String, ControlError> {
        let day = crate::api_time::from_store(self.context.now())
            .strftime("%Y-%m-%d")
            .to_string();
        let records = self.context.store.migrations().await?;
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

/// Runs file operations on a thread for blocking work.
async fn on_disk<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, ControlError> {
    let shown = path.display().to_string();
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    let done = done.unwrap_or_else(|_| Err(io::Error::other("it ended early")));
    done.map_err(|error| {
        let message = format!("nothing was changed: the backup {shown} failed: {error}");
        ControlError::new(Fault::Unavailable, "backup_file", message).remedy(
            "allow the gateway to write to that folder, and check that the disk has free space",
        )
    })
}

/// Writes a file so that it exists completely or not at all, durably, and readable by its owner only. An
/// existing file of that name belongs to a run that ended before its record: nothing refers to it.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    // What an interrupted run left behind.
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
    // Before the rename, or a loss of power could leave a complete name with incomplete content.
    file.sync_all()?;
    fs::rename(&partial, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // The folder as well: without it the rename itself may be lost.
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
