//! `waybill plugin check`: one file, from its bytes to the conformance suite.
//!
//! The file's bytes are inspected here. Its code runs only in child processes, one for each section of the
//! suite: a plugin that ends its process ends a child, and that is a finding.

mod child;
mod events;
mod inputs;
mod supervise;

pub(super) use child::conform;

use super::file_report::FileReport;
use anyhow::Context as _;
use events::LOADS;
use gateway_cli::{
    CheckArgs, CliError, CommandOutcome,
    terminal::{Output, clean},
};
use gateway_config::{ProcessVariables, cache_folder};
use gateway_model::Clock;
use gateway_plugin_host::{CatalogEntry, verify_file};
use inputs::{policy, read_config, read_script};
use plugins_conformance::{Report, Section};
use serde::Serialize;
use std::{
    path::{Path, absolute},
    sync::Arc,
    time::Duration,
};
use supervise::Supervisor;

#[derive(Serialize)]
struct CheckReport {
    #[serde(flatten)]
    file: FileReport,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    conformance: Option<Report>,
}

pub(super) fn run(
    args: &CheckArgs,
    clock: &Arc<dyn Clock>,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Read here too, so that a mistake in them is one of the command line and not of the plugin.
    args.config.as_deref().map(read_config).transpose()?;
    args.script.as_deref().map(read_script).transpose()?;
    let entry = verify_file(&args.file, &policy(args.strict));
    let mut report = CheckReport {
        file: FileReport::from(&entry),
        passed: false,
        conformance: None,
    };
    if report.file.reason.is_none() {
        let conformance = conform_in_children(args, &entry, &mut report.file, clock)?;
        // A file that did not load was not checked, so it has not passed.
        report.passed = conformance.passed() && report.file.reason.is_none();
        report.conformance = Some(conformance);
    }
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&args.file, &report, output)?;
    }
    Ok(if report.passed {
        CommandOutcome::Done
    } else {
        CommandOutcome::FaultFound
    })
}

/// Each section in a process of its own, so that one which ends its process leaves the others their say.
fn conform_in_children(
    args: &CheckArgs,
    entry: &CatalogEntry,
    file: &mut FileReport,
    clock: &Arc<dyn Clock>,
) -> Result<Report, CliError> {
    let whole = |path: &Path| {
        let named = || format!("the path {}", path.display());
        absolute(path).with_context(named).map_err(CliError::Usage)
    };
    let supervisor = Supervisor {
        file: whole(&args.file)?,
        config: args.config.as_deref().map(whole).transpose()?,
        script: args.script.as_deref().map(whole).transpose()?,
        strict: args.strict,
        cache: cache_folder(&ProcessVariables),
        time_limit: Duration::from_secs(args.time_limit.into()),
    };
    let manifest = entry.manifest();
    let mut report = Report {
        plugin: manifest.map(|m| m.name.clone()).unwrap_or_default(),
        version: manifest.map(|m| m.version.clone()).unwrap_or_default(),
        checks: Vec::new(),
    };
    for section in Section::ALL {
        let run = supervisor.run(section, clock).map_err(CliError::Running)?;
        let loaded = run.loaded.is_some();
        if let Some((state, reason)) = run.loaded {
            file.set_state(state, reason);
        }
        run.checks.into_iter().for_each(|check| report.merge(check));
        // What cannot be loaded cannot be checked further.
        if !loaded || file.reason.is_some() {
            break;
        }
    }
    // What every process of a check looks at comes last.
    report.checks.sort_by_key(|check| position(&check.name));
    Ok(report)
}

/// Where a check stands in the report.
fn position(name: &str) -> usize {
    if name == LOADS {
        return 0;
    }
    let of = |section: &Section| section.checks().contains(&name);
    let section = Section::ALL.iter().position(of);
    section.map_or(usize::MAX, |section| section + 1)
}

fn print(path: &Path, report: &CheckReport, output: &mut Output) -> Result<(), CliError> {
    let file = clean(&path.display().to_string());
    if let Some(reason) = &report.file.reason {
        output.line(format_args!("{file}: refused: {}", clean(reason)))?;
    }
    if let Some(api) = &report.file.api {
        output.line(format_args!("{file}: API: {api}"))?;
    }
    for note in &report.file.reports {
        output.line(format_args!("{file}: note: {note}"))?;
    }
    if let Some(conformance) = &report.conformance {
        output.raw(conformance.to_string().as_bytes())?;
        let verdict = if report.passed {
            "keeps its contract"
        } else {
            "does not keep its contract"
        };
        output.line(format_args!("{file}: {verdict}"))?;
    }
    Ok(())
}
