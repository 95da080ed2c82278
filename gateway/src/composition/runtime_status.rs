//! Joins the admin listener to what it reads.

use super::reload::LiveState;
use gateway_admin::{ExportCounts, Exported, PluginStatus, PluginWorkerStatus, RuntimeStatus};
use gateway_broker::{AccountStatus, BrokerMetrics, Handle};
use gateway_control::{ControlPlane, FleetStatus};
use gateway_plugin_host::{CatalogEntry, EntryState, Isolation, Plugin, Registry, WorkerState};
use gateway_proxy::{MetricsReader, MetricsSnapshot};
use std::sync::{Arc, Mutex, PoisonError};

/// Handles to the running parts.
pub(super) struct GatewayStatus {
    pub(super) data_plane: MetricsReader,
    pub(super) broker: Handle,
    pub(super) control: ControlPlane,
    pub(super) plugins: Arc<Registry>,
    pub(super) state: Arc<Mutex<LiveState>>,
    pub(super) dropped_log_lines: Arc<dyn Fn() -> u64 + Send + Sync>,
}

fn status(entry: &CatalogEntry) -> PluginStatus {
    let file_name = || {
        entry
            .file()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    PluginStatus {
        name: entry
            .manifest()
            .map_or_else(file_name, |manifest| manifest.name.clone()),
        file: entry.file().to_owned(),
        version: entry
            .manifest()
            .map(|manifest| manifest.version.clone())
            .unwrap_or_default(),
        state: entry.state_name(),
        loaded: entry.plugin().is_some(),
        // Asked anew: a plugin may be quarantined at any time.
        active: entry.plugin().is_some_and(|plugin| plugin.ready().is_ok()),
        reason: entry.reason(),
        isolation: entry.isolation().map(Isolation::as_str),
        worker: entry.plugin().and_then(worker),
    }
}

fn worker(plugin: &Plugin) -> Option<PluginWorkerStatus> {
    let status = plugin.worker()?;
    Some(PluginWorkerStatus {
        running: status.state == WorkerState::Running,
        restarts: status.restarts,
        endings: status.endings,
        last_ending: status.last_ending.map(|(ending, _)| ending.to_string()),
    })
}

impl RuntimeStatus for GatewayStatus {
    fn data_plane(&self) -> MetricsSnapshot {
        self.data_plane.snapshot()
    }

    fn broker(&self) -> BrokerMetrics {
        self.broker.metrics()
    }

    fn accounts(&self) -> Vec<AccountStatus> {
        self.broker.list()
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        let entries = self.plugins.entries();
        // A file that is not chosen is not the gateway's concern: an older copy must not stop a rollout.
        let counts =
            |entry: &&Arc<CatalogEntry>| !matches!(entry.state(), EntryState::NotChosen { .. });
        let counted = entries.iter().filter(counts);
        counted.map(|entry| status(entry)).collect()
    }

    fn account_series(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.metrics.account_series
    }

    fn exports(&self) -> Vec<(Exported, ExportCounts)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.exports.counts()
    }

    fn dropped_log_lines(&self) -> u64 {
        (self.dropped_log_lines)()
    }

    fn store_usable(&self) -> bool {
        self.control.store_usable()
    }

    fn notices_open(&self) -> u64 {
        self.control.open_notices()
    }

    fn fleet(&self) -> Option<FleetStatus> {
        self.control.fleet_status()
    }
}
