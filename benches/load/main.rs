//! Load on the shipped gateway, and the same load on the proxies that a user might pick instead.
//!
//! Every candidate does the same work: it takes a Shop request without credentials, puts one bearer of
//! more than a kilobyte on it, and forwards it to `mock-ups`, which answers computed rates only to that
//! bearer. A run with a single answer other than 200 does not count.

mod about;
mod candidates;
mod count;
mod downstream;
mod figures;
mod http;
mod machine;
mod measure;
mod report;
mod server;
mod smoke;
mod storms;
mod world;

use about::About;
use anyhow::{Result, ensure};
use candidates::Kind;
use clap::{Args, Parser, Subcommand};
use downstream::Downstream;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(Parser)]
#[command(name = "load", about = "Load on the shipped gateway and on its peers")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The gateway without its peers, and what its carrier could answer in its place; several `--waybill` are
    /// compared, alternating in one run.
    Gateway(Options),
    /// The gateway beside its peers, alternating in one run.
    Peers(Options),
    /// Correctness under a short load, no figures: what CI runs.
    Smoke(Options),
    /// Instructions per request of the whole gateway, counted by callgrind, as JSON.
    Count(Options),
    /// Many accounts at once: tokens falling due, revoked, not to be had.
    Storms(storms::Storms),
}

/// How to measure.
#[derive(Args, Clone, Debug)]
struct Options {
    /// The gateway's program; several times to compare builds.
    #[arg(long, required = true)]
    waybill: Vec<PathBuf>,
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
    /// Idle keep-alive connections, for the memory that one takes.
    #[arg(long, default_value_t = 5_000)]
    idle: usize,
    /// Workers (threads) of each proxy.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// The Pingora program of `benches/pingora`.
    #[arg(long)]
    pingora: Option<PathBuf>,
    #[command(flatten)]
    downstream: Downstream,
    /// TLS between proxy and mock.
    #[arg(long)]
    tls_upstream: bool,
    /// Only the closed loop: for comparing builds quickly.
    #[arg(long)]
    closed_only: bool,
    /// Write the figures here as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Something to keep with the figures, such as the command; any number.
    #[arg(long = "note", value_name = "KEY=VALUE", value_parser = about::note)]
    notes: Vec<(String, String)>,
}

impl Options {
    const fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// New connections per second. Each leaves a port that cannot be used for a minute: fewer than
    /// requests, so that ports do not run out.
    const fn fresh_rate(&self) -> u32 {
        self.rate / 8
    }

    fn builds(&self) -> Vec<Kind> {
        (0..self.waybill.len()).map(Kind::Waybill).collect()
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> Result<()> {
    match what {
        What::Gateway(options) => {
            let mut kinds = options.builds();
            if options.downstream.is_plain() && !options.tls_upstream {
                kinds.push(Kind::MockUps);
            }
            compare(&options, &kinds)
        }
        What::Peers(options) => {
            ensure!(
                options.downstream.is_plain(),
                "peers are compared by HTTP/1.1 without TLS: {} is not",
                options.downstream
            );
            let mut kinds = options.builds();
            kinds.extend(Kind::PEERS);
            compare(&options, &kinds)
        }
        What::Smoke(options) => say(&smoke::run(&options)?),
        What::Count(options) => say(&serde_json::to_string(&count::run(&options)?)?),
        What::Storms(storms) => storms::run(&storms),
    }
}

fn compare(options: &Options, kinds: &[Kind]) -> Result<()> {
    let about = About::now(&options.notes);
    let results = measure::all(options, kinds)?;
    say(&report::tables(options, &results))?;
    if let Some(path) = &options.json {
        let json = report::json(options, &about, &results);
        write(path, &serde_json::to_vec_pretty(&json)?)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, bytes)?)
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
