//! Whether requests can be served, and if not, because of which part.
//!
//! A load balancer asks in order to send requests elsewhere, a rollout in order to continue. So the
//! gateway is unready only if another instance would serve better. An account that waits for a person
//! or for its carrier would wait on every instance: it is listed, and the other accounts are served.

use crate::{
    runtime_status::{PluginStatus, RuntimeStatus},
    store_probe::StorePart,
};
use gateway_broker::AccountStatus;
use gateway_control::FleetStatus;
use gateway_model::UnavailableReason;
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

/// The phase of the process. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Starting,
    Serving,
    Draining,
}

/// Tells the admin listener the phase of the process. Clones share one latch; it only moves forward.
#[derive(Clone, Debug, Default)]
pub struct Latch(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    phase: AtomicU8,
    /// Whether each account has had its first attempt to get a token.
    tried: AtomicBool,
}

impl Latch {
    /// The listeners are open.
    pub fn serving(&self) {
        // `fetch_max`, so that a late call never undoes `draining`.
        self.0
            .phase
            .fetch_max(Phase::Serving as u8, Ordering::Release);
    }

    /// The process is about to stop: `/readyz` responds with 503, so that load balancers send no
    /// further requests.
    pub fn draining(&self) {
        self.0
            .phase
            .fetch_max(Phase::Draining as u8, Ordering::Release);
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    /// Whether the first attempts are over. An account that is added later does not make the gateway
    /// unready again.
    fn tried(&self, phase: Phase, accounts: &[AccountStatus]) -> bool {
        // Once true it stays true, so the accounts are not looked at again.
        if self.0.tried.load(Ordering::Acquire) {
            return true;
        }
        let tried = phase == Phase::Serving && !accounts.iter().any(untried);
        if tried {
            self.0.tried.store(true, Ordering::Release);
        }
        tried
    }
}

/// The account has no token, and its first attempt to get one is not over.
fn untried(account: &AccountStatus) -> bool {
    // A state past these two had an attempt, whatever came of it.
    let first = matches!(account.state, "vacant" | "acquiring");
    first && !account.usable && account.last_result.is_none()
}

/// The body of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    /// Whether a part is not ready.
    degraded: bool,
    phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StorePart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fleet: Option<FleetPart>,
    plugins: Vec<PluginPart>,
    accounts: Vec<AccountPart>,
}

/// The gateway as a member of its fleet.
#[derive(Debug, Serialize)]
struct FleetPart {
    name: String,
    /// Whether it may renew tokens.
    ready: bool,
    replicas: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<WorkerPart>,
}

/// The worker process of a plugin.
#[derive(Debug, Serialize)]
struct WorkerPart {
    running: bool,
    restarts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ending: Option<String>,
}

#[derive(Debug, Serialize)]
struct AccountPart {
    name: String,
    carrier: String,
    environment: &'static str,
    ready: bool,
    state: &'static str,
    generation: u64,
    /// A fingerprint that distinguishes tokens without revealing them.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Readiness {
    pub(crate) fn of(runtime: &dyn RuntimeStatus, latch: &Latch, store: Option<StorePart>) -> Self {
        let phase = latch.phase();
        let plugins = runtime.plugins();
        let plugins_serve = plugins_serve(&plugins);
        let plugins: Vec<PluginPart> = plugins
            .into_iter()
            .map(|plugin| PluginPart {
                name: plugin.name,
                file: plugin.file,
                version: plugin.version,
                ready: plugin.active,
                state: plugin.state,
                reason: plugin.reason,
                isolation: plugin.isolation,
                worker: plugin.worker.map(|worker| WorkerPart {
                    running: worker.running,
                    restarts: worker.restarts,
                    last_ending: worker.last_ending,
                }),
            })
            .collect();
        let accounts = runtime.accounts();
        let tried = latch.tried(phase, &accounts);
        let accounts: Vec<AccountPart> = accounts.into_iter().map(account).collect();
        let fleet = runtime.fleet().map(fleet);
        Self {
            // A store that is full or away does not count: requests are served with the tokens in memory,
            // and it may come back. One that is lost needs a person and a restart.
            ready: phase == Phase::Serving
                && plugins_serve
                && tried
                && !store.as_ref().is_some_and(|store| store.lost),
            degraded: !plugins.iter().all(|part| part.ready)
                || !accounts.iter().all(|part| part.ready)
                || store.as_ref().is_some_and(|store| !store.ready)
                // It serves the tokens that it holds, so it is not unready.
                || fleet.as_ref().is_some_and(|fleet| !fleet.ready),
            phase,
            store,
            fleet,
            plugins,
            accounts,
        }
    }
}

fn fleet(status: FleetStatus) -> FleetPart {
    FleetPart {
        name: status.name,
        ready: status.problem.is_none(),
        replicas: status.replicas,
        message: status.problem,
    }
}

/// Whether no other instance would serve better because of the plugins.
fn plugins_serve(plugins: &[PluginStatus]) -> bool {
    // A file that was never loaded stops a rollout, while instances of the older version still serve.
    let loaded = plugins.iter().all(|plugin| plugin.loaded);
    // One that was quarantined since then may be quarantined on every instance, and its carrier's tokens
    // serve on: the other carriers must not lose this instance.
    let any = plugins.is_empty() || plugins.iter().any(|plugin| plugin.active);
    loaded && any
}

fn account(account: AccountStatus) -> AccountPart {
    let unavailable = account.unavailable.as_ref();
    AccountPart {
        name: account.account.to_string(),
        carrier: account.carrier.to_string(),
        environment: account.environment.as_str(),
        ready: account.usable,
        state: account.state,
        generation: account.generation.0,
        fingerprint: account
            .fingerprint
            .map(|fingerprint| fingerprint.to_string()),
        waits_for: unavailable.map(|why| waits_for(why.reason)),
        reason: unavailable.map(|why| why.reason.as_str()),
        message: account.unavailable.map(|why| why.message),
    }
}

/// What the account waits for.
const fn waits_for(reason: UnavailableReason) -> &'static str {
    match reason {
        UnavailableReason::Pending => "token",
        UnavailableReason::CarrierUnreachable
        | UnavailableReason::TokenEndpointFailing
        | UnavailableReason::RateLimited => "carrier",
        UnavailableReason::CredentialsRejected
        | UnavailableReason::NeedsConsent
        | UnavailableReason::Misconfigured => "person",
        UnavailableReason::PluginFault => "plugin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(loaded: bool, active: bool) -> PluginStatus {
        PluginStatus {
            name: "ups".into(),
            file: "/plugins/ups.so".into(),
            version: "0.1.0".into(),
            state: if active { "active" } else { "faulted" },
            loaded,
            active,
            reason: None,
            isolation: None,
            worker: None,
        }
    }

    #[test]
    fn quarantined_plugin_takes_the_gateway_away_from_nobody_else() {
        let (refused, quarantined, active) = (
            plugin(false, false),
            plugin(true, false),
            plugin(true, true),
        );
        assert!(plugins_serve(&[]));
        assert!(plugins_serve(&[quarantined.clone(), active.clone()]));
        // The only one, and a file that stops a rollout.
        assert!(!plugins_serve(&[quarantined.clone(), quarantined]));
        assert!(!plugins_serve(&[refused, active]));
    }

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
