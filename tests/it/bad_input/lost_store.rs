//! A store that is deleted under the running gateway, a lock that somebody removes, and a key without a
//! store.

use super::{STORE, content, put, refused, world};
use http::StatusCode;
use std::path::Path;
use tests::{
    ConfigFile, Done, Gateway, Process, World, command_line, eventually, run_command, serve,
};

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

async fn offline(folder: &Path, args: &[&str]) -> Done {
    let mut command = command_line(folder);
    command.args(args);
    run_command(command).await
}

/// What a start says that is refused.
async fn refused_start(folder: tempfile::TempDir) -> (String, tempfile::TempDir) {
    let mut process = Process::spawn(&mut serve(folder.path()), folder);
    assert_eq!(process.ended().await.code(), Some(1));
    let said = process.stderr();
    (said, process.kill())
}

async fn is_ready(world: &World, ready: bool, says: &str) {
    eventually("readiness tells of the store", async || {
        let answer = world.admin.get("/readyz").await;
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let body = answer.json();
        let reason = body["store"]["reason"].as_str().unwrap_or_default();
        answer.status() == status && body["store"]["ready"] == ready && reason.contains(says)
    })
    .await;
}

#[tokio::test]
async fn deleted_store_is_noticed_backed_up_and_restored() {
    let world = world(STORE).await;
    is_ready(&world, true, "").await;
    let before = content(&world.gateway).await;
    let folder = world.gateway.process.folder();
    for file in ["waybill.db", "waybill.db-wal", "waybill.db-shm"] {
        std::fs::remove_file(folder.join(file)).expect("it is there");
    }
    is_ready(&world, false, "waybill.db was deleted").await;
    let done = world.gateway.waybill("mock-secret", &ADD).await;
    refused(
        &done,
        5,
        &["the store is lost", "nothing is stored", "waybill backup"],
    );
    // Apps notice nothing.
    world.shop().await.assert_rates();
    eventually("the log and the metrics tell", async || {
        let logged = world.gateway.process.stderr();
        logged.contains("the store cannot be used")
            && world.metric("waybill_store_usable").await == Some(0.0)
    })
    .await;
    put(&world.gateway, "p", "a long passphrase");
    let backup = ["backup", "b.wb", "--passphrase-file", "p"];
    let done = world.gateway.waybill("", &backup).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);

    let (said, folder) = refused_start(world.gateway.process.kill()).await;
    for words in [
        "there is no store at",
        "waybill.key",
        "waybill restore",
        "waybill store create",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    assert!(!folder.path().join("waybill.db").exists());
    let done = offline(
        folder.path(),
        &["backup", "c.wb", "--offline", "--passphrase-file", "p"],
    );
    refused(&done.await, 2, &["there is no store at"]);
    let restore = ["restore", "b.wb", "--passphrase-file", "p"];
    let done = offline(folder.path(), &restore).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let gateway = Gateway::resume(folder).await;
    let after = content(&gateway).await;
    for part in ["accounts", "apps"] {
        assert_eq!(after[part], before[part]);
    }
}

#[tokio::test]
async fn moved_store_that_comes_back_is_used_again() {
    let world = world(STORE).await;
    let folder = world.gateway.process.folder();
    std::fs::rename(folder.join("waybill.db"), folder.join("away")).expect("it is there");
    is_ready(&world, false, "waybill.db was deleted").await;
    std::fs::rename(folder.join("away"), folder.join("waybill.db")).expect("it is there");
    is_ready(&world, true, "").await;
    let done = world.gateway.waybill("mock-secret", &ADD).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[tokio::test]
async fn living_gateway_keeps_others_out_without_its_lock_file() {
    let world = world(STORE).await;
    let before = content(&world.gateway).await;
    put(&world.gateway, "p", "a long passphrase");
    let backup = ["backup", "b.wb", "--passphrase-file", "p"];
    let done = world.gateway.waybill("", &backup).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let folder = world.gateway.process.folder();
    let restore = [
        "restore",
        "b.wb",
        "--replace",
        "--yes",
        "--passphrase-file",
        "p",
    ];
    let (store, lock) = (folder.join("waybill.db"), folder.join("waybill.db.lock"));
    for case in ["whole", "moved", "without the lock file"] {
        match case {
            "moved" => std::fs::rename(&store, folder.join("away")).expect("it is there"),
            "without the lock file" => std::fs::remove_file(&lock).expect("it is there"),
            _ => {}
        }
        let done = offline(&folder, &restore).await;
        refused(&done, 5, &["the store is in use by process "]);
        let mut second = serve(&folder);
        second.env("WAYBILL_LISTEN_ADMIN", "127.0.0.1:0");
        let done = run_command(second).await;
        assert_eq!(done.code, Some(1), "{case}: {}", done.stderr);
        assert!(
            done.stderr.contains("the store is in use by process "),
            "{case}: {}",
            done.stderr
        );
        if case == "moved" {
            assert!(!store.exists(), "a store was made");
            std::fs::rename(folder.join("away"), &store).expect("it is there");
        }
    }
    assert_eq!(content(&world.gateway).await, before);
}

#[tokio::test]
async fn first_start_with_a_key_of_the_operator_is_made_on_purpose() {
    use std::os::unix::fs::PermissionsExt;

    let mut config = ConfigFile::for_mock("http://127.0.0.1:9");
    config.more = format!("{STORE}master_key = {{ file = \"own.key\" }}\n");
    let folder = tests::folder(&config);
    let key = folder.path().join("own.key");
    std::fs::write(&key, "5a".repeat(32)).expect("the test owns the folder");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600))
        .expect("the test owns the folder");
    let (said, folder) = refused_start(folder).await;
    assert!(said.contains("waybill store create"), "{said}");
    let done = offline(folder.path(), &["store", "create"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let done = offline(folder.path(), &["store", "create"]).await;
    refused(&done, 5, &["already", "nothing was changed"]);
    let gateway = Gateway::resume(folder).await;
    let done = gateway.waybill("", &["status"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
