//! Whether requests can be served, and if not, which part is why.

use crate::sources::Sources;
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

/// How far the process is in its life. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Starting,
    Serving,
    Draining,
}

/// Tells the admin listener how far the process is. Clones share one latch; it never goes back.
#[derive(Clone, Debug, Default)]
pub struct Latch(Arc<AtomicU8>);

impl Latch {
    /// The listeners are open.
    pub fn serving(&self) {
        self.0.fetch_max(Phase::Serving as u8, Ordering::Release);
    }

    /// No new request shall come: load balancers see 503 from now on.
    pub fn draining(&self) {
        self.0.fetch_max(Phase::Draining as u8, Ordering::Release);
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    phase: Phase,
    plugins: Vec<PluginPart>,
    accounts: Vec<AccountPart>,
}

#[derive(Debug, Serialize)]
struct PluginPart {
    name: String,
    file: PathBuf,
    version: String,
    ready: bool,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct AccountPart {
    name: String,
    carrier: String,
    environment: &'static str,
    ready: bool,
    state: &'static str,
    generation: u64,
    /// Tells tokens apart without telling them.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Readiness {
    pub(crate) fn of(sources: &dyn Sources, phase: Phase) -> Self {
        let plugins: Vec<PluginPart> = sources
            .plugins()
            .into_iter()
            .map(|plugin| PluginPart {
                name: plugin.name,
                file: plugin.file,
                version: plugin.version,
                ready: plugin.active,
                state: plugin.state,
                reason: plugin.reason,
            })
            .collect();
        let accounts: Vec<AccountPart> = sources
            .accounts()
            .into_iter()
            .map(|account| AccountPart {
                name: account.account.to_string(),
                carrier: account.carrier.to_string(),
                environment: account.environment.as_str(),
                ready: account.usable,
                state: account.state,
                generation: account.generation.0,
                fingerprint: account
                    .fingerprint
                    .map(|fingerprint| fingerprint.to_string()),
                reason: account.unavailable.as_ref().map(|why| why.reason.as_str()),
                message: account.unavailable.map(|why| why.message),
            })
            .collect();
        let parts_ready =
            plugins.iter().all(|part| part.ready) && accounts.iter().all(|part| part.ready);
        Self {
            ready: phase == Phase::Serving && parts_ready,
            phase,
            plugins,
            accounts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latch_never_goes_back() {
        let latch = Latch::default();
        assert_eq!(latch.phase(), Phase::Starting);
        latch.serving();
        assert_eq!(latch.phase(), Phase::Serving);
        latch.clone().draining();
        latch.serving();
        assert_eq!(latch.phase(), Phase::Draining);
    }
}
