//! The programs of a measurement, and programs of the system.

use crate::{
    cargo::{self, Built, Profile},
    programs,
};
use anyhow::{Context as _, Result};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is measured, and what measures it.
const SHIPPED: [&str; 8] = [
    "-p",
    "gateway",
    "-p",
    "mock-ups",
    "-p",
    "plugins-ups-dylib",
    "-p",
    "benches",
];

/// What a measurement needs.
pub(super) struct Programs {
    pub(super) built: Built,
    pub(super) load: PathBuf,
}

impl Programs {
    pub(super) fn build(profile: Profile) -> Result<Self> {
        Self::build_as(profile, &SHIPPED)
    }

    pub(super) fn build_as(profile: Profile, scope: &[&str]) -> Result<Self> {
        let (built, load) = cargo::build_with_benches(profile, scope)?;
        Ok(Self { built, load })
    }

    /// The shipped programs with what measures them.
    pub(super) fn shipped(programs: programs::Programs) -> Result<Self> {
        let mut benches = cargo::build_command(Profile::Release, &["-p", "benches"]);
        let load = cargo::artifacts(&mut benches)?.find("load")?;
        let ups = programs
            .plugins
            .into_iter()
            .find(|(name, _)| name == "ups.so");
        let built = Built {
            waybill: programs.waybill,
            mock_ups: programs.mock_ups,
            ups_plugin: ups.context("the UPS plugin was not built")?.1,
        };
        Ok(Self { built, load })
    }

    /// The load program with the programs that it starts.
    pub(super) fn load(&self, what: &str) -> Command {
        let mut command = Command::new(&self.load);
        command.arg(what).arg("--waybill").arg(&self.built.waybill);
        command.arg("--mock-ups").arg(&self.built.mock_ups);
        command.arg("--plugin").arg(&self.built.ups_plugin);
        command
    }
}

/// The quick build of another checkout, as [`Programs::build`] builds this one: other packages would turn on other
/// features.
pub(super) fn quick_build_of(checkout: &Path, target: &Path) -> Result<Built> {
    let mut build = cargo::build_command(Profile::Quick, &SHIPPED);
    build.arg("--target-dir").arg(target).current_dir(checkout);
    Built::find(&cargo::artifacts(&mut build)?)
}

/// Whether a program is installed where a shell or an administrator would find it.
pub(super) fn is_there(program: &Path) -> bool {
    // A path is not looked up on the search path.
    if program.components().count() > 1 {
        return program.is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // Daemons are outside the search path of many users.
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.any(|folder| folder.join(program).is_file())
}

/// The output of a program, its errors shown.
pub(super) fn output(command: &mut Command) -> Result<String> {
    // Errors go to the terminal at once: a measurement runs for minutes.
    let output = command.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?} failed ({})",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}
