//! The composition root.

pub mod cli;
pub mod clock;
pub mod config;
pub mod telemetry;

/// Runs the gateway until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub fn serve(_config: config::Config, _output: &mut cli::Output) -> anyhow::Result<()> {
    anyhow::bail!("this build has no data plane")
}
