//! A reload of the gateway's configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a reload of the configuration changed, or would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReloadReport {
    /// Whether nothing was changed, because only the report was asked for.
    pub dry_run: bool,
    /// The configuration file on the gateway's machine.
    pub file: String,
    /// Settings that were changed: `[limits] body`.
    pub settings: Vec<String>,
    /// Settings that differ in the file and stay as they are until the gateway is restarted.
    pub needs_restart: Vec<String>,
    /// Routes, by carrier, environment and what selects them.
    pub routes: NameChanges,
    /// Accounts, by name. One that was removed is switched off, and keeps its sign-in.
    pub accounts: NameChanges,
    /// Apps, by name. The tokens and keys of one that was removed are refused at once.
    pub apps: NameChanges,
    /// Plugins whose files hold something else than what ran before.
    pub plugins: Vec<String>,
    /// Whether the certificate of the apps listeners or of the admin listener, or its key, is another one.
    pub certificate: bool,
    /// What the operator should know.
    pub notes: Vec<String>,
}

/// Names of what came, went or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameChanges {
    /// New ones.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those with another content.
    pub changed: Vec<String>,
}

impl NameChanges {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MistakeView {
    /// Where it is: `waybill.toml:4:19`, or an environment variable.
    pub place: String,
    /// The line, if it is at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, counted in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}
