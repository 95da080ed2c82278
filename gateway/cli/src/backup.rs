//! `waybill backup`: asks the gateway for a backup and keeps it as a file.

use crate::{
    error::{CliError, CommandOutcome},
    local::{LocalCommands, SealArgs},
    remote::RemoteArgs,
    terminal::{Output, progress},
};
use anyhow::{Context as _, anyhow};
use gateway_api::client::ClientError;
use gateway_model::{Protection, Recipient};
use serde::Serialize;
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    remote: RemoteArgs,
    /// File to write; an existing file is never overwritten
    file: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    /// Seal it for the holder of a key, whose public half `waybill key recipient` prints
    #[arg(long, value_name = "RECIPIENT", conflicts_with_all = ["passphrase_file", "key_file"])]
    recipient: Option<Recipient>,
    /// Open the store directly, while the gateway is down
    #[arg(long)]
    offline: bool,
}

#[derive(Serialize)]
struct WrittenBackup {
    file: String,
    bytes: usize,
}

pub(crate) fn run(
    args: &BackupArgs,
    local: &dyn LocalCommands,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Said before anybody types a passphrase.
    // The link itself and not its target: a dangling one is a file that is there, too.
    if args.file.symlink_metadata().is_ok() {
        return Err(taken(&args.file));
    }
    let protection = match args.recipient {
        Some(recipient) => Protection::Recipient(recipient),
        None => match &args.seal.key_file {
            Some(file) => local.backup_key(file)?,
            None => Protection::Passphrase(args.seal.passphrase(true)?),
        },
    };
    let bytes = if args.offline {
        local.backup_store(&args.remote.config, &protection, output)?
    } else {
        online(args, &protection, local, output)?
    };
    write(&args.file, &bytes)?;
    if output.is_json() {
        output.json(&WrittenBackup {
            file: args.file.display().to_string(),
            bytes: bytes.len(),
        })?;
    } else {
        output.line(format_args!(
            "{}: {} bytes",
            args.file.display(),
            bytes.len()
        ))?;
        let what = match protection {
            Protection::Passphrase(_) => "passphrase",
            Protection::Key(_) | Protection::Recipient(_) => "key",
        };
        output.hint(&format!(
            "keep the {what} apart from it: without it the backup cannot be read"
        ));
    }
    Ok(CommandOutcome::Done)
}

/// Through the gateway, or from the store if no gateway runs here.
fn online(
    args: &BackupArgs,
    protection: &Protection,
    local: &dyn LocalCommands,
    output: &Output,
) -> Result<Vec<u8>, CliError> {
    let asked = args.remote.session(local.clock()).and_then(|session| {
        let spinner = progress::spinner("the gateway makes the backup");
        let bytes = session.ask(session.client.backup(protection));
        spinner.finish_and_clear();
        bytes
    });
    match asked {
        // Only where no gateway runs on this machine: a named address that fails must not fall back to a local store.
        Err(CliError::Client(ClientError::NotRunning { .. }) | CliError::NoToken { .. })
            if !args.remote.names_address() =>
        {
            output
                .hint("no gateway answers at the configured address: the store is opened directly");
            local.backup_store(&args.remote.config, protection, output)
        }
        asked => asked,
    }
}

/// Writes a file that is complete and durable under its name, or absent; readable by its owner only.
fn write(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    // A bare name has an empty parent, which no folder is.
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let named = || format!("cannot write {}", file.display());
    let write = || -> anyhow::Result<tempfile::NamedTempFile> {
        // In the same folder, as a rename across file systems is a copy.
        let mut partial = tempfile::NamedTempFile::new_in(folder)?;
        partial.write_all(bytes)?;
        // Before the rename: a name must never stand for bytes that are not on the disk.
        partial.as_file().sync_all()?;
        Ok(partial)
    };
    // Never over an existing file: it may be the only good backup.
    let partial = write().with_context(named).map_err(CliError::Running)?;
    // Never over another file, also if it appeared since the first look.
    partial.persist_noclobber(file).map_err(|error| {
        if error.error.kind() == std::io::ErrorKind::AlreadyExists {
            taken(file)
        } else {
            CliError::Running(anyhow!("{}: {}", named(), error.error))
        }
    })?;
    // The folder too, or the name could be lost with the power.
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(named).map_err(CliError::Running)
}

fn taken(file: &Path) -> CliError {
    CliError::Usage(anyhow!(
        "{} exists and is not overwritten: name another file",
        file.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn backup_is_its_owners_and_overwrites_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("b");
        write(&file, b"first").expect("the folder is ours");
        let mode = file.metadata().expect("written").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let error = write(&file, b"second").expect_err("it is there");
        assert!(error.to_string().contains("is not overwritten"), "{error}");
        assert_eq!(std::fs::read(&file).expect("kept"), b"first");
        let left = std::fs::read_dir(folder.path()).expect("ours").count();
        assert_eq!(left, 1, "no partial file stays");
    }
}
