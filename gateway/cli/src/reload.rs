//! `waybill reload`: the running gateway reads its configuration again.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean},
};
use gateway_api::{NameChanges, ReloadReport};
use std::fmt::Write as _;

/// Names that a line lists; the others are counted.
const NAMED: usize = 20;

pub(crate) fn run(
    dry_run: bool,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let report = session.ask(session.client.reload(dry_run))?;
    if output.is_json() {
        output.json(&report)?;
        return Ok(CommandOutcome::Done);
    }
    for line in lines(&report) {
        output.line(clean(&line))?;
    }
    for note in &report.notes {
        output.line(format_args!("note: {}", clean(note)))?;
    }
    if !report.needs_restart.is_empty() {
        // Last, because it is what is left to do.
        let left = report.needs_restart.join(", ");
        output.line(format_args!(
            "needs a restart, and stays as it is until then: {}",
            clean(&left)
        ))?;
    }
    Ok(CommandOutcome::Done)
}

fn lines(report: &ReloadReport) -> Vec<String> {
    let ReloadReport {
        dry_run,
        file,
        settings,
        needs_restart: _,
        routes,
        accounts,
        apps,
        plugins,
        certificate,
        notes: _,
    } = report;
    let mut lines = Vec::new();
    if !settings.is_empty() {
        lines.push(format!("settings: {}", settings.join(", ")));
    }
    for (what, names) in [("routes", routes), ("accounts", accounts), ("apps", apps)] {
        if !names.is_empty() {
            lines.push(format!("{what}: {}", in_words(names)));
        }
    }
    if !plugins.is_empty() {
        lines.push(format!("plugins: {}", plugins.join(", ")));
    }
    if *certificate {
        lines.push("certificate of a listener: another one".to_owned());
    }
    let first = match (lines.is_empty(), dry_run) {
        (true, _) => format!("{file} changes nothing that a reload takes"),
        (false, true) => format!("{file}: a reload would change"),
        (false, false) => format!("{file}: reloaded"),
    };
    lines.insert(0, first);
    lines
}

fn in_words(names: &NameChanges) -> String {
    let NameChanges {
        added,
        removed,
        changed,
    } = names;
    let mut text = String::new();
    for (what, names) in [("added", added), ("removed", removed), ("changed", changed)] {
        if names.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str("; ");
        }
        let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{what} {}", named.join(", "));
        let more = names.len().saturating_sub(NAMED);
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
    }
    text
}
