//! A full disk and one that may not be written: a small file system of the test's own, which only
//! root can mount.

use super::{content, put, refused, world};
use std::{io::Write as _, path::Path, process::Command};
use tempfile::TempDir;
use tests::{Process, eventually, serve, skipped};

/// A file system of some megabytes; unmounted when it is dropped.
struct Small(TempDir);

impl Small {
    fn mount(what: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let options = ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"];
        let mounted = Command::new("mount")
            .args(options)
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        skipped(what, "this user cannot mount a small file system");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The `[store]` section of a store on it.
    fn store(&self) -> String {
        format!(
            "[store]\nurl = \"sqlite://{}\"\n",
            self.path().join("waybill.db").display()
        )
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut ballast =
            std::fs::File::create(self.path().join("ballast")).expect("the test owns the folder");
        while ballast.write_all(&[1; 512]).is_ok() {}
    }

    fn remount(&self, mode: &str) {
        let options = format!("remount,{mode}");
        let mut mount = Command::new("mount");
        let status = mount.args(["-o", &options]).arg(self.path()).status();
        assert!(status.is_ok_and(|status| status.success()));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

const ADD: [&str; 10] = [
    "account",
    "add",
    "more",
    "--env",
    "test",
    "--client-id",
    "mock-client",
    "--number",
    "A1B2C3",
    "--secret-stdin",
];

#[tokio::test]
async fn full_disk_is_said_and_nothing_is_lost() {
    let Some(small) = Small::mount("the gateway on a full disk") else {
        return;
    };
    let world = world(&small.store()).await;
    let before = content(&world.gateway).await;
    small.fill();
    let store = async || {
        let ready = world.admin.get("/readyz").await;
        // Apps are not sent away: they are served with the tokens in memory.
        assert_eq!(ready.status(), 200, "{}", ready.text());
        ready.json()["store"].clone()
    };
    eventually("readiness tells of the full disk", async || {
        let store = store().await;
        store["reason"]
            .as_str()
            .unwrap_or_default()
            .contains("disk is full")
    })
    .await;
    let done = world.gateway.waybill("mock-secret", &ADD).await;
    refused(&done, 5, &["the store's disk is full", "make room"]);
    put(&world.gateway, "p", "a long passphrase");
    let file = small.path().join("b.wb").display().to_string();
    let done = world
        .gateway
        .waybill("", &["backup", &file, "--passphrase-file", "p"])
        .await;
    assert!(matches!(done.code, Some(1 | 5)), "{done:?}");
    assert!(done.stderr.starts_with("error: "), "{}", done.stderr);
    let left: Vec<_> = std::fs::read_dir(small.path())
        .expect("the test owns the folder")
        .flatten()
        .collect();
    let whole = |name: &std::ffi::OsStr| {
        name == "ballast"
            || name
                .to_str()
                .is_some_and(|name| name.starts_with("waybill."))
    };
    assert!(
        left.iter().all(|entry| whole(&entry.file_name())),
        "{left:?}"
    );
    // Apps notice nothing.
    world.shop().await.assert_rates();
    std::fs::remove_file(small.path().join("ballast")).expect("the test owns the folder");
    assert_eq!(content(&world.gateway).await, before);
    let done = world.gateway.waybill("mock-secret", &ADD).await;
    assert_eq!(done.code, Some(0), "there is room again: {}", done.stderr);
    eventually("readiness tells of the room", async || {
        store().await["ready"] == true
    })
    .await;
}

#[tokio::test]
async fn read_only_file_is_said_and_nothing_is_lost() {
    let Some(small) = Small::mount("the gateway on a disk that may not be written") else {
        return;
    };
    let world = world(&small.store()).await;
    let before = content(&world.gateway).await;
    let mut gateway = world.gateway;
    let folder = gateway.process.kill();
    small.remount("ro");
    let mut process = Process::spawn(&mut serve(folder.path()), folder);
    assert_eq!(process.ended().await.code(), Some(1));
    let said = process.stderr();
    assert!(
        said.contains("error") && said.contains("ead-only"),
        "{said}"
    );
    assert!(
        said.contains("mode") || said.contains("mount"),
        "the way out: {said}"
    );
    small.remount("rw");
    gateway = tests::Gateway::resume(process.kill()).await;
    assert_eq!(content(&gateway).await, before);
}
