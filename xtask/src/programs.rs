//! The programs that are installed, and the plugins.

use crate::{cargo, say};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a profile guides. Guided and instrumented builds name the same packages: others would turn on other features,
/// and a profile knows a function by a name that depends on them.
pub(crate) const GUIDED: [&str; 4] = ["-p", "gateway", "-p", "mock-ups"];

/// The programs, and the plugin of each carrier under the name of its file in a plugin folder.
pub(crate) struct Programs {
    pub(crate) waybill: PathBuf,
    pub(crate) mock_ups: PathBuf,
    pub(crate) mock_carrier: PathBuf,
    pub(crate) plugins: Vec<(String, PathBuf)>,
}

impl Programs {
    /// Builds everything with the command that `build` makes for some packages.
    pub(crate) fn build(build: impl Fn(&[&str]) -> Command) -> Result<Self> {
        say::step("build the programs");
        let programs = cargo::artifacts(&mut build(&GUIDED))?;
        let carriers = carriers()?;
        say::step("build the carriers' plugins");
        let mut packages = vec!["-p".to_owned(), "mock-carrier".to_owned()];
        for carrier in &carriers {
            packages.extend(["-p".to_owned(), format!("plugins-{carrier}-dylib")]);
        }
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        let others = cargo::artifacts(&mut build(&packages))?;
        let plugins = carriers
            .iter()
            .map(|carrier| Ok((format!("{carrier}.so"), others.find(&library(carrier))?)));
        Ok(Self {
            waybill: programs.find("waybill")?,
            mock_ups: programs.find("mock-ups")?,
            mock_carrier: others.find("mock-carrier")?,
            plugins: plugins.collect::<Result<_>>()?,
        })
    }

    /// The programs of an earlier build.
    pub(crate) fn found_in(folder: &Path) -> Result<Self> {
        let file = |name: &str| {
            let file = folder.join(name);
            ensure!(
                file.is_file(),
                "{} has no {name}: build it first, for example with `cargo build --workspace`",
                folder.display()
            );
            Ok(file)
        };
        let plugins = carriers()?.into_iter().map(|carrier| {
            let library = file(&format!("lib{}.so", library(&carrier)))?;
            Ok((format!("{carrier}.so"), library))
        });
        Ok(Self {
            plugins: plugins.collect::<Result<_>>()?,
            waybill: file("waybill")?,
            mock_ups: file("mock-ups")?,
            mock_carrier: file("mock-carrier")?,
        })
    }
}

/// The names of the carriers that have a plugin, sorted.
fn carriers() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in fs::read_dir(cargo::root().join("plugins")).context("cannot read plugins")? {
        let folder = folder?;
        // A carrier's folder has the package of its loadable file; the other crates have none.
        if folder.path().join("dylib/Cargo.toml").exists() {
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn library(carrier: &str) -> String {
    format!("waybill_plugin_{}", carrier.replace('-', "_"))
}
