//! The Debian packages, in a root of their own.

use super::{find, has, packages};
use std::{fs, os::unix::fs::MetadataExt as _, path::Path, process::Command};
use tests::{Done, run_command, skipped};

/// Whether packages can be installed here; if not, says why.
fn is_possible(what: &str) -> bool {
    let is_root = fs::metadata("/proc/self").expect("Linux has it").uid() == 0;
    if !is_root {
        skipped(what, "only root can install packages");
    } else if !has("dpkg") || !has("systemd-sysusers") {
        skipped(what, "dpkg or systemd-sysusers is not installed");
    }
    is_root && has("dpkg") && has("systemd-sysusers")
}

/// A folder that `dpkg` takes for a machine without any package.
fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("the test owns the folder");
    for folder in [
        "etc",
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/triggers",
    ] {
        fs::create_dir_all(root.path().join(folder)).expect("the test owns the folder");
    }
    fs::write(root.path().join("var/lib/dpkg/status"), "").expect("the test owns the folder");
    root
}

async fn dpkg(root: &Path, arguments: &[&str], purge_data: bool) -> Done {
    let mut command = Command::new("dpkg");
    command
        .arg(format!("--root={}", root.display()))
        // The root has no shell, so scripts run outside with `DPKG_ROOT`; and no C library, so nothing is satisfied.
        .args([
            "--force-script-chrootless",
            "--force-depends",
            "--force-confold",
        ])
        .args(arguments);
    if purge_data {
        command.env("WAYBILL_PURGE_DATA", "yes");
    }
    let done = run_command(command).await;
    assert_eq!(
        done.code,
        Some(0),
        "{arguments:?}: {}{}",
        done.stdout,
        done.stderr
    );
    done
}

#[tokio::test]
async fn debian_package_is_installed_upgraded_and_purged() {
    if !is_possible("the Debian package") {
        return;
    }
    let package = find(packages().await, "waybill_", ".deb")
        .display()
        .to_string();
    let machine = machine();
    let root = machine.path();
    dpkg(root, &["--install", &package], false).await;
    let mode = |path: &str| {
        fs::metadata(root.join(path))
            .expect("the test owns the folder")
            .mode()
            & 0o7777
    };
    assert_eq!(mode("usr/bin/waybill"), 0o755);
    assert_eq!(mode("etc/waybill/secrets"), 0o700);
    let users = fs::read_to_string(root.join("etc/passwd")).expect("the test owns the folder");
    assert!(users.contains("waybill:"), "{users}");
    for file in [
        "man/man1/waybill-account-add.1.gz",
        "waybill/observability/alerts.yml",
        "waybill/observability/dashboard.json",
    ] {
        assert!(root.join("usr/share").join(file).exists(), "{file}");
    }

    // The program that was installed takes the configuration and the plugins that were installed.
    let mut check = Command::new(root.join("usr/bin/waybill"));
    check.args(["check-config", "--config"]);
    check.arg(root.join("etc/waybill/waybill.toml"));
    check.env("WAYBILL_PLUGINS_DIR", root.join("usr/lib/waybill/plugins"));
    check.env(
        "WAYBILL_STORE_URL",
        format!("sqlite://{}", root.join("var/lib/waybill.db").display()),
    );
    let done = run_command(check).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);

    let config = root.join("etc/waybill/waybill.toml");
    fs::write(&config, "# changed by the operator\n").expect("the test owns the folder");
    let state = root.join("var/lib/waybill");
    fs::create_dir_all(&state).expect("the test owns the folder");
    fs::write(state.join("waybill.key"), "key").expect("the test owns the folder");
    dpkg(root, &["--install", &package], false).await;
    let kept = fs::read_to_string(&config).expect("the test owns the folder");
    assert_eq!(kept, "# changed by the operator\n", "an upgrade keeps it");

    let said = dpkg(root, &["--purge", "waybill"], false).await.stdout;
    assert!(!config.exists() && !root.join("usr/bin/waybill").exists());
    assert!(state.join("waybill.key").exists(), "data is kept: {said}");
    assert!(
        said.contains("/var/lib/waybill") && said.contains("WAYBILL_PURGE_DATA"),
        "{said}"
    );

    dpkg(root, &["--install", &package], false).await;
    dpkg(root, &["--purge", "waybill"], true).await;
    assert!(!state.exists() && !root.join("etc/waybill/secrets").exists());
}

#[tokio::test]
async fn mocks_are_a_package_of_their_own() {
    if !is_possible("the Debian package of the mocks") {
        return;
    }
    let package = find(packages().await, "mock-ups_", ".deb")
        .display()
        .to_string();
    let machine = machine();
    dpkg(machine.path(), &["--install", &package], false).await;
    let done = run_command({
        let mut help = Command::new(machine.path().join("usr/bin/mock-carrier"));
        help.arg("--help");
        help
    })
    .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    dpkg(machine.path(), &["--purge", "mock-ups"], false).await;
    assert!(!machine.path().join("usr/bin/mock-ups").exists());
}

/// The rules of Debian's own checker; it takes half a minute.
#[tokio::test]
async fn debian_packages_pass_lintian() {
    if !tests_kit::is_full() || !has("lintian") {
        return skipped(
            "lintian",
            "it belongs to `cargo xtask test --full`, where it is installed",
        );
    }
    for name in ["waybill_", "mock-ups_"] {
        let mut lintian = Command::new("lintian");
        lintian.args([
            "--fail-on",
            "error,warning",
            "--allow-root",
            "--tag-display-limit",
            "0",
        ]);
        // A development build keeps its symbols.
        lintian.args(["--suppress-tags", "unstripped-binary-or-object"]);
        lintian.arg(find(packages().await, name, ".deb"));
        let done = run_command(lintian).await;
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    }
}
