//! Packages of a Debian-like distribution, where this process may install them.

use crate::{cargo::run, say};
use anyhow::Result;
use std::{fs, os::unix::fs::MetadataExt as _, path::Path, process::Command};

/// Whether this process may install packages.
pub(crate) fn is_allowed() -> bool {
    // By the owner of this process, which is also right in a container without a user's name.
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    root && Path::new("/usr/bin/apt-get").exists()
}

/// Installs packages, and says so; `what_for` ends the sentence.
pub(crate) fn install(packages: &[&str], what_for: &str) -> Result<()> {
    say::step(format!("installing {} {what_for}", packages.join(", ")));
    apt(&["update", "-qq"])?;
    let options = ["install", "-qq", "-y", "--no-install-recommends"];
    apt(&[&options, packages].concat())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Installing is not starting: a web server that nobody asked for stays off where there is no systemd.
        .env("RUNLEVEL", "1");
    run(&mut command)
}
