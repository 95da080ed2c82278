//! The conformance suite: what a carrier plugin must survive before a gateway relies on it.
//!
//! It runs the plugin's real code through the real plugin host, plays a hostile carrier and a careless
//! operator, and reports per check. A plugin passes when no answer, no configuration, no moment of
//! cancellation and no request to sign makes it break its contract, tell a secret, or call a passing
//! failure final.
//!
//! Entry points for a reader: [`Section`] is the list of checks in order, `cases` the hostile inputs.

mod api;
mod authorize;
mod carrier;
mod cases;
mod configure;
mod consent;
mod handshake;
mod host;
mod log_watch;
mod process_state;
mod recorder;
mod report;
mod secrets;
mod section;
mod sign;
mod suite;
mod worker;

pub use carrier::ScriptedResponse;
pub use host::host;
pub use log_watch::LogWatch;
pub use process_state::{ProcessState, signal_name};
pub use recorder::Progress;
pub use report::{Check, CheckOutcome, Report};
pub use section::Section;
pub use suite::{ProcessWatch, Suite};

use recorder::Recorder;

const LOG: &str = "tells no secret in its log";
const PROCESS: &str =
    "leaves alone what belongs to the process: signals, environment, files, threads";

/// Runs all checks. The plugin is called some hundred times; nothing leaves this process.
///
/// It needs a Tokio runtime with time enabled, and blocks it at times. Run it in a process that does nothing
/// else: a plugin that aborts ends the process.
pub async fn check(suite: &Suite<'_>) -> Report {
    run(suite, &Section::ALL).await
}

/// Runs one section, as [`check`] runs all of them.
pub async fn check_section(suite: &Suite<'_>, section: Section) -> Report {
    run(suite, &[section]).await
}

async fn run(suite: &Suite<'_>, sections: &[Section]) -> Report {
    let manifest = suite.plugin.manifest();
    let secrets = secrets::Secrets::of(suite.config, manifest.config_schema.as_ref());
    let report = Report {
        plugin: manifest.name.clone(),
        version: manifest.version.clone(),
        checks: Vec::new(),
    };
    let mut recorder = Recorder::new(report, secrets.with(cases::ALL_PLANTED), suite);
    for section in sections {
        section.run(suite, &mut recorder).await;
    }
    if let Some(process) = suite.process {
        recorder.add(LOG, process.log.take_findings());
        recorder.add(PROCESS, process.before.changes());
    }
    recorder.into_report()
}
