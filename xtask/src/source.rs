//! The sources: which commit they are.

use crate::cargo;
use std::process::{Command, Stdio};

/// The commit, and whether something was changed since.
pub(crate) fn revision() -> Option<String> {
    let commit = line("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changes = ["status", "--porcelain", "--untracked-files=no"];
    Some(match line("git", &changes) {
        Some(_) => format!("{commit} with changes"),
        None => commit,
    })
}

/// Today, in UTC.
pub(crate) fn date() -> Option<String> {
    line("date", &["-u", "+%Y-%m-%d"])
}

/// The first line that a program writes; `None` if there is none.
pub(crate) fn line(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(cargo::root());
    let output = command.stderr(Stdio::inherit()).output().ok()?;
    output.status.success().then_some(())?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(said.lines().next()?.trim().to_owned())
}
