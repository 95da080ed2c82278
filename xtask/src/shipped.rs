//! The programs as they are shipped: a release build with profile-guided optimisation (PGO). The profile is a file
//! of the repository (`packaging/profile`), so the programs are built once, and guided on every machine.
//!
//! Fetching its code is much of what a request costs. A compiler that knows what runs often lays that out
//! together and everything else apart: a fifth fewer instructions, and less than half as many misses of
//! the instruction cache (docs/performance-notes.md).

mod profile;
mod renew;

use crate::{
    cargo::{self, Built, Profile},
    programs::{GUIDED, Programs},
    say,
};
use anyhow::{Context as _, Result};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) use renew::renew;

/// The profile of this checkout.
const STORED: &str = "stored";
/// The profile and the build of another one.
const COMPARED: &str = "compared";

/// The shipped programs.
pub(crate) struct Shipped {
    pub(crate) programs: Programs,
    /// What guided the compiler, in words.
    pub(crate) guide: String,
}

/// Builds the programs, guided by the stored profile.
///
/// # Errors
/// If the profile is not this compiler's; the error says what to do.
pub(crate) fn build(glibc: Option<&str>) -> Result<Shipped> {
    let compiler = compiler()?;
    let Some(profile) = profile::stored(&compiler, STORED)? else {
        say::step(
            "building without profile-guided optimisation, because packaging/profile has no profile: the programs will \
             need about 15 % more processor time. `cargo xtask dist --renew-profile` makes one",
        );
        return Ok(Shipped {
            programs: unguided(Profile::Release, glibc)?,
            guide: "no profile".to_owned(),
        });
    };
    say::step(format!("the compiler is guided by {}", profile.origin));
    let flag = format!("-Cprofile-use={}", profile.file.display());
    Ok(Shipped {
        programs: release(compiler, Profile::Release, "guided", Some(flag), glibc)?,
        guide: profile.origin,
    })
}

/// Whether the stored profile is this compiler's.
///
/// # Errors
/// If not; the error says what to do.
pub(crate) fn check_profile() -> Result<()> {
    profile::stored(&compiler()?, STORED).map(drop)
}

/// Builds the programs without a profile.
pub(crate) fn unguided(profile: Profile, glibc: Option<&str>) -> Result<Programs> {
    release(compiler()?, profile, "unguided", None, glibc)
}

/// Builds the gateway, the mock and the UPS plugin of another checkout as [`build`] builds those of this one.
///
/// # Errors
/// If that checkout has no profile, or not one of this compiler.
pub(crate) fn build_of(checkout: &Path) -> Result<Built> {
    let compiler = compiler_of(checkout)?;
    let profile = profile::stored(&compiler, COMPARED)?.context(
        "it has no packaging/profile, so it cannot be built as the working tree is: compare with --quick",
    )?;
    let flag = format!("-Cprofile-use={}", profile.file.display());
    let build = |packages: &[&str]| {
        let mut command = cargo::build_command(Profile::Release, packages);
        reproducible(&mut command, &compiler, COMPARED, Some(flag.clone()));
        cargo::artifacts(&mut command)
    };
    // Apart from the plugin, for the reason that `GUIDED` has.
    let programs = build(&GUIDED)?;
    Ok(Built {
        waybill: programs.find("waybill")?,
        mock_ups: programs.find("mock-ups")?,
        ups_plugin: build(&["-p", "plugins-ups-dylib"])?.find("waybill_plugin_ups")?,
    })
}

/// Builds everything; with a version of the C library for machines with that version or later.
fn release(
    mut compiler: Compiler,
    profile: Profile,
    folder: &str,
    flag: Option<String>,
    glibc: Option<&str>,
) -> Result<Programs> {
    let builder = match glibc {
        None => "build",
        Some(version) => {
            older_library()?;
            compiler.target = format!("{}.{version}", compiler.target);
            "zigbuild"
        }
    };
    Programs::build(|packages| {
        let mut command = cargo::build_command_by(builder, profile, packages);
        reproducible(&mut command, &compiler, folder, flag.clone());
        command
    })
}

/// Whether programs can be built for an older C library than this machine's.
fn older_library() -> Result<()> {
    let there = stdout_of(cargo::cargo().args(["zigbuild", "--help"]));
    there.map(drop).context(
        "cargo-zigbuild is not installed, which builds for an older C library: `pip install cargo-zigbuild ziglang` \
         installs it. A machine with that older library builds without it",
    )
}

/// Makes a build independent of where it happens, in a target folder of its own.
fn reproducible(command: &mut Command, compiler: &Compiler, folder: &str, flag: Option<String>) {
    command.current_dir(&compiler.sources);
    // With `--target`, cargo keeps the flags away from build scripts and macros, which would write profiles
    // of their own.
    command.args(["--target", &compiler.target, "--target-dir"]);
    command.arg(target().join(folder));
    // Panic messages and assertions hold paths of sources; a file must not depend on where these are.
    let places = compiler.places();
    let mut flags: Vec<String> = places
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
        .collect();
    flags.extend(flag);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let mut c_flags = env::var("CFLAGS").unwrap_or_default();
    for (from, to) in places {
        c_flags.push_str(&format!(" -ffile-prefix-map={from}={to}"));
    }
    command.env("CFLAGS", c_flags.trim_start());
    // What one build left for the next would change how the compiler divides a crate.
    command.env("CARGO_INCREMENTAL", "0");
}

/// The folder of shipped builds.
fn target() -> PathBuf {
    cargo::root().join("target/shipped")
}

/// The compiler as it describes itself, and what it compiles.
struct Compiler {
    /// The checkout.
    sources: PathBuf,
    /// What `rustc -vV` prints.
    version: String,
    /// What it builds for: this machine, perhaps with a version of the C library.
    target: String,
    sysroot: String,
}

impl Compiler {
    /// Folders that sources are compiled from, and what stands in a program instead.
    fn places(&self) -> [(String, &'static str); 3] {
        let home = env::var("HOME").unwrap_or_default();
        let cargo_home = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
        [
            (cargo_home, "/cargo"),
            (self.sysroot.clone(), "/rust"),
            (self.sources.display().to_string(), "/waybill"),
        ]
    }
}

fn compiler() -> Result<Compiler> {
    compiler_of(cargo::root())
}

fn compiler_of(sources: &Path) -> Result<Compiler> {
    let ask = |arguments: &[&str]| {
        stdout_of(
            Command::new("rustc")
                .args(arguments)
                .current_dir(cargo::root()),
        )
        .context("cannot ask rustc for its version: install Rust with rustup")
    };
    let version = ask(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(Compiler {
        sources: sources.to_owned(),
        target: host
            .context("rustc does not say what it builds for")?
            .to_owned(),
        sysroot: ask(&["--print", "sysroot"])?.trim().to_owned(),
        version,
    })
}

/// What a program writes if it ends well.
fn stdout_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then_some(())?;
    String::from_utf8(output.stdout).ok()
}
