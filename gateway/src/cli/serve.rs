//! `waybill serve`.

use super::{CliError, Outcome, Output};
use crate::{
    Seams,
    telemetry::{LEVEL_VARIABLE, Telemetry, forbid_core_dumps, install_panic_hook},
};
use gateway_config::{Config, located};
use std::{path::Path, sync::Arc};

pub(super) fn run(file: &Path, output: &mut Output) -> Result<Outcome, CliError> {
    // Before the first secret is read.
    let dumps = forbid_core_dumps();
    let config = Config::load(file)?;
    let level = std::env::var(LEVEL_VARIABLE).ok();
    let telemetry = Telemetry::install(&config.log, level.as_deref(), output.error_color())?;
    install_panic_hook();
    if let Err(error) = dumps {
        tracing::warn!(%error, "core dumps could not be turned off: they would hold secrets");
    }
    for note in &config.notes {
        tracing::info!(place = located(file, &note.place), "{}", note.message);
    }
    let seams = Seams {
        dropped_log_lines: Arc::new(telemetry.dropped_lines_counter()),
        ..Seams::default()
    };
    let result = crate::serve(&config, seams, output);
    if telemetry.dropped_lines() > 0 {
        tracing::warn!(lines = telemetry.dropped_lines(), "log lines were dropped");
    }
    result.map_err(CliError::Running)?;
    Ok(Outcome::Done)
}
