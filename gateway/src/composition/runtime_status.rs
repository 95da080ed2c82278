//! Joins the admin listener to what it reads.

use gateway_admin::{PluginStatus, PluginWorkerStatus, RuntimeStatus};
use gateway_broker::{AccountStatus, BrokerMetrics, Handle};
use gateway_control::ControlPlane;
use gateway_plugin_host::{Catalog, CatalogEntry, EntryState, Isolation, Plugin, WorkerState};
use gateway_proxy::{MetricsReader, MetricsSnapshot};
use std::sync::Arc;

/// Handles to the running parts.
pub(super) struct GatewayStatus {
    pub(super) data_plane: MetricsReader,
    pub(super) broker: Handle,
    pub(super) control: ControlPlane,
    /// Each file as it was loaded, and its plugin if it is active.
    pub(super) plugins: Vec<(PluginStatus, Option<Plugin>)>,
    pub(super) dropped_log_lines: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// What is known of each plugin file.
pub(super) fn plugins(catalog: &Catalog) -> Vec<(PluginStatus, Option<Plugin>)> {
    catalog
        .entries()
        .iter()
        // Such a file is not the gateway's concern: an older copy must not stop a rollout.
        .filter(|entry| !matches!(entry.state(), EntryState::NotChosen { .. }))
        .map(|entry| (status(entry), entry.plugin().cloned()))
        .collect()
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
        active: entry.plugin().is_some(),
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

    /// As loaded, unless the plugin was quarantined since.
    fn plugins(&self) -> Vec<PluginStatus> {
        let now = self.plugins.iter().map(|(loaded, plugin)| {
            let mut status = loaded.clone();
            if let Some(Err(failure)) = plugin.as_ref().map(Plugin::ready) {
                (status.state, status.active) = ("faulted", false);
                status.reason = Some(failure.to_string());
            }
            status.worker = plugin.as_ref().and_then(worker);
            status
        });
        now.collect()
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
}
