//! `waybill completions`.

use super::{CliError, Outcome, Output};
use clap::Command;
use clap_complete::Shell;

pub(super) fn run(
    shell: Shell,
    command: &mut Command,
    output: &mut Output,
) -> Result<Outcome, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "waybill", &mut script);
    output.raw(&script)?;
    Ok(Outcome::Done)
}
