//! Load on the shipped gateway, and the same load on the proxies that a user might pick instead.
//!
//! Every candidate does the same work: it takes a Shop request without credentials, puts one bearer of
//! more than a kilobyte on it, and forwards it to `mock-ups`, which answers computed rates only to that
//! bearer. A run with a single answer other than 200 does not count.

mod candidates;
mod machine;
mod measure;
mod report;
mod server;
mod world;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

#[derive(Parser)]
#[command(name = "load", about = "Load on the shipped gateway and on its peers")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The gateway alone.
    Gateway(Options),
    /// The gateway beside nginx, HAProxy and Envoy, alternating in one run.
    Peers(Options),
}

/// How to measure.
#[derive(Args, Clone, Debug)]
struct Options {
    /// The gateway's program.
    #[arg(long)]
    waybill: PathBuf,
    /// The mock's program.
    #[arg(long)]
    mock_ups: PathBuf,
    /// The UPS plugin.
    #[arg(long)]
    plugin: PathBuf,
    /// Envoy's program, if it is not on the search path.
    #[arg(long, default_value = "envoy")]
    envoy: PathBuf,
    /// Rounds; medians are over these.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections in the closed loop.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests per second in the open loop.
    #[arg(long, default_value_t = 8_000)]
    rate: u32,
    /// Workers (threads) of each proxy.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// TLS between proxy and mock.
    #[arg(long)]
    tls_upstream: bool,
    /// Write the figures here as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Options {
    const fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> Result<()> {
    let (options, names) = match what {
        What::Gateway(options) => (options, &["waybill"][..]),
        What::Peers(options) => (options, &["waybill", "nginx", "haproxy", "envoy"][..]),
    };
    let results = measure::all(&options, names)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", report::table(&results))?;
    if let Some(path) = &options.json {
        std::fs::write(
            path,
            serde_json::to_vec_pretty(&report::json(&options, &results))?,
        )?;
    }
    Ok(())
}
