//! `cargo xtask test`: everything that CI runs; with `--full`, also what takes too long for CI.

mod fuzz;
mod miri;
mod record;

use crate::{
    bench,
    cargo::{Ahead, Profile, cargo, run},
    dist, postgres, say,
};
use anyhow::Result;
use clap::Args;
use record::Record;
use std::{
    env,
    num::NonZero,
    process::{Command, Stdio},
    thread,
};

const EVERYTHING: [&str; 2] = ["--workspace", "--all-targets"];

/// Read by the test programs: how many tests run at a time.
const THREADS: &str = "RUST_TEST_THREADS";

/// Read by `tests-kit`: each slow test takes its full form.
const FULL: &str = "WAYBILL_TEST_FULL";

#[derive(Args)]
pub(crate) struct Test {
    /// Leave out formatting, lints, dependency rules and benches.
    #[arg(long)]
    tests_only: bool,
    /// Run the full form of each slow test, the fuzzers and the shipped build (about an hour), and note the
    /// result in docs/testing.md.
    #[arg(long, conflicts_with = "tests_only")]
    full: bool,
}

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        let mut record = Record::begin();
        if !self.tests_only {
            record.step("formatting, lints, documentation, dependency rules", lint)?;
        }
        // The tests drive the real programs and the real plugin. Built with everything else in one go,
        // they share its dependencies; the tests are told that nothing is stale.
        record.step("build", || {
            run(cargo().args(["build", "--locked"]).args(EVERYTHING))
        })?;
        // Tests wait more than they work, so the next step's build has time beside them.
        let ahead = (!self.tests_only).then(|| Ahead::build_hot(Profile::Quick));
        record.step("tests", || self.tests())?;
        if let Some(ahead) = ahead {
            ahead?.finish()?;
        }
        if self.full {
            record.step("fuzzing", fuzz::run_all)?;
            record.step("Miri", miri::run_all)?;
            record.step("the shipped build", dist::check)?;
        }
        if !self.tests_only {
            record.step("smoke of the load, instruction counts", || {
                bench::ci(&EVERYTHING)
            })?;
        }
        // Last: a result is noted only when every step has passed.
        if self.full {
            record.write()?;
        }
        say::step("all tests passed");
        Ok(())
    }

    fn tests(&self) -> Result<()> {
        let mut tests = cargo();
        tests
            // All failures of a run, not those of the first program only.
            .args(["test", "--locked", "--no-fail-fast"])
            .args(EVERYTHING)
            .env("WAYBILL_BUILT", "1")
            .envs(postgres::ensure());
        if env::var_os(THREADS).is_none() {
            // Most tests wait for another process: with one thread for each processor, these idle most of the time.
            let processors = thread::available_parallelism().map_or(1, NonZero::get);
            tests.env(THREADS, (2 * processors).to_string());
        }
        if self.full {
            tests.env(FULL, "1");
        }
        run(&mut tests)?;
        // Apart, because `--all-targets` leaves out the examples in the documentation.
        run(cargo().args(["test", "--locked", "--workspace", "--doc"]))
    }
}

fn lint() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo()
        .args([
            "doc",
            "--locked",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        // Documentation of private items may link to private items.
        .env(
            "RUSTDOCFLAGS",
            "-D warnings -A rustdoc::private-intra-doc-links",
        ))?;
    deny()
}

/// Dependency rules, where the tool is installed; `tests/tidy` checks licences and sources anyway.
fn deny() -> Result<()> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if installed.is_ok_and(|status| status.success()) {
        return run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]));
    }
    let hint = "`cargo install --locked cargo-deny` installs it";
    say::step(format!(
        "skipped: cargo-deny is not installed; {hint}{}",
        if env::var_os("CI").is_some() {
            " (see CONTRIBUTING.md)"
        } else {
            ""
        }
    ));
    Ok(())
}
