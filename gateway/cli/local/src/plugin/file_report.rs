//! What is known of one plugin file.

use gateway_plugin_host::CatalogEntry;
use serde::Serialize;
use std::path::Path;

/// One file, for `--json`.
#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub(super) file: String,
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
    pub(super) reason: Option<String>,
    pub(super) reports: Vec<String>,
}

impl From<&CatalogEntry> for FileReport {
    fn from(entry: &CatalogEntry) -> Self {
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
    pub(super) fn row(&self) -> Vec<String> {
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
