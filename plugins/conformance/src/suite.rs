//! What the suite is run on.

use crate::{
    carrier::ScriptedResponse, log_watch::LogWatch, process_state::ProcessState, recorder::Progress,
};
use gateway_plugin_host::Plugin;
use serde_json::Value;

/// What to check.
pub struct Suite<'a> {
    /// An active plugin. Load it under [`host()`](crate::host()), or the check for determinism is left out.
    pub plugin: &'a Plugin,
    /// A configuration that the plugin accepts, with invented secrets.
    pub config: &'a Value,
    /// Good answers to the requests of one authorization, in order. Empty: one plain OAuth answer.
    pub script: Vec<ScriptedResponse>,
    /// Is told how far the suite came.
    pub progress: &'a dyn Progress,
    /// Only in a process that does nothing else: what else of it is watched.
    pub process: Option<ProcessWatch<'a>>,
}

/// What is watched of a process that does nothing but check one plugin.
#[derive(Clone, Copy, Debug)]
pub struct ProcessWatch<'a> {
    /// What the plugin logs.
    pub log: &'a LogWatch,
    /// As it was before the plugin was loaded.
    pub before: &'a ProcessState,
}
