//! `cargo xtask dist`: the tree that a user installs.

mod sdk;

use crate::{
    cargo::{self, Profile},
    say, shipped,
};
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

#[derive(Args)]
pub(crate) struct Dist {
    /// Where to lay it out; made if missing.
    #[arg(long, value_name = "D")]
    dir: PathBuf,
    /// Take the quick development build instead of the release build with a profile.
    #[arg(long)]
    dev: bool,
    /// Lay out only what authors of plugins need, which is not built.
    #[arg(long, conflicts_with = "dev")]
    sdk_only: bool,
}

/// Lays the tree out in the target folder, to see that it can be built.
pub(crate) fn check() -> Result<()> {
    let dist = Dist {
        dir: cargo::root().join("target/dist-check"),
        dev: false,
        sdk_only: false,
    };
    dist.run()
}

impl Dist {
    pub(crate) fn run(self) -> Result<()> {
        let share = self.dir.join("share/waybill");
        sdk::lay_out(cargo::root(), &share)?;
        if self.sdk_only {
            say::line(format!("laid out in {}", share.display()));
            return Ok(());
        }
        let built = match self.dev {
            true => cargo::build(Profile::Dev)?,
            false => shipped::build()?.built,
        };
        let root = cargo::root();
        let dir = &self.dir;
        copy(&built.waybill, &dir.join("bin/waybill"))?;
        copy(&built.mock_ups, &dir.join("bin/mock-ups"))?;
        let profile = if self.dev {
            Profile::Dev
        } else {
            Profile::Release
        };
        let carriers = cargo::build_carriers(profile)?;
        copy(&carriers.mock_carrier, &dir.join("bin/mock-carrier"))?;
        for (name, library) in &carriers.plugins {
            copy(library, &dir.join("plugins").join(name))?;
        }
        lock(&built.waybill, &dir.join("plugins"))?;
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            copy(
                &root.join(license),
                &dir.join("share/licenses").join(license),
            )?;
        }
        copy(
            &root.join("gateway/config/waybill.example.toml"),
            &dir.join("share/waybill.example.toml"),
        )?;
        for unit in ["waybill.service", "waybill.socket"] {
            let from = root.join("gateway").join(unit);
            copy(&from, &dir.join("share/systemd").join(unit))?;
        }
        for folder in ["scenarios", "tariffs"] {
            let share = dir.join("share/mock-ups").join(folder);
            copy_tree(&root.join("mock-ups").join(folder), &share)?;
        }
        copy(
            &root.join("gateway/config/waybill.schema.json"),
            &dir.join("share/waybill.schema.json"),
        )?;
        for (shell, file) in SHELLS {
            // From the program itself, so that the completions always fit it.
            let script = completions(&built.waybill, shell)?;
            write(&dir.join("share/completions").join(file), &script)?;
        }
        say::line(format!("laid out in {}", dir.display()));
        Ok(())
    }
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

fn completions(waybill: &Path, shell: &str) -> Result<Vec<u8>> {
    let output = Command::new(waybill)
        .args(["completions", shell])
        .output()?;
    ensure!(
        output.status.success(),
        "`waybill completions {shell}` failed"
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
