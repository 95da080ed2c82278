//! Rules about the tree, as tests: what ARCHITECTURE.md and CONTRIBUTING.md promise.

mod architecture;
mod carriers;
mod changelog;
mod comments;
mod floors;
mod graph;
mod licences;
mod site;
mod source;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspace's top folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
        .to_owned()
}

/// Path (from the top folder) and text of each tracked or new file whose name ends in `suffix`.
fn files(suffix: &str) -> Vec<(String, String)> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let found: Vec<_> = names
        .lines()
        .filter(|name| name.ends_with(suffix))
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect();
    assert!(!found.is_empty(), "no file ends in {suffix}");
    found
}

/// Fails with every offence, one a line.
#[track_caller]
fn assert_none(rule: &str, offences: &[String]) {
    assert!(
        offences.is_empty(),
        "{rule}:\n  {}\n",
        offences.join("\n  ")
    );
}
