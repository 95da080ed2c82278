//! Load on the shipped gateway, and the same load on the proxies that a user might pick instead.
//!
//! Every candidate does the same work: it takes a request without credentials, puts one bearer of more than a kilobyte
//! on it, and forwards it to a carrier, which answers only to that bearer: `mock-ups` with computed rates, or a stand-in
//! with as much content as was asked for. A run with a single wrong answer does not count.

mod about;
mod candidates;
mod certificate;
mod count;
mod downstream;
mod figures;
mod form;
mod gateway_metrics;
mod hand_made;
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
use downstream::App;
use hand_made::{carrier, floor};
use options::Options;
use output::{say, write};
use std::{io::Write as _, process::ExitCode};

#[derive(Parser)]
#[command(name = "load", about = "Load on the shipped gateway and on its peers")]
// An option may be given again: what `cargo xtask bench` was given wins over its own.
#[command(args_override_self = true)]
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
    /// The carrier of the loads that the mock has no answer to; the measurements start it.
    Carrier(carrier::Options),
    /// The relay that costs the least; the measurements start it.
    Floor(floor::Options),
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
            // Builds that are compared take turns as closely as they can.
            let single = kinds.len() == 1;
            if single && options.downstream.is_plain() && !options.tls_upstream {
                kinds.push(Kind::Carrier);
            }
            compare(&options, &kinds)
        }
        Measurement::Peers(options) => {
            ensure!(
                options.downstream.app == App::Trusted,
                "peers know no apps with credentials: leave out --app"
            );
            let mut kinds = builds(&options);
            kinds.extend(Kind::peers(&options));
            compare(&options, &kinds)
        }
        Measurement::Smoke(options) => say(&smoke::run(&options)?),
        Measurement::Count(options) => say(&serde_json::to_string(&count::run(&options)?)?),
        Measurement::Storms(storms) => storms::run(&storms),
        Measurement::Carrier(options) => carrier::run(&options),
        Measurement::Floor(options) => floor::run(&options),
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
