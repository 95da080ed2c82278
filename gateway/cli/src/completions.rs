//! `waybill completions`.

use crate::{
    error::{CliError, CommandOutcome},
    terminal::Output,
};
use clap::Command;
use clap_complete::Shell;

pub(crate) fn run(
    shell: Shell,
    command: &mut Command,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Made in memory first: the generator panics when its reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "waybill", &mut script);
    output.raw(&script)?;
    Ok(CommandOutcome::Done)
}
