//! Which build of the programs a task takes.

use crate::{
    cargo::{self, Profile},
    programs::Programs,
    say, shipped,
};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// How the programs are built; without any of these as they are shipped.
#[derive(Args, Default)]
pub(crate) struct Build {
    /// Take the development build, which is quick to build and slow to run.
    #[arg(long, group = "how")]
    dev: bool,
    /// Take release code without the long link and without a profile.
    #[arg(long, group = "how")]
    quick: bool,
    /// Build the release without the stored profile: the programs need about 15 % more processor time.
    #[arg(long, group = "how")]
    unguided: bool,
    /// Build nothing, and take the programs of this folder, such as target/debug.
    #[arg(long, value_name = "FOLDER", group = "how")]
    built: Option<PathBuf>,
    /// Build for machines with this version of the C library or later, such as 2.28. It needs cargo-zigbuild.
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["dev", "built"])]
    glibc: Option<String>,
}

impl Build {
    /// The shipped build; without a profile, which is said, if there is none for this compiler.
    pub(crate) fn guided_if_possible() -> Self {
        let unguided = shipped::check_profile().is_err_and(|why| {
            say::step(format!("building without a profile: {why:#}"));
            true
        });
        Self {
            unguided,
            ..Self::default()
        }
    }

    /// Whether this is the build that users get.
    pub(crate) fn is_shipped(&self) -> bool {
        !self.dev && !self.quick && self.built.is_none()
    }

    pub(crate) fn programs(&self) -> Result<Programs> {
        if let Some(folder) = &self.built {
            return Programs::found_in(folder);
        }
        let glibc = self.glibc.as_deref();
        match (self.dev, self.quick, self.unguided) {
            (true, ..) => Programs::build(|packages| cargo::build_command(Profile::Dev, packages)),
            (_, true, _) => shipped::unguided(Profile::Quick, glibc),
            (.., true) => shipped::unguided(Profile::Release, glibc),
            (false, false, false) => Ok(shipped::build(glibc)?.programs),
        }
    }
}
