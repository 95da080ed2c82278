//! Container images, written without a container engine: an image is tar archives and JSON. They hold the programs, the
//! C library of this machine and the certificate authorities, and no shell.

mod layout;

use super::{release::Release, tree::Tree};
use anyhow::{Context as _, Result, ensure};
use layout::Image;
use serde_json::json;
use std::{path::Path, process::Command};

/// The user of the programs, who may write to the state folder only.
const USER: u32 = 65532;
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    Ok(vec![
        layout::make(&waybill(release)?, release)?,
        layout::make(&mock_ups(release)?, release)?,
    ])
}

fn waybill(release: &Release) -> Result<Image> {
    let mut tree = base(release, "waybill")?;
    tree.copy_all("usr/lib/waybill/plugins", &release.laid_out("plugins"))?;
    for file in ["alerts.yml", "dashboard.json"] {
        let path = format!("share/waybill/observability/{file}");
        tree.copy(&format!("usr/{path}"), 0o644, &release.laid_out(&path))?;
    }
    let config = release.text("image/waybill.toml")?;
    tree.file("etc/waybill/waybill.toml", 0o644, config);
    let authorities = Path::new("/").join(AUTHORITIES);
    tree.copy(AUTHORITIES, 0o644, &authorities)
        .context("install the package ca-certificates")?;
    tree.folder("var/lib/waybill", 0o700);
    tree.give("var/lib/waybill", USER);
    Ok(Image {
        name: "waybill",
        tree,
        config: json!({
            "User": format!("{USER}:{USER}"),
            "Entrypoint": ["/usr/bin/waybill"],
            "Cmd": ["serve"],
            "WorkingDir": "/var/lib/waybill",
            "Volumes": { "/var/lib/waybill": {} },
            "ExposedPorts": { "8080/tcp": {}, "8081/tcp": {} },
            "Env": [
                "PATH=/usr/bin",
                "WAYBILL_CONFIG=/etc/waybill/waybill.toml",
                "WAYBILL_ADMIN_TOKEN_FILE=/var/lib/waybill/admin.token",
                // The root is read-only, and the copies are mapped: a volume that forbids that would not do.
                "WAYBILL_PLUGINS_CACHE=/var/lib/waybill/plugins",
            ],
            "Healthcheck": {
                "Test": ["CMD", "/usr/bin/waybill", "status"],
                "Interval": 10_000_000_000_u64, "Timeout": 5_000_000_000_u64, "StartPeriod": 5_000_000_000_u64,
            },
            "StopSignal": "SIGTERM",
        }),
    })
}

fn mock_ups(release: &Release) -> Result<Image> {
    Ok(Image {
        name: "mock-ups",
        tree: base(release, "mock-ups")?,
        config: json!({
            "User": format!("{USER}:{USER}"),
            "Entrypoint": ["/usr/bin/mock-ups"],
            "Cmd": ["--listen", "0.0.0.0:8099"],
            "ExposedPorts": { "8099/tcp": {} },
            "Env": ["PATH=/usr/bin"],
        }),
    })
}

/// A program, and what it needs to start.
fn base(release: &Release, program: &str) -> Result<Tree> {
    let mut tree = Tree::default();
    let file = release.laid_out("bin").join(program);
    tree.copy(&format!("usr/bin/{program}"), 0o755, &file)?;
    for library in libraries(&file)? {
        let path = library.trim_start_matches('/');
        tree.copy(path, 0o755, Path::new(&library))?;
    }
    for file in ["group", "nsswitch.conf", "passwd"] {
        let text = release.text(&format!("image/{file}"))?;
        tree.file(&format!("etc/{file}"), 0o644, text);
    }
    tree.folder("tmp", 0o1777);
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let from = release.laid_out(&format!("share/licenses/{license}"));
        tree.copy(&format!("usr/share/licenses/{license}"), 0o644, &from)?;
    }
    Ok(tree)
}

/// The files of the libraries that a program is linked with, and of the loader.
fn libraries(program: &Path) -> Result<Vec<String>> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .context("cannot start ldd, which belongs to the C library")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && !said.contains("not found"),
        "ldd cannot find the libraries of {}: {said}",
        program.display()
    );
    Ok(said.lines().filter_map(path).map(str::to_owned).collect())
}

/// The file in a line of `ldd`; what the kernel provides has none.
fn path(line: &str) -> Option<&str> {
    let file = line.split_once("=> ").map_or(line, |(_, file)| file);
    let (file, _) = file.trim().split_once(" (")?;
    file.starts_with('/').then_some(file)
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn files_of_libraries_are_found_in_what_ldd_says() {
        for (line, file) in [
            ("\tlinux-vdso.so.1 (0x00007ffd)", None),
            (
                "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1d)",
                Some("/lib/x86_64-linux-gnu/libc.so.6"),
            ),
            (
                "\t/lib64/ld-linux-x86-64.so.2 (0x00007f1e)",
                Some("/lib64/ld-linux-x86-64.so.2"),
            ),
        ] {
            assert_eq!(path(line), file);
        }
    }
}
