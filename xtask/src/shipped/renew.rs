//! `cargo xtask dist --renew-profile`: builds instrumented programs, puts a load on them, and stores the profile that
//! they write.

use super::{Compiler, compiler, profile, reproducible, stdout_of, target};
use crate::{
    apt,
    cargo::{self, Built, Profile},
    programs::GUIDED,
    say,
};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What puts the load on the programs. It is not shipped, so the quick build will do.
const LOAD: [&str; 4] = ["-p", "plugins-ups-dylib", "-p", "benches"];
/// The oldest version of LLVM whose tool reads the profiles of this compiler.
const LLVM: u32 = 19;

/// Makes the profile anew, and stores it in `packaging/profile`.
///
/// # Errors
/// If no tool that merges profiles is there, before anything is built.
pub(crate) fn renew() -> Result<()> {
    // First: whoever lacks the tool should know before a quarter of an hour of building.
    let merge = tool()?;
    let compiler = compiler()?;
    say::step("build what puts load on the programs (development build)");
    let load = cargo::artifacts(&mut cargo::build_command(Profile::Dev, &LOAD))?;
    say::step("build instrumented programs (release); this takes most of the time");
    let raw = target().join("raw");
    let programs = instrumented(&compiler, &raw, &load.find("waybill_plugin_ups")?)?;
    say::step("put load on the instrumented programs");
    train(&load.find("load")?, &programs, &raw)?;
    let merged = target().join("merged.profdata");
    let mut command = Command::new(merge);
    cargo::run(command.arg("merge").arg("-o").arg(&merged).arg(&raw))?;
    let bytes = profile::store(&merged, &compiler)?;
    say::line(format!(
        "stored a profile of {} KiB in packaging/profile; commit it with the sources that it was made from",
        bytes / 1024
    ));
    Ok(())
}

fn instrumented(compiler: &Compiler, raw: &Path, plugin: &Path) -> Result<Built> {
    let mut command = cargo::build_command(Profile::Release, &GUIDED);
    let flag = format!("-Cprofile-generate={}", raw.display());
    reproducible(&mut command, compiler, "instrumented", Some(flag));
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

/// The tool that merges profiles; installed where that is possible.
fn tool() -> Result<PathBuf> {
    let package = format!("llvm-{LLVM}");
    if let Some(tool) = profdata() {
        return Ok(tool);
    }
    if apt::is_allowed() {
        // Not every release of the distribution has it; what to do then is said below.
        let _ = apt::install(&[&package], "to merge profiles");
    }
    profdata().with_context(|| {
        format!(
            "llvm-profdata of LLVM {LLVM} or later is not installed: install it with `rustup component add \
             llvm-tools`, or with the distribution's package {package}"
        )
    })
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
        // Older tools know no `--version`.
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
