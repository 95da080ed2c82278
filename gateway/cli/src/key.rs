//! `waybill key`: the master key that seals the store, and keys of backups.

use crate::{
    error::{CliError, CommandOutcome},
    local::LocalCommands,
    remote::Session,
    terminal::Output,
};
use anyhow::anyhow;
use clap::Subcommand;
use gateway_api::RotateKey;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Seal the store's secrets under a new master key
    Rotate {
        /// The new key's file on the gateway's machine; made if it is not there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Print for whom `waybill backup --recipient` seals, so that only this key opens it
    Recipient {
        /// File with the backups' key, here and not on the gateway's machine
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
}

pub(crate) fn recipient(
    key_file: &Path,
    local: &dyn LocalCommands,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let recipient = local.recipient(key_file)?.to_string();
    if output.is_json() {
        output.json(&serde_json::json!({ "recipient": recipient }))?;
    } else {
        output.line(format_args!("{recipient}"))?;
    }
    Ok(CommandOutcome::Done)
}

pub(crate) fn rotate(
    to: &Path,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // The gateway's own folder may be another one.
    let file = std::path::absolute(to)
        .map_err(|error| CliError::Usage(anyhow!("{}: {error}", to.display())))?;
    let rotate = RotateKey {
        file: file.display().to_string(),
    };
    let rotated = session.ask(session.client.rotate_key(&rotate))?;
    if output.is_json() {
        output.json(&rotated)?;
        return Ok(CommandOutcome::Done);
    }
    output.line(format_args!(
        "{} secrets are sealed under the new key",
        rotated.resealed
    ))?;
    // Said at once: with the old key in the configuration the next start fails.
    output.hint(&format!(
        "the store opens with the new key only: write master_key = {{ file = {:?} }} in [store] \
         before the gateway is started again, and keep a copy of the file",
        rotate.file
    ));
    Ok(CommandOutcome::Done)
}
