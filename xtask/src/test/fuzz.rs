//! libFuzzer on what reads hostile bytes. CI runs the corpus and mutations of it as ordinary tests instead.

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

/// A workspace of fuzz targets.
struct FuzzWorkspace {
    folder: &'static str,
    targets: &'static [&'static str],
    dictionary: Option<&'static str>,
    /// Bytes of the longest input.
    longest: u32,
    /// Whether it has a lock file. Without one it takes the versions of this workspace, whose crates it tests.
    has_lock: bool,
}

const WORKSPACES: [FuzzWorkspace; 2] = [
    FuzzWorkspace {
        folder: "gateway/framing/fuzz",
        targets: &["requests", "responses"],
        dictionary: Some("http1.dict"),
        longest: 1024,
        has_lock: true,
    },
    FuzzWorkspace {
        folder: "gateway/plugin-host/fuzz",
        targets: &["inspect", "events", "answers", "ring"],
        dictionary: None,
        longest: 16 << 10,
        has_lock: false,
    },
];
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
    WORKSPACES.iter().try_for_each(FuzzWorkspace::run)
}

impl FuzzWorkspace {
    fn run(&self) -> Result<()> {
        let (folder, host) = (root().join(self.folder), host()?);
        let target = root().join("target/fuzz");
        let mut build = cargo();
        build.args(["build", "--release"]);
        if self.has_lock {
            build.arg("--locked");
        } else {
            fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        }
        // With `--target`, build scripts and procedural macros are compiled without the flags.
        run(build
            .args(["--target", &host])
            .arg("--manifest-path")
            .arg(folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .env("RUSTFLAGS", COVERAGE))?;
        self.targets.iter().try_for_each(|name| {
            let program = target.join(&host).join("release").join(name);
            self.fuzz(&program, &folder, &target.join(name))
        })
    }

    /// New inputs and failures go to `found`; the checked-in corpus stays as it is.
    fn fuzz(&self, program: &Path, folder: &Path, found: &Path) -> Result<()> {
        fs::create_dir_all(found.join("corpus"))?;
        let name = program.file_name().context("a program has a name")?;
        let mut command = Command::new(program);
        command
            .arg(found.join("corpus"))
            .arg(folder.join("corpus").join(name))
            .arg(format!("-artifact_prefix={}/", found.display()))
            .arg(format!("-max_total_time={SECONDS_EACH}"))
            .arg(format!("-max_len={}", self.longest))
            .args(["-timeout=10", "-print_final_stats=1", "-verbosity=0"]);
        if let Some(dictionary) = self.dictionary {
            command.arg(format!("-dict={}", folder.join(dictionary).display()));
        }
        run(&mut command).with_context(|| {
            let (found, folder) = (found.display(), self.folder);
            format!("the failing input is in {found}; add it to {folder}/corpus")
        })
    }
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc")?;
    ensure!(output.status.success(), "rustc -vV failed");
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
