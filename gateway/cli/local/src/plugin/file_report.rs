//! What is known of one plugin file.

use gateway_cli::terminal::clean;
use gateway_model::{CarrierApi, Operation};
use gateway_plugin_host::{CatalogEntry, Isolation};
use serde::Serialize;
use std::{fmt, path::Path};

/// One file, for `--json`.
#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub(super) file: String,
    state: String,
    pub(super) trust: String,
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
    isolation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) reports: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api: Option<ApiReport>,
}

/// What the manifest says about the carrier's API.
#[derive(Debug, Serialize)]
pub(super) struct ApiReport {
    authorization_paths: Vec<String>,
    operations: Vec<OperationReport>,
}

/// One operation of the carrier's API.
#[derive(Debug, Serialize)]
struct OperationReport {
    name: String,
    methods: Vec<String>,
    path: String,
    safe: bool,
    repeatable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slots: Vec<String>,
}

impl From<&CatalogEntry> for FileReport {
    fn from(entry: &CatalogEntry) -> Self {
        let manifest = entry.manifest();
        Self {
            file: entry.file().display().to_string(),
            state: entry.state_name().to_owned(),
            trust: entry.trust().as_str().to_owned(),
            name: manifest.map(|m| m.name.clone()),
            version: manifest.map(|m| m.version.clone()),
            carrier: manifest.map(|m| m.carrier.to_string()),
            abi: manifest.map(|m| m.abi.to_string()),
            sdk: manifest.and_then(|m| m.sdk.clone()),
            sha256: entry.sha256().map(|digest| digest.to_string()),
            isolation: entry.isolation().map(Isolation::as_str),
            reason: entry.reason(),
            reports: entry.reports().iter().map(ToString::to_string).collect(),
            api: manifest
                .and_then(|m| m.profile().ok())
                .map(|profile| ApiReport::from(&profile.api)),
        }
    }
}

impl From<&CarrierApi> for ApiReport {
    fn from(api: &CarrierApi) -> Self {
        let operation = |operation: &Operation| OperationReport {
            name: operation.name.to_string(),
            methods: operation.methods.iter().map(ToString::to_string).collect(),
            path: operation.path.to_string(),
            safe: operation.safe,
            repeatable: operation.repeatable,
            slots: operation.slots.iter().map(ToString::to_string).collect(),
        };
        Self {
            authorization_paths: (api.authorization_paths().iter())
                .map(ToString::to_string)
                .collect(),
            operations: api.operations().iter().map(operation).collect(),
        }
    }
}

impl fmt::Display for ApiReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, paths) = (self.operations.len(), &self.authorization_paths);
        match count {
            0 => write!(f, "no operations described, so methods decide what is safe")?,
            _ => {
                let safe = self.operations.iter().filter(|o| o.safe).count();
                let repeatable = self.operations.iter().filter(|o| o.repeatable).count();
                write!(
                    f,
                    "{count} operations, {safe} safe, {repeatable} repeatable"
                )?;
            }
        }
        match paths.as_slice() {
            [] => write!(f, "; no authorization server described"),
            paths => write!(f, "; authorization server at {}", paths.join(", ")),
        }
    }
}

impl FileReport {
    /// What became of the file when it was loaded.
    pub(super) fn set_state(&mut self, state: String, reason: Option<String>) {
        self.state = state;
        self.reason = reason;
    }

    pub(super) fn row(&self) -> Vec<String> {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".into());
        let file = Path::new(&self.file).file_name();
        vec![
            file.map_or_else(|| clean(&self.file), |name| clean(&name.to_string_lossy())),
            self.state.clone(),
            self.trust.clone(),
            self.isolation.unwrap_or("-").into(),
            text(&self.name),
            text(&self.version),
            text(&self.carrier),
            text(&self.abi),
            text(&self.sha256),
        ]
    }
}
