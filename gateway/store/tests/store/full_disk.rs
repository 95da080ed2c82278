//! A full disk, and one that may not be written: a small file system of the test's own, which only
//! root can mount.

use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A file system of a few megabytes; unmounted when it is dropped.
struct Small {
    folder: TempDir,
}

impl Small {
    fn mount(what: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs"])
            .arg(folder.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self { folder }),
            Ok(_) | Err(_) => {
                eprintln!("skipped: {what}, because this user cannot mount a small file system");
                None
            }
        }
    }

    fn place(&self) -> Place {
        let mut place = Place::sqlite();
        place.options.url = StoreUrl::Sqlite(self.folder.path().join("store.db"));
        place
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        let path = self.folder.path().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let block = [1; 512];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
        path
    }

    fn remount(&self, mode: &str) {
        let options = format!("remount,{mode}");
        let mut mount = Command::new("mount");
        assert!(
            mount
                .args(["-o", &options])
                .arg(self.folder.path())
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.folder.path())
            .status();
    }
}

async fn held(place: &Place) -> Store {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let first = completion(GrantStatus::Held, "1");
    store.replace_grant(&id("main"), &first, NOW).await.unwrap();
    store
}

/// A write that wants more room than the journal may have left.
async fn until_full(store: &Store) -> StoreError {
    let mut long = entry("main", "n");
    long.message = Some("x".repeat(20_000));
    for _ in 0..500 {
        if let Err(error) = store.note_renewal(&long).await {
            return error;
        }
    }
    panic!("the disk is never full");
}

// No room, no presentation; an answer that came has a place; it is there at the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_refuses_intents_and_keeps_answers() {
    let Some(small) = Small::mount("a full disk") else {
        return;
    };
    let place = small.place();
    let store = held(&place).await;
    let long = completion(GrantStatus::Held, &"1".repeat(30_000));
    store.add_account(&account("second")).await.unwrap();
    store
        .replace_grant(&id("second"), &long, NOW)
        .await
        .unwrap();
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    let ballast = small.fill();
    assert_eq!(store.healthy().await, Err(StoreError::Full));
    assert_eq!(until_full(&store).await, StoreError::Full);
    assert_eq!(store.healthy().await, Err(StoreError::Full));
    let refused = store
        .record_intent(&id("second"), GrantVersion(1), which, &intent("b"))
        .await;
    assert_eq!(refused, Err(StoreError::Full));
    let answer = SecretBytes::new(vec![b'r'; 16_000]);
    store
        .record_answer(&id("main"), &IntentId::new("a"), &answer)
        .await
        .unwrap();
    let slot = std::fs::read(small.folder.path().join("store.db.rescue")).unwrap();
    assert!(!slot.windows(16).any(|window| window == [b'r'; 16]));
    assert_eq!(store.grants().await.unwrap().len(), 2);
    std::fs::remove_file(ballast).unwrap();
    // With room again, writing goes on without a restart.
    assert_eq!(store.healthy().await, Ok(()));
    store.note_renewal(&entry("second", "room")).await.unwrap();
    store.close().await;
    let store = place.open().await;
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    let kept = grant.intent.unwrap().answer.expect("the answer was kept");
    assert_eq!(kept.expose(), answer.expose());
    let second = store.grant(&id("second")).await.unwrap().unwrap();
    assert_eq!(
        (second.status, second.intent.is_none()),
        (GrantStatus::Held, true)
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_disk_is_said() {
    let Some(small) = Small::mount("a read-only disk") else {
        return;
    };
    let place = small.place();
    held(&place).await.close().await;
    small.remount("ro");
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::Permission { .. }), "{refused}");
    assert!(Path::new(small.folder.path()).join("store.db").exists());
    small.remount("rw");
    place.open().await.close().await;
}
