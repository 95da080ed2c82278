//! `cargo xtask test`: everything that CI runs.

use crate::{
    bench,
    cargo::{cargo, run},
    postgres, say,
};
use anyhow::Result;
use clap::Args;
use std::{
    env,
    process::{Command, Stdio},
};

const EVERYTHING: [&str; 2] = ["--workspace", "--all-targets"];

#[derive(Args)]
pub(crate) struct Test {
    /// Leave out formatting, lints, dependency rules and benches.
    #[arg(long)]
    tests_only: bool,
}

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        if !self.tests_only {
            lint()?;
        }
        // The tests drive the real programs and the real plugin. Built with everything else in one go,
        // they share its dependencies; the tests are told that nothing is stale.
        run(cargo().args(["build", "--locked"]).args(EVERYTHING))?;
        run(cargo()
            .args(["test", "--locked"])
            .args(EVERYTHING)
            .env("WAYBILL_BUILT", "1")
            .envs(postgres::ensure()))?;
        let mut doc_tests = cargo();
        doc_tests.args(["test", "--locked", "--workspace", "--doc"]);
        run(&mut doc_tests)?;
        if !self.tests_only {
            bench::ci(&EVERYTHING)?;
        }
        say::step("all tests passed");
        Ok(())
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
