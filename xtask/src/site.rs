//! `cargo xtask site`: the documents as a site that can be searched.
//!
//! The pages stay where they are. A copy in the target folder, with the links that a site can follow, goes to mdBook.

mod links;
mod pages;

use crate::{
    cargo::{self, cargo, run},
    say, source,
};
use anyhow::Result;
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The release of mdBook. It is a tool and no dependency, so that nobody builds it who does not want the site.
const MDBOOK: &str = "0.5.4";

#[derive(Args)]
pub(crate) struct Site {}

impl Site {
    pub(crate) fn run(self) -> Result<()> {
        let Self {} = self;
        let work = cargo::root().join("target/site");
        let (book, site) = (work.join("book"), work.join("html"));
        pages::lay_out(&book)?;
        let mut build = Command::new(mdbook(&work.join("tools"))?);
        run(build.arg("build").arg(&book).arg("--dest-dir").arg(&site))?;
        let count = links::check(&site)?;
        let index = site.join("index.html");
        say::line(format!(
            "{count} links lead somewhere; open {}",
            index.display()
        ));
        Ok(())
    }
}

/// The program, installed if it is missing or another release.
fn mdbook(tools: &Path) -> Result<PathBuf> {
    let program = tools.join("bin/mdbook");
    // Not asked if it is missing: that would print an error of the system's.
    let version = program.is_file().then(|| {
        let name = program.to_string_lossy();
        source::line(&name, &["--version"])
    });
    let wanted = format!("mdbook v{MDBOOK}");
    if version.flatten().as_deref() == Some(wanted.as_str()) {
        return Ok(program);
    }
    let mut install = cargo();
    install.args(["install", "--locked", "--force"]);
    // Without its server and its watcher, which would double the build.
    install.args(["--no-default-features", "--features", "search", "--root"]);
    run(install.arg(tools).arg(format!("mdbook@{MDBOOK}")))?;
    Ok(program)
}
