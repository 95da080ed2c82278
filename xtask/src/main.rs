//! `cargo xtask`: what a newcomer types.
//!
//! ```text
//! cargo xtask demo [--once]   a rating request through the gateway, with the mock behind it
//! cargo xtask test [--full]   everything that CI runs; with --full also what takes too long for CI
//! cargo xtask dist --dir D    the tree that a user installs
//! cargo xtask package [WHAT]   what users install: Debian packages, an archive, a wheel, npm packages
//! cargo xtask site            the documents as a site that can be searched
//! cargo xtask bench WHAT      measurements: micro, load, peers, storms, smoke, gate, report
//! ```

mod apt;
mod bench;
mod build;
mod cargo;
mod demo;
mod dist;
mod fleet;
mod gateway_config;
mod http;
mod package;
mod postgres;
mod programs;
mod say;
mod server;
mod shipped;
mod site;
mod source;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "What a newcomer types"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, start the mock UPS and the gateway, and shop rates without credentials.
    Demo(demo::Demo),
    /// Run everything that CI runs.
    Test(test::Test),
    /// Lay out the tree that a user installs.
    Dist(dist::Dist),
    /// Make the packages that users install.
    Package(package::Package),
    /// Make a site of the documents that can be searched, in target/site/html.
    Site(site::Site),
    /// Measure: the hot paths, the gateway under load, the gateway beside its peers.
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo(demo) => demo.run(),
        Task::Test(test) => test.run(),
        Task::Dist(dist) => dist.run(),
        Task::Package(package) => package.run(),
        Task::Site(site) => site.run(),
        Task::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}
