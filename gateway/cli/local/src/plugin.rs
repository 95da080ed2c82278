//! `waybill plugin`: the commands that need the plugin's files and no running gateway.

mod check;
mod file_report;
mod lock;
mod new;
mod verify;

use file_report::FileReport;
use gateway_cli::{
    CliError, CommandOutcome, PluginCommand,
    terminal::{Output, clean},
};
use gateway_config::{ProcessVariables, load_plugins};
use gateway_model::Clock;
use gateway_plugin_host::{Catalog, PluginPolicy};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// `waybill plugin`.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn plugin(
    command: &PluginCommand,
    clock: Arc<dyn Clock>,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    match command {
        PluginCommand::List { config, dir } => {
            let (dir, policy) = folder(config, dir.as_deref())?;
            list(&dir, &policy, output)
        }
        PluginCommand::Lock {
            config,
            dir,
            yes,
            names,
        } => {
            let (dir, _) = folder(config, dir.as_deref())?;
            lock::run(&dir, names, *yes, output)
        }
        PluginCommand::Verify { config, dir } => {
            let (dir, policy) = folder(config, dir.as_deref())?;
            verify::run(&dir, &policy, output)
        }
        PluginCommand::New(args) => new::run(args, output),
        PluginCommand::Check(args) => check::run(args, &clock, output),
        PluginCommand::Conform(args) => check::conform(args, clock),
    }
}

/// The folder, and what is demanded of its plugins.
fn folder(config: &Path, dir: Option<&Path>) -> Result<(PathBuf, PluginPolicy), CliError> {
    // A folder on the command line needs no configuration, which may not exist yet.
    if let Some(dir) = dir {
        return Ok((dir.to_owned(), PluginPolicy::default()));
    }
    // Plugin files are often put in place where the gateway's secrets are not.
    let plugins = load_plugins(config, &ProcessVariables)?;
    Ok((plugins.dir, plugins.policy))
}

fn list(
    dir: &Path,
    policy: &PluginPolicy,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Verified only: listing must not run a line of a plugin's code.
    let catalog = Catalog::verify(dir, policy).map_err(|error| CliError::Running(error.into()))?;
    let reports: Vec<FileReport> = catalog.entries().iter().map(FileReport::from).collect();
    if output.is_json() {
        output.json(&reports)?;
        return Ok(CommandOutcome::Done);
    }
    if reports.is_empty() {
        output.line(format_args!("no plugin file (*.so) in {}", dir.display()))?;
        return Ok(CommandOutcome::Done);
    }
    let header = [
        "File",
        "State",
        "Trust",
        "Isolation",
        "Name",
        "Version",
        "Carrier",
        "ABI",
        "SHA-256",
    ];
    output.table(&header, reports.iter().map(FileReport::row).collect())?;
    for report in &reports {
        let file = clean(&report.file);
        if let Some(reason) = &report.reason {
            output.line(format_args!("{file}: {}", clean(reason)))?;
        }
        if let Some(api) = &report.api {
            output.line(format_args!("{file}: API: {api}"))?;
        }
        for note in &report.reports {
            output.line(format_args!("{file}: note: {note}"))?;
        }
    }
    Ok(CommandOutcome::Done)
}
