//! Another commit of this repository, in a folder of its own.

use crate::{cargo, say};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A git worktree below `target`, which goes when this is dropped.
pub(super) struct Checkout(PathBuf);

/// Where the worktree is, and what is kept of its build.
pub(super) fn folder() -> PathBuf {
    cargo::root().join("target/bench/compare")
}

/// The commit that a name stands for.
pub(super) fn commit(revision: &str) -> Result<String> {
    git(&["rev-parse", "--git-dir"]).context(
        "this is no git checkout, so no other commit can be built: clone the repository to compare its commits",
    )?;
    let name = format!("{revision}^{{commit}}");
    git(&["rev-parse", "--verify", &name]).with_context(|| {
        format!(
            "no commit is called `{revision}`: `git log --oneline`, `git branch --all` and `git tag` list names; a \
             shallow clone gets the others with `git fetch --unshallow`"
        )
    })
}

impl Checkout {
    pub(super) fn new(commit: &str) -> Result<Self> {
        let sources = folder().join("sources");
        say::step(format!("check out {commit} below target"));
        fs::create_dir_all(folder()).context("cannot make target/bench/compare")?;
        let checkout = Self(sources);
        // A run that was killed leaves its own.
        checkout.remove();
        git(&["worktree", "add", "--detach", checkout.text()?, commit])
            .context("git cannot check it out")?;
        Ok(checkout)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    fn text(&self) -> Result<&str> {
        self.0.to_str().context("a path that is not text")
    }

    fn remove(&self) {
        // It may not be there, and then git has nothing to remove.
        let _ = self
            .text()
            .and_then(|folder| git(&["worktree", "remove", "--force", folder]));
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The first line that git writes.
fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(cargo::root())
        .stdin(Stdio::null())
        .output()
        .context("cannot start git: install it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git says: {}", said.trim());
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_no_commit_is_refused_with_what_to_do() {
        // Sources without git have no commits at all.
        if git(&["rev-parse", "--git-dir"]).is_err() {
            return;
        }
        let error = format!("{:#}", commit("no-such-name").unwrap_err());
        assert!(
            error.contains("`no-such-name`") && error.contains("git tag"),
            "{error}"
        );
        assert_eq!(commit("HEAD").unwrap().len(), 40);
    }
}
