//! The runtime of a command that opens the store.

use anyhow::anyhow;
use gateway_cli::CliError;
use tokio::runtime::{Builder, Runtime};

/// A runtime for one command.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Running(anyhow!("cannot start: {error}")))
}
