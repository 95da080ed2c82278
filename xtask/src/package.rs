//! `cargo xtask package`: what users install. Each kind packs the tree that `cargo xtask dist` lays out, and the same
//! sources give the same bytes: entries are sorted, belong to root, and have the time of the commit.

mod archive;
mod checksums;
mod deb;
mod elf;
mod image;
mod npm;
mod pack;
mod release;
mod sbom;
mod tree;
mod wheel;

use crate::{build::Build, cargo, dist, say};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use release::Release;
use std::{fs, path::PathBuf};

#[derive(Args)]
#[command(after_help = "Examples:
  cargo xtask package                 everything, as it is released
  cargo xtask package deb             the Debian packages alone
  cargo xtask package wheel --dev     the Python package with a development build")]
pub(crate) struct Package {
    /// What to make; everything if absent.
    #[arg(value_enum)]
    kinds: Vec<Kind>,
    #[command(flatten)]
    build: Build,
    /// Where the packages go; made if missing.
    #[arg(long, value_name = "D", default_value = "target/packages")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Debian packages: waybill, and mock-ups.
    Deb,
    /// An archive with everything.
    Archive,
    /// Container images: waybill, and mock-ups.
    Image,
    /// The Python package of mock-ups.
    Wheel,
    /// The npm packages of mock-ups.
    Npm,
}

impl Package {
    pub(crate) fn run(self) -> Result<()> {
        let programs = self.build.programs()?;
        // A folder of its own: a file of an earlier version would be packed as well.
        let target = cargo::root().join("target");
        // Cargo may build elsewhere, and then has not made it.
        fs::create_dir_all(&target).context("cannot make the folder target")?;
        let tree = tempfile::tempdir_in(target).context("cannot make a folder in target")?;
        dist::lay_out(tree.path(), &programs)?;
        let release = Release::of(tree.path(), &self.out, self.build.is_shipped())?;
        let kinds = match self.kinds.as_slice() {
            [] => Kind::value_variants(),
            kinds => kinds,
        };
        for kind in kinds {
            say::step(format!("pack: {}", kind.name()));
            for (name, content) in kind.make(&release)? {
                release.write(&name, &content)?;
            }
        }
        say::step("describe: bill of materials, checksums");
        for (name, content) in sbom::make(&release)? {
            release.write(&name, &content)?;
        }
        checksums::write(&release)
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Deb => "Debian packages",
            Self::Archive => "archive",
            Self::Image => "container images",
            Self::Wheel => "Python package of mock-ups",
            Self::Npm => "npm packages of mock-ups",
        }
    }

    /// The files of this kind: name and content.
    fn make(self, release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
        match self {
            Self::Deb => deb::make(release),
            Self::Archive => archive::make(release),
            Self::Image => image::make(release),
            Self::Wheel => wheel::make(release),
            Self::Npm => npm::make(release),
        }
    }
}
