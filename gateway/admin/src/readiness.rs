//! Whether requests can be served, and if not, which part is why.
//!
//! A load balancer asks in order to send requests elsewhere, and a rollout in order to go on. So only
//! what another instance would do better makes the gateway unready. An account that waits for a person
//! or for its carrier would wait anywhere: it is listed, and the others go on being served.

use crate::sources::Sources;
use gateway_broker::AccountStatus;
use gateway_model::UnavailableReason;
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
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
pub struct Latch(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    phase: AtomicU8,
    /// Every account was tried once.
    tried: AtomicBool,
}

impl Latch {
    /// The listeners are open.
    pub fn serving(&self) {
        self.0
            .phase
            .fetch_max(Phase::Serving as u8, Ordering::Release);
    }

    /// No new request shall come: load balancers see 503 from now on.
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

    /// Whether the first attempts are over. What is added later makes nobody wait again.
    fn tried(&self, phase: Phase, accounts: &[AccountStatus]) -> bool {
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

/// No token, and since the start nobody knows whether there will be one.
fn untried(account: &AccountStatus) -> bool {
    let first = matches!(account.state, "vacant" | "acquiring");
    first && !account.usable && account.last_result.is_none()
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    /// Something below is not ready.
    degraded: bool,
    phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StorePart>,
    plugins: Vec<PluginPart>,
    accounts: Vec<AccountPart>,
}

/// Tokens in memory serve without it.
#[derive(Debug, Serialize)]
pub(crate) struct StorePart {
    pub(crate) ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
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
    waits_for: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Readiness {
    pub(crate) fn of(sources: &dyn Sources, latch: &Latch, store: Option<StorePart>) -> Self {
        let phase = latch.phase();
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
        let accounts = sources.accounts();
        let tried = latch.tried(phase, &accounts);
        let accounts: Vec<AccountPart> = accounts.into_iter().map(account).collect();
        let plugins_ready = plugins.iter().all(|part| part.ready);
        Self {
            ready: phase == Phase::Serving && plugins_ready && tried,
            degraded: !plugins_ready
                || !accounts.iter().all(|part| part.ready)
                || store.as_ref().is_some_and(|store| !store.ready),
            phase,
            store,
            plugins,
            accounts,
        }
    }
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

/// Whose turn it is.
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
