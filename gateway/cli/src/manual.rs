//! `waybill man`.

use crate::{
    error::{CliError, CommandOutcome},
    terminal::Output,
};
use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;
use std::{fs, path::Path};

pub(crate) fn run(
    dir: Option<&Path>,
    command: Command,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    match dir {
        Some(dir) => {
            let written =
                fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir));
            written
                .with_context(|| format!("cannot write the manual pages to {}", dir.display()))
                .map_err(CliError::Running)?;
        }
        None => {
            // In memory first, as the reader may go away.
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            output.raw(&page)?;
        }
    }
    Ok(CommandOutcome::Done)
}
