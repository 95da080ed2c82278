//! `waybill key`: the master key that seals the store.

use super::{CliError, Outcome, Output, Session};
use anyhow::anyhow;
use clap::Subcommand;
use gateway_control::view::RotateKey;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Seal the store's secrets under a new master key
    Rotate {
        /// The new key's file on the gateway's machine; made if it is not there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

pub(super) fn run(
    command: &KeyCommand,
    session: &Session,
    output: &mut Output,
) -> Result<Outcome, CliError> {
    let KeyCommand::Rotate { to } = command;
    // The gateway's own folder may be another one.
    let file = std::path::absolute(to)
        .map_err(|error| CliError::Usage(anyhow!("{}: {error}", to.display())))?;
    let rotate = RotateKey {
        file: file.display().to_string(),
    };
    let rotated = session.ask(session.client.rotate_key(&rotate))?;
    if output.is_json() {
        output.json(&rotated)?;
        return Ok(Outcome::Done);
    }
    output.line(format_args!(
        "{} secrets are sealed under the new key",
        rotated.resealed
    ))?;
    output.hint(&format!(
        "the store opens with the new key only: write master_key = {{ file = {:?} }} in [store] \
         before the gateway is started again, and keep a copy of the file",
        rotate.file
    ));
    Ok(Outcome::Done)
}
