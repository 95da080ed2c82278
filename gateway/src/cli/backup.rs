//! `waybill backup` and `waybill restore`.

use super::{
    CliError, Outcome, Output, progress, prompt,
    remote::{RemoteArgs, runtime},
    secret_input,
    text::when,
};
use crate::clock::SystemClock;
use anyhow::{Context as _, anyhow};
use gateway_api::client::ClientError;
use gateway_config::{ProcessVariables, load_store};
use gateway_model::{Clock as _, Protection, Recipient, Secret};
use gateway_store::{
    Access, BackupError, BackupSummary, KeyError, OpenError, Overwrite, Store, StoreOptions,
    StoreUrl, Timestamp, inspect_backup, protection_from_key_file,
};
use serde::Serialize;
use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Longer than any backup.
const LONGEST: u64 = 4 * 1024 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    remote: RemoteArgs,
    /// Where to; a file that is there already is never overwritten
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

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// Configuration file that names the store
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "waybill.toml",
        env = "WAYBILL_CONFIG"
    )]
    config: PathBuf,
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    /// Replace what the store holds
    #[arg(long)]
    replace: bool,
    /// Do not ask before replacing
    #[arg(long)]
    yes: bool,
}

/// What a backup is sealed under.
#[derive(Debug, clap::Args)]
struct SealArgs {
    /// File with the passphrase; asked for if absent
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    passphrase_file: Option<PathBuf>,
    /// File with a key instead of a passphrase: 32 random bytes as base64, for nobody else to read
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl SealArgs {
    /// Reads the key or the passphrase, or asks for it: twice for a new backup.
    fn read(&self, new: bool) -> Result<Protection, CliError> {
        match &self.key_file {
            Some(file) => key_file(file),
            None => passphrase(self.passphrase_file.as_deref(), new).map(Protection::Passphrase),
        }
    }
}

/// The key of backups in a file.
pub(super) fn key_file(file: &Path) -> Result<Protection, CliError> {
    runtime()?
        .block_on(protection_from_key_file(file))
        .map_err(|error| CliError::Usage(anyhow!("{}", key_problem(&error))))
}

/// The store's own words are about its master key.
fn key_problem(error: &KeyError) -> String {
    match error {
        KeyError::Missing { from, why } | KeyError::Unreadable { from, why } => {
            format!("the backup's key: {from} {why}")
        }
        KeyError::Malformed { from } => format!(
            "the backup's key: {from} holds none: a key is 32 random bytes as base64 or as \
             hexadecimal digits, as from `openssl rand -base64 32`"
        ),
        KeyError::Exposed { .. } | KeyError::Fleeting => error.to_string(),
    }
}

#[derive(Serialize)]
struct Made {
    file: String,
    bytes: usize,
}

#[derive(Serialize)]
struct Restored {
    file: String,
    created_at: String,
    accounts: u64,
    apps: u64,
    left_out: u64,
}

pub(super) fn backup(args: &BackupArgs, output: &mut Output) -> Result<Outcome, CliError> {
    // Said before anybody types a passphrase.
    if args.file.symlink_metadata().is_ok() {
        return Err(taken(&args.file));
    }
    let protection = match args.recipient {
        Some(recipient) => Protection::Recipient(recipient),
        None => args.seal.read(true)?,
    };
    let bytes = if args.offline {
        offline(&args.remote.config, &protection, output)?
    } else {
        online(args, &protection, output)?
    };
    write(&args.file, &bytes)?;
    if output.is_json() {
        output.json(&Made {
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
    Ok(Outcome::Done)
}

/// Through the gateway, or from the store if no gateway runs here.
fn online(
    args: &BackupArgs,
    protection: &Protection,
    output: &Output,
) -> Result<Vec<u8>, CliError> {
    let asked = args.remote.session().and_then(|session| {
        let spinner = progress::spinner("the gateway makes the backup");
        let bytes = session.ask(session.client.backup(protection));
        spinner.finish_and_clear();
        bytes
    });
    match asked {
        Err(CliError::Client(ClientError::NotRunning { .. }) | CliError::NoToken { .. })
            if !args.remote.names_address() =>
        {
            output.hint("no gateway answers here: the store is opened directly");
            offline(&args.remote.config, protection, output)
        }
        asked => asked,
    }
}

fn offline(config: &Path, protection: &Protection, output: &Output) -> Result<Vec<u8>, CliError> {
    let options = lasting_store(config)?;
    runtime()?.block_on(async {
        if let StoreUrl::Sqlite(file) = &options.url
            && !file.exists()
        {
            return Err(CliError::Usage(anyhow!(
                "there is no store at {}",
                file.display()
            )));
        }
        let store = open(&options).await?;
        let bar = progress::bar("records");
        let mut bytes = Vec::new();
        let now = Timestamp::from(SystemClock.wall());
        let made = store
            .backup(&mut bytes, protection, now, &mut |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            })
            .await;
        bar.finish_and_clear();
        store.close().await;
        let summary = made.map_err(|error| CliError::Refused(error.to_string()))?;
        if summary.left_out > 0 {
            output.warn(&format!(
                "{} damaged records are not in the backup",
                summary.left_out
            ));
        }
        Ok(bytes)
    })
}

pub(super) fn restore(args: &RestoreArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let options = lasting_store(&args.config)?;
    let backup = read(&args.file)?;
    let protection = args.seal.read(false)?;
    let runtime = runtime()?;
    let refused = |error: BackupError| CliError::Refused(error.to_string());
    // All of it is read and checked before the store is touched.
    let found = runtime.block_on(inspect_backup(&mut backup.as_slice(), &protection));
    let found = found.map_err(refused)?;
    let overwrite = if args.replace {
        let question = format!(
            "Replace all that the store holds by the backup of {} ({} accounts, {} apps)?",
            made_at(&found),
            found.accounts(),
            found.apps()
        );
        prompt::confirm(&question, args.yes)?;
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    };
    let restored = runtime.block_on(async {
        let store = open(&options).await?;
        let restored = store
            .restore(&mut backup.as_slice(), &protection, overwrite)
            .await;
        store.close().await;
        restored.map_err(|error| {
            if matches!(error, BackupError::NotEmpty { .. }) {
                CliError::Refused(format!("{error} (--replace); nothing was changed"))
            } else {
                refused(error)
            }
        })
    })?;
    print_restored(args, &restored, output)?;
    Ok(Outcome::Done)
}

fn print_restored(
    args: &RestoreArgs,
    summary: &BackupSummary,
    output: &mut Output,
) -> Result<(), CliError> {
    if output.is_json() {
        output.json(&Restored {
            file: args.file.display().to_string(),
            created_at: stamp(summary.created_at).to_string(),
            accounts: summary.accounts(),
            apps: summary.apps(),
            left_out: summary.left_out,
        })?;
        return Ok(());
    }
    output.facts(&[
        ("restored", args.file.display().to_string()),
        ("made", made_at(summary)),
        ("accounts", summary.accounts().to_string()),
        ("apps", summary.apps().to_string()),
        ("not in it", format!("{} damaged records", summary.left_out)),
    ])?;
    output.hint(
        "logins that work once are in doubt until the gateway has tried them: start it with \
         `waybill serve` and look at `waybill account list`",
    );
    Ok(())
}

/// The store that the configuration names, if it outlives a process.
fn lasting_store(config: &Path) -> Result<StoreOptions, CliError> {
    let options = load_store(config, &ProcessVariables)?;
    if matches!(options.url, StoreUrl::Memory) {
        return Err(CliError::Usage(anyhow!(
            "the configured store is in memory and exists only while the gateway runs; set url in \
             [store]"
        )));
    }
    Ok(options)
}

async fn open(options: &StoreOptions) -> Result<Store, CliError> {
    let opened = Store::open(options, Access::Offline).await;
    opened.map_err(|error| {
        if matches!(error, OpenError::Locked { .. }) {
            CliError::Refused(format!(
                "{error} (this command works on the store itself, while the gateway is down)"
            ))
        } else {
            CliError::Running(error.into())
        }
    })
}

fn passphrase(file: Option<&Path>, new: bool) -> Result<Secret, CliError> {
    const WHAT: &str = "passphrase of the backup";
    const WAYS: &str = "--passphrase-file FILE";
    if let Some(file) = file {
        return secret_input::named_file(WHAT, file);
    }
    let first = secret_input::ask(WHAT, WAYS)?;
    if new && first.expose() != secret_input::ask("the same again", WAYS)?.expose() {
        return Err(CliError::Usage(anyhow!(
            "the two passphrases differ: nothing was done"
        )));
    }
    Ok(first)
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    let read = || -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read()
        .with_context(|| format!("the backup {}", file.display()))
        .map_err(CliError::Usage)
}

/// Complete and durable under its name, or not there at all; readable by its owner only.
fn write(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let named = || format!("cannot write {}", file.display());
    let write = || -> anyhow::Result<tempfile::NamedTempFile> {
        let mut partial = tempfile::NamedTempFile::new_in(folder)?;
        partial.write_all(bytes)?;
        partial.as_file().sync_all()?;
        Ok(partial)
    };
    let partial = write().with_context(named).map_err(CliError::Running)?;
    partial.persist_noclobber(file).map_err(|error| {
        if error.error.kind() == std::io::ErrorKind::AlreadyExists {
            taken(file)
        } else {
            CliError::Running(anyhow!("{}: {}", named(), error.error))
        }
    })?;
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(named).map_err(CliError::Running)
}

fn taken(file: &Path) -> CliError {
    CliError::Usage(anyhow!(
        "{} is there already and is not overwritten: name another file",
        file.display()
    ))
}

fn stamp(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at.to_system_time()).unwrap_or_default()
}

fn made_at(summary: &BackupSummary) -> String {
    when(stamp(summary.created_at))
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
