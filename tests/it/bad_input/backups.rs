//! Backups that do not open, lists that cannot be read, stores of another version.

use super::{STORE, content, put, refused, world};
use sqlx::Connection as _;
use std::path::Path;
use tests::{Done, Gateway, Process, command_line, run_command, serve};

/// A command while the gateway is down.
async fn offline(folder: &Path, args: &[&str]) -> Done {
    let mut command = command_line(folder);
    command.args(args);
    run_command(command).await
}

#[tokio::test]
async fn bad_backup_is_refused_and_the_store_is_as_it_was() {
    let world = world(STORE).await;
    put(&world.gateway, "p", "a long passphrase");
    put(&world.gateway, "wrong", "another passphrase");
    put(&world.gateway, "short", "short");
    let backup = ["backup", "b.wb", "--passphrase-file", "p"];
    let done = world.gateway.waybill("", &backup).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let done = world.gateway.waybill("", &backup).await;
    refused(&done, 2, &["is not overwritten: name another file"]);
    let weak = ["backup", "c.wb", "--passphrase-file", "short"];
    let done = world.gateway.waybill("", &weak).await;
    refused(&done, 5, &["fewer than 12 characters"]);
    let folder = world.gateway.process.folder();
    assert!(!folder.join("c.wb").exists(), "half a backup stays");
    let whole = std::fs::read(folder.join("b.wb")).expect("it was made");
    let before = content(&world.gateway).await;

    let folder = world.gateway.process.kill();
    let path = folder.path();
    let restore = |file, passphrase| {
        [
            "restore",
            file,
            "--replace",
            "--yes",
            "--passphrase-file",
            passphrase,
        ]
    };
    let done = offline(path, &restore("b.wb", "wrong")).await;
    refused(&done, 5, &["does not open this backup"]);
    for length in [0, 1, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(path.join("cut.wb"), &whole[..length]).expect("the test owns the folder");
        refused(&offline(path, &restore("cut.wb", "p")).await, 5, &[]);
    }
    let done = offline(path, &restore("absent.wb", "p")).await;
    refused(&done, 2, &["absent.wb"]);
    let without_replace = ["restore", "b.wb", "--passphrase-file", "p"];
    let done = offline(path, &without_replace).await;
    refused(&done, 5, &["not empty", "--replace", "nothing was changed"]);

    let gateway = Gateway::resume(folder).await;
    assert_eq!(content(&gateway).await, before);
}

/// A key instead of a passphrase, for who makes backups by the clock.
#[tokio::test]
async fn backup_under_a_key_opens_with_that_key_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = world(STORE).await;
    let folder = world.gateway.process.folder();
    let key = |name: &str, text: &str, mode| {
        put(&world.gateway, name, text);
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.join(name), mode).expect("the test owns the folder");
    };
    key("key", &"5a".repeat(32), 0o600);
    key("wrong", &"5b".repeat(32), 0o600);
    key("open", &"5a".repeat(32), 0o644);
    key("junk", "planted", 0o600);
    put(&world.gateway, "p", "a long passphrase");
    let before = content(&world.gateway).await;
    let backup = async |key: &str| {
        let args = ["backup", "b.wb", "--key-file", key];
        world.gateway.waybill("", &args).await
    };
    refused(&backup("absent").await, 2, &["absent does not exist"]);
    refused(&backup("open").await, 2, &["mode 644", "chmod 600"]);
    let junk = backup("junk").await;
    refused(&junk, 2, &["junk holds none", "openssl rand -base64 32"]);
    assert!(!junk.stderr.contains("planted"), "{}", junk.stderr);
    let done = backup("key").await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(
        done.stderr.contains("keep the key apart"),
        "{}",
        done.stderr
    );

    let folder = world.gateway.process.kill();
    let path = folder.path();
    let restore = async |seal: [&str; 2]| {
        let args = [&["restore", "b.wb", "--replace", "--yes"], &seal[..]].concat();
        offline(path, &args).await
    };
    let wrong = restore(["--key-file", "wrong"]).await;
    refused(&wrong, 5, &["does not open this backup"]);
    let words = restore(["--passphrase-file", "p"]).await;
    refused(&words, 5, &["the backup is sealed with a key"]);
    let done = restore(["--key-file", "key"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let both = ["backup", "c.wb", "--offline", "--key-file", "key"];
    let done = offline(path, &[&both[..], &["--passphrase-file", "p"]].concat()).await;
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    let done = offline(path, &both).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);

    let gateway = Gateway::resume(folder).await;
    let after = content(&gateway).await;
    assert_eq!(after["accounts"], before["accounts"]);
    assert_eq!(after["apps"], before["apps"]);
    assert_eq!(after["token"][0], before["token"][0], "the token serves on");
}

