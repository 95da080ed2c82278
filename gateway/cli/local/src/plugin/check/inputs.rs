//! What a check works with, besides the plugin file.

use anyhow::Context as _;
use gateway_cli::CliError;
use gateway_model::Environment;
use gateway_plugin_host::{Plugin, PluginPolicy};
use plugins_conformance::ScriptedResponse;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn policy(strict: bool) -> PluginPolicy {
    PluginPolicy {
        strict,
        ..PluginPolicy::default()
    }
}

pub(super) fn read_config(file: &Path) -> Result<Value, CliError> {
    read_json("the plugin configuration", file)
}

pub(super) fn read_script(file: &Path) -> Result<Vec<ScriptedResponse>, CliError> {
    read_json("the script of the carrier's answers", file)
}

/// The file's content is not quoted: people forget to invent the secrets.
fn read_json<T: DeserializeOwned>(what: &str, file: &Path) -> Result<T, CliError> {
    let read = || -> anyhow::Result<T> {
        // The process of each section reads it again, which a pipe gives nothing the second time.
        if !std::fs::metadata(file)?.is_file() {
            anyhow::bail!("it is not a regular file: write it to one");
        }
        let text = std::fs::read(file)?;
        serde_json::from_slice(&text).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            let why = if e.is_data() {
                "JSON of another form"
            } else {
                "not JSON"
            };
            anyhow::anyhow!("{why} in line {line}, column {column}")
        })
    };
    let named = || format!("{what} {}", file.display());
    read().with_context(named).map_err(CliError::Usage)
}

/// What the gateway would hand to the plugin for an account.
pub(super) fn invented(plugin: &Plugin) -> Value {
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
