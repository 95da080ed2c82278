//! What the suite is run on.

use crate::carrier::ScriptedResponse;
use gateway_plugin_host::Plugin;
use serde_json::Value;

/// What to check.
#[derive(Debug)]
pub struct Suite<'a> {
    /// An active plugin. Load it under [`host()`](crate::host()), or the check for determinism is left out.
    pub plugin: &'a Plugin,
    /// A configuration that the plugin accepts, with invented secrets.
    pub config: &'a Value,
    /// Good answers to the requests of one authorization, in order. Empty: one plain OAuth answer.
    pub script: Vec<ScriptedResponse>,
}
