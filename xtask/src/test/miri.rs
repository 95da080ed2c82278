//! Miri on the SDK's side of the ABI: the only `unsafe` code that no library is needed for.

use crate::{
    cargo::{root, run},
    say,
};
use anyhow::Result;
use std::process::{Command, Stdio};

/// Runs it with a nightly toolchain, and says so if there is none with Miri.
pub(super) fn run_all() -> Result<()> {
    let version = nightly()
        .args(["miri", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        say::step(
            "skipped: Miri, because there is no nightly toolchain with it (`rustup +nightly component add miri \
             rust-src`)",
        );
        return Ok(());
    }
    run(nightly()
        .args(["miri", "test", "--locked", "-p", "plugins-sdk"])
        .args(["--test", "boundary", "--target-dir", "target/miri"])
        // A destructor that panics leaks what it was to free, and two tests have such destructors.
        .env("MIRIFLAGS", "-Zmiri-strict-provenance -Zmiri-ignore-leaks"))
}

/// Cargo by the name under which rustup chooses a toolchain; the one that runs this program is fixed to its own.
fn nightly() -> Command {
    let mut command = Command::new("cargo");
    command.arg("+nightly").current_dir(root());
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC");
    command
}
