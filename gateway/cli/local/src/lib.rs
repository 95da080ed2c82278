//! Commands of `waybill` that open the store's files or load plugin files on this machine. A command
//! that asks a running gateway is in `gateway-cli` and needs none of this.

mod check_config;
mod plugin;
mod store;

pub use check_config::check_config;
pub use plugin::plugin;
pub use store::{backup_key, backup_store, recipient, restore};

use anyhow::anyhow;
use gateway_cli::CliError;
use tokio::runtime::Runtime;

/// A runtime for one command.
fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Running(anyhow!("cannot start: {error}")))
}
