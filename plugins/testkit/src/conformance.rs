//! The conformance suite, on a plugin that is linked into the test.

use crate::clock::RealClock;
use gateway_plugin_host::Plugin;
use plugins_conformance::{ScriptedResponse, Suite, check, host};
use plugins_sdk::abi;
use serde_json::Value;
use std::sync::Arc;

/// Runs the conformance suite. `script` has the carrier's good answers to one authorization, in order; without
/// one each request gets a plain OAuth token.
///
/// # Panics
/// When a check fails.
pub async fn conforms(table: &'static abi::Plugin, config: &Value, script: Vec<ScriptedResponse>) {
    let plugin = Plugin::from_static(table, &host(Arc::new(RealClock))).expect("a handshake");
    let suite = Suite {
        plugin: &plugin,
        config,
        script,
        progress: &(),
        process: None,
    };
    let report = check(&suite).await;
    assert!(report.passed(), "{report}");
}
