//! What the admin listener reads. The composition root joins it with the other parts.

use gateway_broker::{AccountStatus, BrokerMetrics};
use gateway_proxy::MetricsSnapshot;
use std::path::PathBuf;

/// Snapshots of the running gateway. Called for each request of the admin listener; none may block.
pub trait Sources: Send + Sync + 'static {
    /// The data plane's counters.
    fn data_plane(&self) -> MetricsSnapshot;
    /// The broker's counters.
    fn broker(&self) -> BrokerMetrics;
    /// Each configured account.
    fn accounts(&self) -> Vec<AccountStatus>;
    /// Each plugin file.
    fn plugins(&self) -> Vec<PluginStatus>;
    /// Log lines that were dropped because nobody took them.
    fn dropped_log_lines(&self) -> u64;
    /// How many notices are open: what people should know about accounts.
    fn notices_open(&self) -> u64 {
        0
    }
}

/// One plugin file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// Its name, or the file's when that is all that is known.
    pub name: String,
    /// The operator's file.
    pub file: PathBuf,
    /// Its version, if known.
    pub version: String,
    /// `discovered`, `verified`, `active` or `faulted`.
    pub state: &'static str,
    /// Whether it serves.
    pub active: bool,
    /// Why not, and what to do.
    pub reason: Option<String>,
}
