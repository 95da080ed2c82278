//! `cargo xtask dist`: the tree that a user installs.

mod sdk;

use crate::{build::Build, cargo, programs::Programs, say, shipped};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

const SHELLS: [(&str, &str); 3] = [
    ("bash", "waybill.bash"),
    ("zsh", "_waybill"),
    ("fish", "waybill.fish"),
];

/// Files of the repository, and where they lie below `share`.
const FILES: [(&str, &str); 8] = [
    ("LICENSE-APACHE", "licenses/LICENSE-APACHE"),
    ("LICENSE-MIT", "licenses/LICENSE-MIT"),
    (
        "gateway/config/waybill.example.toml",
        "waybill.example.toml",
    ),
    ("gateway/config/waybill.schema.json", "waybill.schema.json"),
    (
        "packaging/observability/alerts.yml",
        "waybill/observability/alerts.yml",
    ),
    (
        "packaging/observability/dashboard.json",
        "waybill/observability/dashboard.json",
    ),
    ("gateway/waybill.service", "systemd/waybill.service"),
    ("gateway/waybill.socket", "systemd/waybill.socket"),
];

#[derive(Args)]
pub(crate) struct Dist {
    /// Where to lay it out; made if missing.
    #[arg(long, value_name = "D", required_unless_present = "renew_profile")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    build: Build,
    /// Lay out only what authors of plugins need, which is not built.
    #[arg(long, conflicts_with = "how")]
    sdk_only: bool,
    /// Make the profile anew that guides the compiler, and lay nothing out (about 15 minutes on two cores).
    #[arg(long, conflicts_with_all = ["how", "glibc", "dir", "sdk_only"])]
    renew_profile: bool,
}

/// Lays the tree out in the target folder, to see that it can be built.
pub(crate) fn check() -> Result<()> {
    let dir = cargo::root().join("target/dist-check");
    lay_out(&dir, &Build::guided_if_possible().programs()?)
}

impl Dist {
    pub(crate) fn run(self) -> Result<()> {
        let Some(dir) = self.dir else {
            return shipped::renew();
        };
        if self.sdk_only {
            let share = dir.join("share/waybill");
            sdk::lay_out(cargo::root(), &share)?;
            say::line(format!("laid out in {}", share.display()));
            return Ok(());
        }
        lay_out(&dir, &self.build.programs()?)?;
        say::line(format!("laid out in {}", dir.display()));
        Ok(())
    }
}

/// Lays out everything that a user installs.
pub(crate) fn lay_out(dir: &Path, programs: &Programs) -> Result<()> {
    let root = cargo::root();
    sdk::lay_out(root, &dir.join("share/waybill"))?;
    for (program, name) in [
        (&programs.waybill, "waybill"),
        (&programs.mock_ups, "mock-ups"),
        (&programs.mock_carrier, "mock-carrier"),
    ] {
        copy(program, &dir.join("bin").join(name))?;
    }
    for (name, library) in &programs.plugins {
        copy(library, &dir.join("plugins").join(name))?;
    }
    lock(&programs.waybill, &dir.join("plugins"))?;
    for (from, to) in FILES {
        copy(&root.join(from), &dir.join("share").join(to))?;
    }
    for folder in ["scenarios", "tariffs"] {
        let share = dir.join("share/mock-ups").join(folder);
        copy_tree(&root.join("mock-ups").join(folder), &share)?;
    }
    // From the programs themselves, so that completions and pages always fit them.
    for (shell, file) in SHELLS {
        let script = said_by(&programs.waybill, &["completions", shell])?;
        write(&dir.join("share/completions").join(file), &script)?;
    }
    let pages = dir.join("share/man");
    fs::create_dir_all(&pages).with_context(|| format!("cannot make {}", pages.display()))?;
    let folder = pages.to_string_lossy();
    said_by(&programs.waybill, &["man", "--dir", &folder])?;
    for (program, page) in [
        (&programs.mock_ups, "mock-ups.1"),
        (&programs.mock_carrier, "mock-carrier.1"),
    ] {
        write(&pages.join(page), &said_by(program, &["--man"])?)?;
    }
    Ok(())
}

/// Writes `plugins.lock`, so that a user runs the plugins that were built here and no others.
fn lock(waybill: &Path, plugins: &Path) -> Result<()> {
    let mut paths = vec![plugins.to_owned()];
    for entry in fs::read_dir(plugins).context("cannot read the plugin folder")? {
        paths.push(entry?.path());
    }
    // Whatever the umask says: a folder that others may write is refused.
    for path in paths {
        fs::set_permissions(&path, Permissions::from_mode(0o755))
            .with_context(|| format!("cannot protect {}", path.display()))?;
    }
    // Of an earlier run into the same folder.
    let _ = fs::remove_file(plugins.join("plugins.lock"));
    let output = Command::new(waybill)
        .args(["plugin", "lock", "--yes", "--dir"])
        .arg(plugins)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`waybill plugin lock` failed: {said}"
    );
    Ok(())
}

/// What a program prints.
fn said_by(program: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(program).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`{} {}` failed: {said}",
        program.display(),
        arguments.join(" ")
    );
    Ok(output.stdout)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    make_parent(to)?;
    // A running program's file cannot be written to, but it can be replaced.
    let _ = fs::remove_file(to);
    fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().context("a directory entry has a name")?;
        copy(&path, &to.join(name))?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    make_parent(path)?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path
        .parent()
        .context("a path below the chosen folder has a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}
