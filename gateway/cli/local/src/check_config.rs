//! `waybill check-config`.

use gateway_cli::{CliError, CommandOutcome, terminal::Output};
use gateway_config::{Config, ConfigErrors, Mistake, Report, located};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Findings {
    ok: bool,
    file: String,
    mistakes: Vec<Report>,
    notes: Vec<Report>,
}

/// `waybill check-config`. `preflight` finds what keeps the gateway from starting although its
/// configuration reads well, and may add notes.
///
/// # Errors
/// With every mistake in the file.
pub fn check_config(
    file: &Path,
    preflight: impl FnOnce(&mut Config) -> Vec<Mistake>,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Only a configuration that reads well is worth the preflight, which opens files and plugins.
    let result = Config::load(file).and_then(|mut config| {
        // Only for a configuration that reads well: a folder of a wrong section would be noise.
        let mistakes = preflight(&mut config);
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors::new(file, mistakes))
        }
    });
    // JSON first, and not by way of the error: a program wants the same shape for good and bad files.
    if output.is_json() {
        let (mistakes, notes) = match &result {
            Ok(config) => (Vec::new(), config.notes.iter().map(Report::from).collect()),
            Err(errors) => (
                errors.mistakes().iter().map(Report::from).collect(),
                Vec::new(),
            ),
        };
        output.json(&Findings {
            ok: result.is_ok(),
            file: file.display().to_string(),
            mistakes,
            notes,
        })?;
        return Ok(result.map_or(CommandOutcome::BadConfig, |_| CommandOutcome::Done));
    }
    let config = result?;
    for note in &config.notes {
        let place = located(file, &note.place);
        output.line(format_args!("{place}: note: {}", note.message))?;
    }
    output.line(format_args!(
        "{}: {}, {}, {}: no mistakes",
        file.display(),
        counted(config.routes.len(), "route"),
        counted(config.accounts.len(), "account"),
        counted(config.apps.len(), "app"),
    ))?;
    Ok(CommandOutcome::Done)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
