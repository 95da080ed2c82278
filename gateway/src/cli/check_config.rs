//! `waybill check-config`.

use super::{CliError, Outcome, Output};
use gateway_config::{Config, Report, located};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Findings {
    ok: bool,
    file: String,
    mistakes: Vec<Report>,
    notes: Vec<Report>,
}

pub(super) fn schema(output: &mut Output) -> Result<Outcome, CliError> {
    output.json(&gateway_config::json_schema())?;
    Ok(Outcome::Done)
}

pub(super) fn run(file: &Path, output: &mut Output) -> Result<Outcome, CliError> {
    let result = Config::load(file);
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
        return Ok(result.map_or(Outcome::BadConfig, |_| Outcome::Done));
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
    Ok(Outcome::Done)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
