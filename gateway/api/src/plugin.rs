//! Plugins of carriers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A plugin file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginView {
    /// The plugin's name; absent if the file's manifest cannot be read.
    pub name: Option<String>,
    /// The file on the gateway's machine.
    pub file: String,
    /// The plugin's version.
    pub version: Option<String>,
    /// The carrier that it serves.
    pub carrier: Option<String>,
    /// The SHA-256 of the content that the gateway has read.
    pub sha256: Option<String>,
    /// `active`, `not_chosen` or `faulted`; `verified` for a file that is new since the start and that
    /// a reload would load.
    pub state: String,
    /// What vouches for the content: `locked`, `signed`, `pinned` or `none`.
    pub trust: String,
    /// Where its code runs: `in_process` or `process`. Absent if it may not be loaded.
    pub isolation: Option<String>,
    /// Why it is not in use, and what to do.
    pub reason: Option<String>,
    /// Its worker process, if it runs in one.
    pub worker: Option<PluginWorkerView>,
    /// What a reload would load: another content that the folder holds, or the same content in another
    /// process, after it was locked for example.
    pub found: Option<PluginContent>,
    /// The content that served before, which a rollback would take.
    pub previous: Option<PluginContent>,
}

/// The worker process of a plugin. A plugin that signs requests has two, which are shown as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginWorkerView {
    /// Whether it runs. The next call starts one that ended.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u64,
    /// Why it ended the last time.
    pub last_ending: Option<String>,
    /// When it ended the last time.
    pub last_ended_at: Option<Timestamp>,
}

/// A content of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginContent {
    /// The plugin's version.
    pub version: String,
    /// The SHA-256 of the file.
    pub sha256: String,
    /// Where its code runs: `in_process` or `process`.
    pub isolation: Option<String>,
}

/// What a reload or a rollback did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginReloaded {
    /// Whether other code serves now. A reload replaces nothing if the file has the content that runs,
    /// in the process where it should run.
    pub replaced: bool,
    /// The plugin that serves now.
    pub plugin: PluginView,
    /// The number of active accounts that it serves.
    pub accounts: usize,
}
