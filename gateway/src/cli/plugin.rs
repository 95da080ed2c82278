//! `waybill plugin list` and `waybill plugin check`.

mod check;

use super::{CliError, Outcome, Output};
use clap::Subcommand;
use gateway_config::Config;
use gateway_plugin_host::{Catalog, Entry, Policy};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List the plugin files of the configured folder, without running any of their code
    List {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// List this folder instead, without a configuration
        #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
        dir: Option<PathBuf>,
    },
    /// Load one plugin file as the gateway would, and put it through the conformance suite
    Check {
        /// The plugin file
        file: PathBuf,
        /// JSON file with a configuration that the plugin accepts, its secrets invented; without
        /// it, one with client_id, client_secret and account_number is used
        #[arg(long, value_name = "JSON")]
        config: Option<PathBuf>,
        /// Refuse what is otherwise only reported
        #[arg(long)]
        strict: bool,
    },
}

/// One file, for `--json`.
#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    reports: Vec<String>,
}

impl From<&Entry> for FileReport {
    fn from(entry: &Entry) -> Self {
        let manifest = entry.manifest();
        Self {
            file: entry.file().display().to_string(),
            state: entry.state_name(),
            name: manifest.map(|m| m.name.clone()),
            version: manifest.map(|m| m.version.clone()),
            carrier: manifest.map(|m| m.carrier.to_string()),
            abi: manifest.map(|m| m.abi.to_string()),
            sdk: manifest.and_then(|m| m.sdk.clone()),
            sha256: entry.sha256().map(|digest| digest.to_string()),
            reason: entry.reason(),
            reports: entry.reports().iter().map(ToString::to_string).collect(),
        }
    }
}

impl FileReport {
    fn row(&self) -> Vec<String> {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".into());
        let file = Path::new(&self.file).file_name();
        vec![
            file.map_or_else(
                || self.file.clone(),
                |name| name.to_string_lossy().into_owned(),
            ),
            self.state.into(),
            text(&self.name),
            text(&self.version),
            text(&self.carrier),
            text(&self.abi),
            text(&self.sha256),
        ]
    }
}

pub(super) fn run(command: PluginCommand, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        PluginCommand::List { dir: Some(dir), .. } => list(&dir, &Policy::default(), output),
        PluginCommand::List { config, dir: None } => {
            let config = Config::load(&config)?;
            list(&config.plugins.dir, &config.plugins.policy, output)
        }
        PluginCommand::Check {
            file,
            config,
            strict,
        } => check::run(&file, config.as_deref(), strict, output),
    }
}

fn list(dir: &Path, policy: &Policy, output: &mut Output) -> Result<Outcome, CliError> {
    let catalog = Catalog::verify(dir, policy).map_err(|error| CliError::Running(error.into()))?;
    let reports: Vec<FileReport> = catalog.entries().iter().map(FileReport::from).collect();
    if output.is_json() {
        output.json(&reports)?;
        return Ok(Outcome::Done);
    }
    if reports.is_empty() {
        output.line(format_args!("no plugin file (*.so) in {}", dir.display()))?;
        return Ok(Outcome::Done);
    }
    let header = [
        "File", "State", "Name", "Version", "Carrier", "ABI", "SHA-256",
    ];
    output.table(&header, reports.iter().map(FileReport::row).collect())?;
    for report in &reports {
        if let Some(reason) = &report.reason {
            output.line(format_args!("{}: {reason}", report.file))?;
        }
        for note in &report.reports {
            output.line(format_args!("{}: note: {note}", report.file))?;
        }
    }
    Ok(Outcome::Done)
}
