//! libFuzzer on the framing rules. CI runs the corpus and mutations of it as ordinary tests instead.

use crate::{
    cargo::{cargo, root, run},
    say,
};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

const TARGETS: [&str; 2] = ["requests", "responses"];
const SECONDS_EACH: u32 = 300;

/// Coverage feedback for libFuzzer, from the stable compiler: what `cargo fuzz` passes, without the address
/// sanitizer, which only a nightly compiler has and which code without `unsafe` does not need.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the fuzz targets and runs each for some minutes. Skipped without a C++ compiler, which builds
/// libFuzzer's runtime.
pub(super) fn run_all() -> Result<()> {
    let compiler = Command::new("c++")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !compiler.is_ok_and(|status| status.success()) {
        say::step("skipped: fuzzing, because there is no C++ compiler (package `g++`)");
        return Ok(());
    }
    let (folder, host) = (root().join("gateway/framing/fuzz"), host()?);
    let target = root().join("target/fuzz");
    // With `--target`, build scripts and procedural macros are compiled without the flags.
    run(cargo()
        .args(["build", "--locked", "--release", "--target", &host])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", COVERAGE))?;
    TARGETS.iter().try_for_each(|name| {
        let program = target.join(&host).join("release").join(name);
        fuzz(&program, &folder, &target.join(name))
    })
}

/// New inputs and failures go to `found`; the checked-in corpus stays as it is.
fn fuzz(program: &Path, folder: &Path, found: &Path) -> Result<()> {
    fs::create_dir_all(found.join("corpus"))?;
    let name = program.file_name().context("a program has a name")?;
    let mut command = Command::new(program);
    command
        .arg(found.join("corpus"))
        .arg(folder.join("corpus").join(name))
        .arg(format!("-dict={}", folder.join("http1.dict").display()))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg(format!("-max_total_time={SECONDS_EACH}"))
        .args([
            "-max_len=1024",
            "-timeout=10",
            "-print_final_stats=1",
            "-verbosity=0",
        ]);
    run(&mut command).with_context(|| {
        let found = found.display();
        format!("the failing input is in {found}; add it to gateway/framing/fuzz/corpus")
    })
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc")?;
    ensure!(output.status.success(), "rustc -vV failed");
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
