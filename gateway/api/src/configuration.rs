//! The settings with which the gateway runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The settings with which the gateway runs. Accounts and apps of the configuration file are listed with all
/// other accounts and apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationView {
    /// The configuration file on the gateway's machine.
    pub file: String,
    /// The settings, in the order of the reference.
    pub settings: Vec<SettingView>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// The section as the file opens it: `[limits]`. Items of a list are numbered: `[[route]] 2`.
    pub section: String,
    /// The key.
    pub key: String,
    /// The value as TOML. For a secret it says only that there is one. Without a value it is what that means.
    pub value: String,
    /// Whether the value is a secret.
    pub secret: bool,
    /// Where the value is from.
    pub source: SettingSource,
    /// The line of the file, if the value is from there.
    pub line: Option<u32>,
    /// The environment variable, if the value is from there.
    pub variable: Option<String>,
    /// Whether the gateway takes a new value only by a restart.
    pub needs_restart: bool,
    /// Whether the file has another value by now, which only the next start takes.
    pub pending: bool,
    /// What the setting is for.
    pub description: String,
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// The configuration file.
    File,
    /// An environment variable.
    Environment,
    /// Neither has it.
    Default,
}
