//! `waybill plugin check`: one file, from its bytes to the conformance suite.

use super::file_report::FileReport;
use anyhow::Context as _;
use gateway_cli::{CliError, CommandOutcome, terminal::Output};
use gateway_config::{ProcessVariables, cache_folder};
use gateway_model::{Clock, Environment};
use gateway_plugin_host::{CatalogEntry, Plugin, PluginPolicy, load_file};
use plugins_conformance::{Report, Suite};
use serde::Serialize;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

#[derive(Serialize)]
struct CheckReport {
    #[serde(flatten)]
    file: FileReport,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    conformance: Option<Report>,
}

pub(super) fn run(
    file: &Path,
    config: Option<&Path>,
    strict: bool,
    clock: Arc<dyn Clock>,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let config = config.map(read_config).transpose()?;
    let policy = PluginPolicy {
        strict,
        ..PluginPolicy::default()
    };
    // The suite's own host, which has nothing of a gateway's.
    let host = plugins_conformance::host(clock);
    let entry = load_file(file, &policy, &cache_folder(&ProcessVariables), &host);
    let conformance = entry
        .plugin()
        .map(|plugin| conform(plugin, config))
        .transpose()
        .map_err(CliError::Running)?;
    // A file that did not load was not checked, so it has not passed.
    let passed = conformance.as_ref().is_some_and(Report::passed);
    let report = CheckReport {
        file: FileReport::from(&entry),
        passed,
        conformance,
    };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&entry, &report, output)?;
    }
    Ok(if passed {
        CommandOutcome::Done
    } else {
        CommandOutcome::FaultFound
    })
}

fn print(entry: &CatalogEntry, report: &CheckReport, output: &mut Output) -> Result<(), CliError> {
    let file = entry.file().display();
    if let Some(reason) = &report.file.reason {
        output.line(format_args!("{file}: refused: {reason}"))?;
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

/// The file's content is not quoted: people forget to invent the secrets.
fn read_config(file: &Path) -> Result<Value, CliError> {
    let read = || -> anyhow::Result<Value> {
        let text = std::fs::read(file)?;
        serde_json::from_slice(&text)
            .map_err(|e| anyhow::anyhow!("not JSON in line {}, column {}", e.line(), e.column()))
    };
    let named = || format!("the plugin configuration {}", file.display());
    read().with_context(named).map_err(CliError::Usage)
}

fn conform(plugin: &Plugin, config: Option<Value>) -> anyhow::Result<Report> {
    let config = config.unwrap_or_else(|| invented(plugin));
    let suite = Suite {
        plugin,
        config: &config,
        script: Vec::new(),
    };
    tokio::runtime::Builder::new_current_thread()
        // Time only: the suite does no I/O of its own.
        .enable_time()
        .build()
        .context("cannot start the suite")
        .map(|runtime| runtime.block_on(plugins_conformance::check(&suite)))
}

/// What the gateway would hand to the plugin for an account.
fn invented(plugin: &Plugin) -> Value {
    // The test environment's origin, so that an invented configuration never points at production.
    let origin = plugin.profile().origin(Environment::Test);
    json!({
        "environment": Environment::Test.as_str(),
        "origin": origin.map(ToString::to_string),
        "client_id": "conformance-client",
        "client_secret": "conformance-secret",
        "account_number": "A1B2C3",
    })
}
