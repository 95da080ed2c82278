//! Cargo and the files it makes.

use crate::say;
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Which of the workspace's profiles a build uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Release code without the long link, for measurements that need not be those of the shipped file.
    Quick,
    /// What is shipped.
    Release,
}

impl Profile {
    /// The profile of a measurement.
    pub(crate) const fn measured(quick: bool) -> Self {
        if quick { Self::Quick } else { Self::Release }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

/// The files of a finished build.
pub(crate) struct Built {
    pub(crate) waybill: PathBuf,
    pub(crate) mock_ups: PathBuf,
    pub(crate) ups_plugin: PathBuf,
}

/// The workspace's top folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// A command of cargo in the workspace's top folder, with the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    // Cargo names itself: another version would build everything again.
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command to its end; fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let text = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let text = text
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ");
    say::step(&text);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{text}`"))?;
    ensure!(status.success(), "`{text}` failed ({status})");
    Ok(())
}

/// Builds both programs and the plugin, and says where they are.
pub(crate) fn build(profile: Profile) -> Result<Built> {
    say::step(format!(
        "build waybill, mock-ups and the UPS plugin ({})",
        profile.name()
    ));
    let scope = ["-p", "gateway", "-p", "mock-ups", "-p", "plugins-ups-dylib"];
    Built::find(&artifacts(&mut build_command(profile, &scope))?)
}

/// Builds programs, plugin and benches in one go, so that they share their dependencies. `scope` is what
/// was built before, if anything: naming the same again builds nothing twice.
pub(crate) fn build_with_benches(profile: Profile, scope: &[&str]) -> Result<(Built, PathBuf)> {
    say::step(format!(
        "build programs, plugin and benches ({})",
        profile.name()
    ));
    let artifacts = artifacts(&mut build_command(profile, scope))?;
    Ok((Built::find(&artifacts)?, artifacts.find("load")?))
}

/// The program that runs the hot paths one by one, and nothing that it does not need.
const HOT: [&str; 7] = [
    "-p",
    "benches",
    "--no-default-features",
    "--features",
    "mock",
    "--bin",
    "hot",
];

/// Builds the program of the hot paths.
pub(crate) fn build_hot(profile: Profile) -> Result<PathBuf> {
    say::step(format!("build the hot paths ({})", profile.name()));
    artifacts(&mut build_command(profile, &HOT))?.find("hot")
}

/// A build beside other work. Dropped, it ends.
pub(crate) struct Ahead(Child);

impl Ahead {
    /// Begins what [`build_hot`] will ask for, with the processor time that nothing else wants.
    pub(crate) fn build_hot(profile: Profile) -> Result<Self> {
        let build = build_command(profile, &HOT);
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(build.get_program());
        command.args(build.get_args()).current_dir(root());
        // A mistake shows again when the program is asked for.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().context("cannot start `nice`")?;
        Ok(Self(child))
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.0.wait().context("the build beside the tests")?;
        Ok(())
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Built {
    pub(crate) fn find(artifacts: &Artifacts) -> Result<Self> {
        Ok(Self {
            waybill: artifacts.find("waybill")?,
            mock_ups: artifacts.find("mock-ups")?,
            ups_plugin: artifacts.find("waybill_plugin_ups")?,
        })
    }
}

/// A build whose files [`artifacts`] tells.
pub(crate) fn build_command(profile: Profile, packages: &[&str]) -> Command {
    build_command_by("build", profile, packages)
}

/// A build by another command of cargo that takes the same arguments.
pub(crate) fn build_command_by(builder: &str, profile: Profile, packages: &[&str]) -> Command {
    let mut command = cargo();
    command.args([
        builder,
        // A build that changes `Cargo.lock` would measure or ship other dependencies than were tested.
        "--locked",
        "--profile",
        profile.name(),
        "--message-format=json-render-diagnostics",
    ]);
    command.args(packages);
    command
}

/// Builds, and says what was built.
pub(crate) fn artifacts(build: &mut Command) -> Result<Artifacts> {
    // Standard output carries cargo's messages, so only the errors go to the terminal.
    let output = build
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "the build failed");
    Artifacts::parse(&output.stdout)
}

/// Target name and file, from cargo's own messages, so that no path is guessed.
pub(crate) struct Artifacts(Vec<(String, PathBuf)>);

impl Artifacts {
    fn parse(messages: &[u8]) -> Result<Self> {
        let mut files = Vec::new();
        for line in messages
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
        {
            let message: serde_json::Value =
                serde_json::from_slice(line).context("cargo's messages are not JSON")?;
            let Some(name) = message["target"]["name"].as_str() else {
                continue;
            };
            // The test harness of a program has the program's name.
            if message["profile"]["test"] == true {
                continue;
            }
            // A plugin is no executable; its library is the one file with this ending.
            let made = message["executable"].as_str().or_else(|| {
                let library = message["filenames"].as_array()?.first()?.as_str()?;
                library.ends_with(".so").then_some(library)
            });
            files.extend(made.map(|file| (name.to_owned(), PathBuf::from(file))));
        }
        Ok(Self(files))
    }

    pub(crate) fn find(&self, name: &str) -> Result<PathBuf> {
        match self.0.iter().find(|(target, _)| target == name) {
            Some((_, file)) => Ok(file.clone()),
            None => bail!("cargo built no {name}"),
        }
    }
}
