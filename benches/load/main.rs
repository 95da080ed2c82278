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
mod gateway_metrics;
mod http;
mod machine;
mod measure;
mod options;
mod output;
mod report;
mod server;
mod smoke;
mod storms;
mod world;

use about::About;
use anyhow::{Result, ensure};
use candidates::Kind;
use clap::{Parser, Subcommand};
use options::Options;
use output::{say, write};
use std::{io::Write as _, process::ExitCode};

#[derive(Parser)]
#[command(name = "load", about = "Load on the shipped gateway and on its peers")]
struct Cli {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
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
    Storms(storms::StormOptions),
}

fn main() -> ExitCode {
    match run(Cli::parse().measurement) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code still says that the run failed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(measurement: Measurement) -> Result<()> {
    match measurement {
        Measurement::Gateway(options) => {
            let mut kinds = builds(&options);
            if options.downstream.is_plain() && !options.tls_upstream {
                kinds.push(Kind::MockUps);
            }
            compare(&options, &kinds)
        }
        Measurement::Peers(options) => {
            ensure!(
                options.downstream.is_plain(),
                "peers are compared by HTTP/1.1 without TLS: {} is not",
                options.downstream
            );
            let mut kinds = builds(&options);
            kinds.extend(Kind::PEERS);
            compare(&options, &kinds)
        }
        Measurement::Smoke(options) => say(&smoke::run(&options)?),
        Measurement::Count(options) => say(&serde_json::to_string(&count::run(&options)?)?),
        Measurement::Storms(storms) => storms::run(&storms),
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

/// Every build of the gateway that is to be measured.
fn builds(options: &Options) -> Vec<Kind> {
    (0..options.waybill.len()).map(Kind::Waybill).collect()
}
