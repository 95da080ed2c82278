//! The conformance suite: what a carrier plugin must survive before a gateway relies on it.
//!
//! It runs the plugin's real code through the real plugin host, plays a hostile carrier and a careless
//! operator, and reports per check. A plugin passes when no answer, no configuration, no moment of
//! cancellation and no request to sign makes it break its contract, tell a secret, or call a passing
//! failure final.
//!
//! Entry points for a reader: [`check`] is the list of checks in order, `cases` the hostile inputs.

mod api;
mod authorize;
mod carrier;
mod cases;
mod configure;
mod consent;
mod handshake;
mod host;
mod report;
mod secrets;
mod sign;
mod suite;

pub use carrier::ScriptedResponse;
pub use host::host;
pub use report::{Check, CheckOutcome, Report};
pub use suite::Suite;

/// Runs all checks. The plugin is called some hundred times; nothing leaves this process.
///
/// It needs a Tokio runtime with time enabled, and blocks it at times. Run it in a process that does nothing
/// else: a plugin that aborts ends the process.
pub async fn check(suite: &Suite<'_>) -> Report {
    let schema = suite.plugin.manifest().config_schema.as_ref();
    let secrets = secrets::Secrets::of(suite.config, schema);
    let mut report = Report::new(suite.plugin, secrets);
    // From the outside in: what fails here makes the later findings follow.
    handshake::check(suite, &mut report);
    api::check(suite, &mut report);
    configure::check(suite, &mut report).await;
    authorize::check(suite, &mut report).await;
    consent::check(suite, &mut report).await;
    sign::check(suite, &mut report).await;
    report
}
