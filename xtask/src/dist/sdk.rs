//! What authors of plugins need: the SDK, the ABI crate and the header, as a Cargo workspace of their own, and the
//! pages about plugins.
//!
//! Its paths are those of this repository, so `waybill plugin new --sdk` takes either.

use super::{copy, write};
use anyhow::{Context as _, Result};
use std::{fs, path::Path};

/// The packages, and what of each belongs to it beside its manifest.
const PACKAGES: [(&str, &[&str]); 2] = [
    ("plugins/abi", &["include", "src"]),
    ("plugins/sdk", &["build.rs", "src"]),
];

/// The pages for those who write plugins.
const PAGES: [&str; 2] = ["docs/plugins.md", "docs/plugin-host.md"];

const OPENING: &str = "\
# What plugins are built with, laid out by `cargo xtask dist`. `waybill plugin new` refers to it.
[workspace]
resolver = \"3\"
members = [\"plugins/abi\", \"plugins/sdk\"]
";

pub(super) fn lay_out(root: &Path, share: &Path) -> Result<()> {
    let workspace = read(&root.join("Cargo.toml"))?;
    let mut manifest = OPENING.to_owned();
    manifest.push_str(&section(&workspace, "[workspace.package]")?);
    manifest.push_str("[workspace.dependencies]\n");
    let dependencies = section(&workspace, "[workspace.dependencies]")?;
    for (package, parts) in PACKAGES {
        let (from, to) = (root.join(package), share.join(package));
        let text = for_authors(&read(&from.join("Cargo.toml"))?);
        for line in dependencies.lines().filter(|line| is_used(line, &text)) {
            manifest.push_str(line);
            manifest.push('\n');
        }
        write(&to.join("Cargo.toml"), text.as_bytes())?;
        for part in parts {
            copy_whole(&from.join(part), &to.join(part))?;
        }
    }
    for page in PAGES {
        copy(&root.join(page), &share.join(page))?;
    }
    write(&share.join("Cargo.toml"), manifest.as_bytes())?;
    // A new plugin begins with the versions that this one was tested with.
    copy(&root.join("Cargo.lock"), &share.join("Cargo.lock"))
}

/// A package's manifest without its lints and without what only its tests need: a newer compiler must not
/// refuse an author's build for the style of the SDK.
fn for_authors(manifest: &str) -> String {
    let mut kept = String::new();
    let mut keep = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            keep = !line.starts_with("[lints") && line != "[dev-dependencies]";
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Whether a line of the workspace's dependencies is one that the package inherits.
fn is_used(line: &str, manifest: &str) -> bool {
    line.split_once(" = ").is_some_and(|(name, _)| {
        let inherited = format!("{name}.workspace = true");
        manifest.lines().any(|line| line == inherited)
    })
}

/// A table of a manifest, with its heading.
fn section(manifest: &str, heading: &str) -> Result<String> {
    let after = manifest.split_once(&format!("{heading}\n"));
    let (_, after) = after.with_context(|| format!("Cargo.toml has no {heading}"))?;
    let table = after.split("\n[").next().unwrap_or_default();
    Ok(format!("\n{heading}\n{table}\n"))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        return copy(from, to);
    }
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        copy_whole(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_for_authors_has_neither_lints_nor_what_tests_need() {
        let manifest = "[package]\nname = \"a\"\n\n[lints.rust]\nx = \"deny\"\n\n[dependencies]\nhttp.workspace \
                        = true\n\n[dev-dependencies]\nproptest.workspace = true\n";
        let kept = for_authors(manifest);
        assert!(
            kept.contains("[package]") && kept.contains("http"),
            "{kept}"
        );
        assert!(
            !kept.contains("lints") && !kept.contains("proptest"),
            "{kept}"
        );
        assert!(is_used("http = \"1.5\"", &kept));
        assert!(!is_used("http-body = \"1.5\"", &kept));
    }
}
