//! `waybill plugin verify`: whether something vouches for every plugin of the folder.

use super::file_report::FileReport;
use gateway_cli::{
    CliError, CommandOutcome,
    terminal::{Output, clean},
};
use gateway_plugin_host::{Catalog, CatalogEntry, EntryState, LockedPlugin, PluginPolicy};
use serde::Serialize;
use std::path::Path;

/// For `--json`.
#[derive(Serialize)]
struct VerifyReport {
    passed: bool,
    files: Vec<VerifiedReport>,
    missing: Vec<MissingReport>,
}

#[derive(Serialize)]
struct VerifiedReport {
    #[serde(flatten)]
    file: FileReport,
    passed: bool,
}

/// A plugin of the lock file without a file.
#[derive(Serialize)]
struct MissingReport {
    name: String,
    version: String,
    sha256: String,
}

pub(super) fn run(
    dir: &Path,
    policy: &PluginPolicy,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let catalog = Catalog::verify(dir, policy).map_err(|error| CliError::Running(error.into()))?;
    let files: Vec<VerifiedReport> = catalog.entries().iter().map(verified).collect();
    let missing: Vec<MissingReport> = catalog.missing().iter().map(missing).collect();
    let passed = missing.is_empty() && files.iter().all(|file| file.passed);
    let report = VerifyReport {
        passed,
        files,
        missing,
    };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report, output)?;
    }
    Ok(if passed {
        CommandOutcome::Done
    } else {
        CommandOutcome::FaultFound
    })
}

fn verified(entry: &CatalogEntry) -> VerifiedReport {
    let passed = match entry.state() {
        EntryState::Verified(_) | EntryState::Active(_) => entry.trust().is_given(),
        // Never loaded, so nothing needs to vouch for it.
        EntryState::NotChosen { .. } => true,
        EntryState::Discovered | EntryState::Faulted(_) => false,
    };
    VerifiedReport {
        file: FileReport::from(entry),
        passed,
    }
}

fn missing((name, locked): &(String, LockedPlugin)) -> MissingReport {
    MissingReport {
        name: name.clone(),
        version: locked.version.clone(),
        sha256: locked.sha256.to_string(),
    }
}

fn print(report: &VerifyReport, output: &mut Output) -> Result<(), CliError> {
    for VerifiedReport { file, passed } in &report.files {
        let name = clean(&file.file);
        match &file.reason {
            Some(reason) => output.line(format_args!("{name}: {}", clean(reason)))?,
            None if *passed => output.line(format_args!("{name}: {}", file.trust))?,
            None => output.line(format_args!(
                "{name}: not in plugins.lock, and not signed with a trusted key: run `waybill plugin lock` \
                 if it is the file that you want"
            ))?,
        }
    }
    for MissingReport { name, version, .. } in &report.missing {
        output.line(format_args!(
            "{name} {version}: plugins.lock names it, and no file of the folder is that plugin: put its \
             file back, or take it out of plugins.lock"
        ))?;
    }
    output.line(if report.passed {
        "every plugin is vouched for"
    } else {
        "not every plugin is vouched for"
    })?;
    Ok(())
}
