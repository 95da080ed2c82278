//! The state of the running gateway, as metrics and readiness read it. The composition root
//! implements it.

use gateway_broker::{AccountStatus, BrokerMetrics};
use gateway_control::FleetStatus;
use gateway_proxy::MetricsSnapshot;
use std::{collections::BTreeMap, path::PathBuf};

/// Snapshots of the running gateway. Metrics and readiness call them for each request, so none may
/// block.
pub trait RuntimeStatus: Send + Sync + 'static {
    /// The data plane's counters.
    fn data_plane(&self) -> MetricsSnapshot;
    /// The broker's counters.
    fn broker(&self) -> BrokerMetrics;
    /// The status of each account.
    fn accounts(&self) -> Vec<AccountStatus>;
    /// The status of each plugin file.
    fn plugins(&self) -> Vec<PluginStatus>;
    /// Whether the metrics have series for each account.
    fn account_series(&self) -> bool {
        false
    }
    /// What became of what is exported to a collector.
    fn exports(&self) -> Vec<(Exported, ExportCounts)> {
        Vec::new()
    }
    /// The number of log lines that were dropped because the log's reader was too slow.
    fn dropped_log_lines(&self) -> u64;
    /// Whether the store took a write at the last try.
    fn store_usable(&self) -> bool {
        true
    }
    /// The number of open notices.
    fn notices_open(&self) -> u64 {
        0
    }
    /// How the gateway takes part in a fleet; none if its store is not shared.
    fn fleet(&self) -> Option<FleetStatus> {
        None
    }
}

/// What is exported to a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// The spans of distributed traces.
    Spans,
    /// The lines of the log.
    LogRecords,
    /// The values of the metrics, each time anew.
    MetricPoints,
}

/// What became of what is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportCounts {
    /// The collector took them.
    pub exported: u64,
    /// Those that are lost, by reason.
    pub dropped: [(&'static str, u64); 3],
}

/// The status of one plugin file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// The plugin's name, or the file's name if the plugin's is not known.
    pub name: String,
    /// The plugin's file.
    pub file: PathBuf,
    /// The plugin's version; empty if it is not known.
    pub version: String,
    /// `discovered`, `verified`, `active` or `faulted`.
    pub state: &'static str,
    /// Whether its code was loaded. If it is not active, it is quarantined then.
    pub loaded: bool,
    /// Whether the plugin is in use.
    pub active: bool,
    /// Why it is not in use, and what to do.
    pub reason: Option<String>,
    /// `process` or `in_process`; none if it is not known.
    pub isolation: Option<&'static str>,
    /// Its worker process, if it has one.
    pub worker: Option<PluginWorkerStatus>,
}

/// The status of a plugin's worker process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginWorkerStatus {
    /// Whether it runs. One that ended is started again by the next call.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u64,
    /// How often it ended, by reason.
    pub endings: BTreeMap<&'static str, u64>,
    /// Why it ended the last time; none if it never did.
    pub last_ending: Option<String>,
}
