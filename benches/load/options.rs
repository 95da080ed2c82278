//! How to measure: the options that every kind of measurement shares.

use crate::{about, downstream::Downstream, form::Form};
use clap::Args;
use std::{path::PathBuf, time::Duration};

/// How to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// The gateway's program; several times to compare builds.
    #[arg(long, required = true)]
    pub(crate) waybill: Vec<PathBuf>,
    /// The mock's program.
    #[arg(long)]
    pub(crate) mock_ups: PathBuf,
    /// The UPS plugin.
    #[arg(long)]
    pub(crate) plugin: PathBuf,
    /// Envoy's program, if it is not on the search path.
    #[arg(long, default_value = "envoy")]
    pub(crate) envoy: PathBuf,
    /// Rounds; medians are over these.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4)]
    pub(crate) seconds: u64,
    /// Connections in the closed loop.
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// Requests per second in the open loop.
    #[arg(long, default_value_t = 8_000)]
    pub(crate) rate: u32,
    /// Idle keep-alive connections, for the memory that one takes.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) idle: usize,
    /// Workers (threads) of each proxy.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
    /// The Pingora program of `benches/pingora`.
    #[arg(long)]
    pub(crate) pingora: Option<PathBuf>,
    /// What is asked, and what comes back.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    #[command(flatten)]
    pub(crate) downstream: Downstream,
    /// TLS between proxy and carrier.
    #[arg(long)]
    pub(crate) tls_upstream: bool,
    /// Only the closed loop: for comparing builds quickly.
    #[arg(long)]
    pub(crate) closed_only: bool,
    /// Write the figures here as JSON.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Something to keep with the figures, such as the command; any number.
    #[arg(long = "note", value_name = "KEY=VALUE", value_parser = about::note)]
    pub(crate) notes: Vec<(String, String)>,
}

impl Options {
    pub(crate) const fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// New connections per second. Each leaves a port that cannot be used for a minute: fewer than
    /// requests, so that ports do not run out.
    pub(crate) const fn fresh_rate(&self) -> u32 {
        self.rate / 8
    }
}