/// Who makes backups need not be able to open them.
#[tokio::test]
async fn backup_for_a_recipient_opens_with_the_key_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = world(STORE).await;
    let folder = world.gateway.process.folder();
    put(&world.gateway, "key", "5a".repeat(32));
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.join("key"), mode).expect("the test owns the folder");
    let said = world
        .gateway
        .waybill("", &["key", "recipient", "--key-file", "key"])
        .await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let recipient = said.stdout.trim();
    std::fs::rename(folder.join("key"), folder.join("elsewhere"))
        .expect("the test owns the folder");
    let secret = ["backup", "b.wb", "--recipient", &"5a".repeat(32)];
    let secret = world.gateway.waybill("", &secret).await;
    refused(&secret, 2, &["waybill key recipient"]);
    let backup = ["backup", "b.wb", "--recipient", recipient];
    let done = world.gateway.waybill("", &backup).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);

    let folder = world.gateway.process.kill();
    let restore = [
        "restore",
        "b.wb",
        "--replace",
        "--yes",
        "--key-file",
        "elsewhere",
    ];
    let done = offline(folder.path(), &restore).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[tokio::test]
async fn list_with_broken_rows_changes_nothing() {
    let world = world(STORE).await;
    let list = "name,account_number,access_key,user_id,environment\n\
                Shop,A1B2C3,planted-key,merchant,test\n,A1B2C3,,,\nDepot,no number,,,moon\n\
                Shop,D4E5F6,,,test\n\"open";
    put(&world.gateway, "list.csv", list);
    put(&world.gateway, "s", "mock-secret");
    let before = content(&world.gateway).await;
    for command in ["plan", "run"] {
        let args = [
            "migrate",
            command,
            "list.csv",
            "--client-id",
            "mock-client",
            "--secret-file",
            "s",
        ];
        let done = world.gateway.waybill("", &args).await;
        let said = [
            "list.csv:3: name is empty",
            "list.csv:4: ",
            "nothing was done",
        ];
        refused(&done, 2, &said);
        assert!(!done.stderr.contains("planted-key"), "{}", done.stderr);
    }
    assert_eq!(content(&world.gateway).await, before);
}

/// A downgrade: the older program leaves the newer one's store alone.
#[tokio::test]
async fn store_of_a_newer_version_is_left_alone() {
    let world = world(STORE).await;
    let before = content(&world.gateway).await;
    let folder = world.gateway.process.kill();
    change(
        folder.path(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 99, 'later', success, checksum, 1 FROM _sqlx_migrations LIMIT 1",
    )
    .await;
    // It says that only programs from there on can use the schema.
    change(
        folder.path(),
        "UPDATE meta SET value = x'0000000000000063' WHERE name = 'oldest_program'",
    )
    .await;
    let says = ["schema 99", "start the newer version"];
    let mut process = Process::spawn(&mut serve(folder.path()), folder);
    assert_eq!(process.ended().await.code(), Some(1));
    for words in says {
        assert!(process.stderr().contains(words), "{}", process.stderr());
    }
    let folder = process.kill();
    std::fs::write(folder.path().join("p"), "a long passphrase").expect("the test owns the folder");
    let backup = ["backup", "b.wb", "--offline", "--passphrase-file", "p"];
    refused(&offline(folder.path(), &backup).await, 1, &says);
    assert!(!folder.path().join("b.wb").exists());
    change(
        folder.path(),
        "DELETE FROM _sqlx_migrations WHERE version = 99",
    )
    .await;
    let gateway = Gateway::resume(folder).await;
    assert_eq!(content(&gateway).await, before);
}

async fn change(folder: &Path, statement: &'static str) {
    let url = format!("sqlite://{}", folder.join("waybill.db").display());
    let opened = sqlx::SqliteConnection::connect(&url).await;
    let mut connection = opened.expect("a database");
    let done = sqlx::query(statement).execute(&mut connection).await;
    assert_eq!(done.expect("it is taken").rows_affected(), 1);
    connection.close().await.expect("it closes");
}
