//! The configured store, opened while no gateway runs on it.

use crate::runtime::runtime;
use anyhow::{Context as _, anyhow};
use gateway_cli::{
    CliError, CommandOutcome, RestoreArgs,
    terminal::{Output, progress, prompt, when},
};
use gateway_config::{ProcessVariables, load_store};
use gateway_model::{Protection, Recipient};
use gateway_store::{
    Access, BackupError, BackupSummary, KeyError, OpenError, Overwrite, Store, StoreOptions,
    StoreUrl, Timestamp, inspect_backup, protection_from_key_file, recipient_of,
};
use serde::Serialize;
use std::{fs::File, io::Read as _, path::Path, time::SystemTime};

/// Larger than any backup.
const LONGEST: u64 = 4 * 1024 * 1024 * 1024;

/// The public half of the backup key in a file.
///
/// # Errors
/// When the file holds none.
pub fn recipient(key_file: &Path) -> Result<Recipient, CliError> {
    recipient_of(&backup_key(key_file)?).map_err(|error| CliError::Usage(anyhow!("{error}")))
}

/// The backup key in a file.
///
/// # Errors
/// When the file holds none.
pub fn backup_key(file: &Path) -> Result<Protection, CliError> {
    runtime()?
        .block_on(protection_from_key_file(file))
        .map_err(|error| CliError::Usage(anyhow!("{}", key_problem(&error))))
}

/// The store's messages are about its master key, and this is another one.
fn key_problem(error: &KeyError) -> String {
    match error {
        KeyError::Missing { from, why } | KeyError::Unreadable { from, why } => {
            format!("the backup's key: {from} {why}")
        }
        KeyError::Malformed { from } => format!(
            "the backup's key: {from} holds none: a key is 32 random bytes as base64 or as \
             hexadecimal digits, as from `openssl rand -base64 32`"
        ),
        KeyError::Exposed { .. } | KeyError::Fleeting | KeyError::Lacking { .. } => {
            error.to_string()
        }
    }
}

/// Reads the whole store of a configuration and seals it.
///
/// # Errors
/// When the store cannot be opened: a gateway runs on it, its key is wrong, it is not there.
pub fn backup_store(
    config: &Path,
    protection: &Protection,
    now: SystemTime,
    output: &Output,
) -> Result<Vec<u8>, CliError> {
    let options = lasting_store(config)?;
    runtime()?.block_on(async {
        let store = open(&options, Access::Offline).await?;
        let bar = progress::bar("records");
        let mut bytes = Vec::new();
        let now = Timestamp::from(now);
        let made = store
            .backup(&mut bytes, protection, now, &mut |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            })
            .await;
        bar.finish_and_clear();
        // Closed in any case: the lock must not stay after a failed backup.
        store.close().await;
        let summary = made.map_err(|error| CliError::Refused(error.to_string()))?;
        // A backup with damaged records is better than none, but the operator has to know.
        if summary.left_out > 0 {
            output.warn(&format!(
                "{} damaged records are not in the backup",
                summary.left_out
            ));
        }
        Ok(bytes)
    })
}

/// `waybill store create`: an empty store under the configured key.
///
/// # Errors
/// When there is a store already, or it cannot be made.
pub fn create_store(config: &Path, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let options = lasting_store(config)?;
    let place = match &options.url {
        StoreUrl::Sqlite(file) => file.display().to_string(),
        StoreUrl::Memory | StoreUrl::Postgres(_) => "the PostgreSQL database".to_owned(),
    };
    let is_new = runtime()?.block_on(async {
        let store = open(&options, Access::Create).await?;
        let is_new = store.is_new();
        store.close().await;
        Ok::<_, CliError>(is_new)
    })?;
    if !is_new {
        return Err(CliError::Refused(format!(
            "there is a store at {place} already: start the gateway with `waybill serve`; nothing was \
             changed"
        )));
    }
    if output.is_json() {
        output.json(&serde_json::json!({ "created": place }))?;
    } else {
        output.line(format_args!("{place}: an empty store was made"))?;
        output.hint(
            "keep a copy of its master key apart from it: without it the store cannot be opened",
        );
    }
    Ok(CommandOutcome::Done)
}

#[derive(Serialize)]
struct Restored {
    file: String,
    created_at: String,
    accounts: u64,
    apps: u64,
    left_out: u64,
}

/// `waybill restore`.
///
/// # Errors
/// When the backup cannot be opened, or the store does not take it.
pub fn restore(args: &RestoreArgs, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let options = lasting_store(&args.config)?;
    // Read before the question: nobody should agree to a restore of a file that cannot be read.
    let backup = read(&args.file)?;
    let protection = match &args.seal.key_file {
        Some(file) => backup_key(file)?,
        // Asked once: a wrong passphrase shows when the backup is opened.
        None => Protection::Passphrase(args.seal.passphrase(false)?),
    };
    let runtime = runtime()?;
    let refused = |error: BackupError| CliError::Refused(error.to_string());
    // The whole backup is read and checked before the store is touched.
    let found = runtime.block_on(inspect_backup(&mut backup.as_slice(), &protection));
    let found = found.map_err(refused)?;
    // Asked with both numbers, since a wrong file is noticed by them.
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
        // Also in the place of a store that was lost.
        let store = open(&options, Access::Create).await?;
        let restored = store
            .restore(&mut backup.as_slice(), &protection, overwrite)
            .await;
        // Closed before the outcome is looked at, so that the gateway can start either way.
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
    Ok(CommandOutcome::Done)
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
        "sign-ins may have been renewed since the backup, so they are in doubt until the gateway has \
         tried them: start it with `waybill serve`, and look at `waybill account list`",
    );
    Ok(())
}

/// The store that the configuration names, if it outlives a process.
fn lasting_store(config: &Path) -> Result<StoreOptions, CliError> {
    let options = load_store(config, &ProcessVariables)?;
    // A store in memory ends with the process, so there is nothing to back up or restore.
    if matches!(options.url, StoreUrl::Memory) {
        return Err(CliError::Usage(anyhow!(
            "the configured store is in memory and exists only while the gateway runs; set url in \
             [store]"
        )));
    }
    Ok(options)
}

async fn open(options: &StoreOptions, access: Access) -> Result<Store, CliError> {
    let opened = Store::open(options, access).await;
    opened.map_err(|error| {
        // The usual reason is a running gateway; the words say which way round it goes.
        if matches!(error, OpenError::Locked { .. }) {
            CliError::Refused(format!(
                "{error} (this command works on the store itself, while the gateway is down)"
            ))
        } else if matches!(error, OpenError::NoStore { .. }) {
            CliError::Usage(error.into())
        } else {
            CliError::Running(error.into())
        }
    })
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    let read = || -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // Bounded: a device or a pipe as file would be read for ever.
        File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read()
        .with_context(|| format!("the backup {}", file.display()))
        .map_err(CliError::Usage)
}

fn stamp(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at.to_system_time()).unwrap_or_default()
}

fn made_at(summary: &BackupSummary) -> String {
    when(stamp(summary.created_at))
}
