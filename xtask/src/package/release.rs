//! What all packages of a release have in common.

use super::elf::Needs;
use crate::{cargo, say, source};
use anyhow::{Context as _, Result};
use flate2::Compression;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

pub(super) struct Release {
    pub(super) version: &'static str,
    /// The time of every entry, in seconds since 1970: the commit's.
    pub(super) time: u64,
    /// What the programs and plugins need of the machine.
    pub(super) needs: Needs,
    /// The tree that `cargo xtask dist` lays out.
    tree: PathBuf,
    pub(super) out: PathBuf,
    /// How hard to compress: a package for a try should be ready soon.
    pub(super) compression: Compression,
}

impl Release {
    pub(super) fn of(tree: &Path, out: &Path, is_shipped: bool) -> Result<Self> {
        let out = cargo::root().join(out);
        fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        let mut needs = Needs::of(&tree.join("bin/waybill"))?;
        for folder in ["bin", "plugins"] {
            for entry in fs::read_dir(tree.join(folder))? {
                let path = entry?.path();
                if !path.ends_with("plugins.lock") {
                    needs = needs.and(Needs::of(&path)?);
                }
            }
        }
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            time: time()?,
            needs,
            tree: tree.to_owned(),
            out,
            compression: match is_shipped {
                true => Compression::best(),
                false => Compression::fast(),
            },
        })
    }

    /// A file of the laid out tree.
    pub(super) fn laid_out(&self, path: &str) -> PathBuf {
        self.tree.join(path)
    }

    /// A file or folder of `packaging`.
    pub(super) fn packaging(path: &str) -> PathBuf {
        cargo::root().join("packaging").join(path)
    }

    /// A text of `packaging`, with the release's values in the place of `@NAME@`.
    pub(super) fn text(&self, path: &str) -> Result<String> {
        let (major, minor) = self.needs.glibc;
        let text = fs::read_to_string(Self::packaging(path))
            .with_context(|| format!("cannot read packaging/{path}"))?;
        Ok(text
            .replace("@VERSION@", self.version)
            .replace("@ARCHITECTURE@", self.needs.machine.debian)
            .replace("@CPU@", self.needs.machine.node)
            .replace("@GLIBC@", &format!("{major}.{minor}")))
    }

    /// Writes a finished package, and says how large it is.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let file = self.out.join(name);
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
        let size = content.len().div_ceil(1024);
        say::line(format!("{size:>8} KiB  {}", shown(&file).display()));
        Ok(())
    }
}

/// A path as it is shown: below the project's folder without that folder.
fn shown(file: &Path) -> &Path {
    file.strip_prefix(cargo::root()).unwrap_or(file)
}

/// `SOURCE_DATE_EPOCH`, or the time of the commit.
fn time() -> Result<u64> {
    let given = env::var("SOURCE_DATE_EPOCH").ok();
    let time = given.or_else(|| source::line("git", &["log", "-1", "--format=%ct"]));
    let time = time.context(
        "the time of the commit is not known: set SOURCE_DATE_EPOCH to seconds since 1970, because there is no git here",
    )?;
    time.parse()
        .with_context(|| format!("SOURCE_DATE_EPOCH is no number of seconds: {time}"))
}
