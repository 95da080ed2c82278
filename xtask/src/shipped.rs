//! The programs as they are shipped, built with profile-guided optimisation (PGO): the first build is
//! instrumented, a load is put on it, and the second build uses the profile that it wrote.
//!
//! Fetching its code is much of what a request costs. A compiler that knows what runs often lays that out
//! together and everything else apart: a fifth fewer instructions, and less than half as many misses of
//! the instruction cache (docs/performance-notes.md).

use crate::{
    cargo::{self, Built, Profile},
    say,
};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const PROGRAMS: [&str; 4] = ["-p", "gateway", "-p", "mock-ups"];
/// What is built once.
const OTHERS: [&str; 4] = ["-p", "plugins-ups-dylib", "-p", "benches"];
/// The oldest version of LLVM whose tool reads the profiles of this compiler.
const LLVM: u32 = 19;

/// The shipped programs, and what puts load on them.
pub(crate) struct Shipped {
    pub(crate) built: Built,
    pub(crate) load: PathBuf,
    /// Whether the programs were built with profile-guided optimisation.
    pub(crate) guided: bool,
}

/// Builds the programs. Without a tool that merges profiles it says so, and builds them without a profile.
pub(crate) fn build() -> Result<Shipped> {
    let Some(merge) = profdata() else {
        say::step(format!(
            "building without profile-guided optimisation, because llvm-profdata of LLVM {LLVM} or later is not \
             installed: the programs will need about 15 % more processor time. Install it with `rustup \
             component add llvm-tools`, or with the distribution's package llvm"
        ));
        let (built, load) =
            cargo::build_with_benches(Profile::Release, &[&PROGRAMS[..], &OTHERS].concat())?;
        return Ok(Shipped {
            built,
            load,
            guided: false,
        });
    };
    say::step("build the UPS plugin and the benches (release)");
    let others = cargo::artifacts(&mut cargo::build_command(Profile::Release, &OTHERS))?;
    let load = others.find("load")?;
    let plugin = others.find("waybill_plugin_ups")?;
    let folder = cargo::root().join("target/guided");
    say::step("build instrumented programs (release)");
    let raw = folder.join("raw");
    let counting = programs(
        &format!("-Cprofile-generate={}", raw.display()),
        &folder.join("count"),
        &plugin,
    )?;
    let profile = folder.join("programs.profdata");
    // Training takes a minute: it is left out as long as no instrumented program is newer.
    if ![&counting.waybill, &counting.mock_ups]
        .iter()
        .all(|program| is_newer(&profile, program))
    {
        train(&load, &counting, &raw)?;
        cargo::run(
            Command::new(merge)
                .arg("merge")
                .arg("-o")
                .arg(&profile)
                .arg(&raw),
        )?;
    }
    say::step("build the programs with profile-guided optimisation (release)");
    let built = programs(
        &format!("-Cprofile-use={}", profile.display()),
        &folder.join("use"),
        &plugin,
    )?;
    Ok(Shipped {
        built,
        load,
        guided: true,
    })
}

/// Both programs with this compiler flag, in a target folder of their own.
fn programs(flag: &str, target: &Path, plugin: &Path) -> Result<Built> {
    let mut command = cargo::build_command(Profile::Release, &PROGRAMS);
    // With `--target`, cargo keeps the flag away from build scripts and macros, which would write profiles
    // of their own.
    command
        .args(["--target", &host()?, "--target-dir"])
        .arg(target);
    command.env("CARGO_ENCODED_RUSTFLAGS", flag);
    let artifacts = cargo::artifacts(&mut command)?;
    Ok(Built {
        waybill: artifacts.find("waybill")?,
        mock_ups: artifacts.find("mock-ups")?,
        ups_plugin: plugin.to_owned(),
    })
}

/// Puts every form of the load on the instrumented programs, which write their profiles when they end.
fn train(load: &Path, built: &Built, raw: &Path) -> Result<()> {
    if raw.exists() {
        // Profiles of an older build would be merged into the new one.
        fs::remove_dir_all(raw).context("cannot remove the old profiles")?;
    }
    let mut command = Command::new(load);
    command.arg("smoke").arg("--waybill").arg(&built.waybill);
    command.arg("--mock-ups").arg(&built.mock_ups);
    command.arg("--plugin").arg(&built.ups_plugin);
    command.env("LLVM_PROFILE_FILE", raw.join("%p.profraw"));
    cargo::run(&mut command)
}

fn is_newer(file: &Path, other: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|file| file.modified());
    matches!((changed(file), changed(other)), (Ok(file), Ok(other)) if file > other)
}

/// The compiler's own tool, or the distribution's, if it is new enough.
fn profdata() -> Option<PathBuf> {
    let bundled = stdout_of(Command::new("rustc").args(["--print", "target-libdir"]));
    let bundled =
        bundled.and_then(|lib| Some(Path::new(lib.trim()).parent()?.join("bin/llvm-profdata")));
    let named = (LLVM..LLVM + 10).rev();
    let named = named.map(|version| PathBuf::from(format!("llvm-profdata-{version}")));
    // The compiler's own first: only that one surely reads the profiles of this compiler.
    let mut all = bundled
        .into_iter()
        .chain([PathBuf::from("llvm-profdata")])
        .chain(named);
    all.find(|tool| {
        let version = stdout_of(Command::new(tool).arg("--version"));
        version
            .and_then(|text| llvm_version(&text))
            .is_some_and(|version| version >= LLVM)
    })
}

/// The first number behind `LLVM version`.
fn llvm_version(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("LLVM version ")?;
    version.split('.').next()?.parse().ok()
}

fn host() -> Result<String> {
    let text = stdout_of(Command::new("rustc").arg("-vV"))
        .context("cannot ask rustc what it builds for")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not say what it builds for")
}

/// What a program writes if it ends well.
fn stdout_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then_some(())?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::llvm_version;

    #[test]
    fn version_is_found_in_what_the_tool_says() {
        let debian = "Debian LLVM version 19.1.7\n  Optimized build.\n";
        assert_eq!(llvm_version(debian), Some(19));
        let rust = "LLVM (http://llvm.org/):\n  LLVM version 22.1.2-rust-1.95.0-stable\n";
        assert_eq!(llvm_version(rust), Some(22));
        assert_eq!(llvm_version("LLVM version\n"), None);
        assert_eq!(llvm_version(""), None);
    }
}
