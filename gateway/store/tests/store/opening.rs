//! Opening: who may, with which key, and what is refused.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, Secret};
use gateway_store::*;
use std::os::unix::fs::PermissionsExt;

on_both!(
    a_command_is_told_who_has_the_store,
    a_wrong_key_is_said_and_changes_nothing,
    a_missing_key_is_said_and_not_made_anew,
    a_store_of_a_newer_version_is_refused,
    a_foreign_database_is_left_alone,
    nothing_secret_is_on_the_disk_or_in_debug,
);

async fn a_command_is_told_who_has_the_store(place: Place) {
    let store = place.open().await;
    let mut accesses = vec![Access::Offline, Access::Create];
    if !store.is_shared() {
        accesses.push(Access::Gateway);
    }
    for access in accesses {
        let refused = Store::open(&place.options, access).await.unwrap_err();
        let OpenError::Locked { by } = &refused else {
            panic!("{refused}");
        };
        let pid = format!("process {}", std::process::id());
        assert!(by.contains(&pid), "{by}");
    }
    store.healthy().await.unwrap();
    store.close().await;
    place.open().await.close().await;
}

// Sealed, never empty.
async fn a_wrong_key_is_said_and_changes_nothing(mut place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    store.close().await;
    let right = place.options.master_key.clone();
    let other = place.file("other-key");
    std::fs::write(&other, "00".repeat(32)).unwrap();
    std::fs::set_permissions(&other, PermissionsExt::from_mode(0o600)).unwrap();
    place.options.master_key = MasterKeySource::File(other);
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::WrongKey { .. }), "{refused}");
    place.options.master_key = right;
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    store.close().await;
}

async fn a_missing_key_is_said_and_not_made_anew(mut place: Place) {
    place.open().await.close().await;
    std::fs::remove_file(place.file("key")).unwrap();
    let refused = place.try_open().await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::Key(KeyError::Missing { .. })),
        "{refused}"
    );
    assert!(!place.file("key").exists());
    std::fs::write(place.file("key"), "nonsense").unwrap();
    std::fs::set_permissions(place.file("key"), PermissionsExt::from_mode(0o600)).unwrap();
    let refused = place.try_open().await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::Key(KeyError::Malformed { .. })),
        "{refused}"
    );
    std::fs::set_permissions(place.file("key"), PermissionsExt::from_mode(0o644)).unwrap();
    let refused = place.try_open().await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::Key(KeyError::Exposed { .. })),
        "{refused}"
    );
    for (source, says) in [
        (MasterKeySource::Command(vec!["false".to_owned()]), "failed"),
        (
            MasterKeySource::Command(vec!["/no/such/program".to_owned()]),
            "start",
        ),
        (MasterKeySource::Command(Vec::new()), "empty"),
        (
            MasterKeySource::Env("WAYBILL_NO_SUCH_KEY".to_owned()),
            "not set",
        ),
        (MasterKeySource::Ephemeral, "in memory"),
    ] {
        place.options.master_key = source;
        let refused = place.try_open().await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

/// A later version has added step 99, and says which programs can still use the schema.
async fn a_store_of_a_newer_version_is_refused(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    store.close().await;
    let newer = "INSERT INTO _sqlx_migrations \
                 (version, description, success, checksum, execution_time) \
                 SELECT 99, 'later', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    place.tamper(newer).await;
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 1, "it only added");
    store.healthy().await.unwrap();
    place.oldest_program(99).await;
    assert!(matches!(
        store.healthy().await,
        Err(StoreError::Newer { found: 99, .. })
    ));
    store.close().await;
    let refused = place.try_open().await.unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::Store(StoreError::Newer { found: 99, .. })
        ),
        "{refused}"
    );
    // A version that said nothing about it.
    place
        .tamper("DELETE FROM meta WHERE name = 'oldest_program'")
        .await;
    place.try_open().await.unwrap_err();
    place
        .tamper("DELETE FROM _sqlx_migrations WHERE version = 99")
        .await;
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    store.close().await;
}

async fn a_foreign_database_is_left_alone(place: Place) {
    place.tamper("CREATE TABLE accounts (whose TEXT)").await;
    place.tamper("INSERT INTO accounts VALUES ('theirs')").await;
    if let StoreUrl::Sqlite(path) = &place.options.url {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::NotAStore { .. }), "{refused}");
    place
        .tamper("UPDATE accounts SET whose = 'still theirs'")
        .await;
}

// No planted secret in a file or in debug output.
async fn nothing_secret_is_on_the_disk_or_in_debug(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let held = completion(GrantStatus::Held, "1");
    store.replace_grant(&id("main"), &held, NOW).await.unwrap();
    store.add_consent(&consent(1, "main")).await.unwrap();
    let said = format!(
        "{store:?} {:?} {:?} {:?}",
        place.options,
        store.accounts().await,
        store.grants().await
    );
    assert!(!said.contains("canary"), "{said}");
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        let bytes = std::fs::read(entry.path()).unwrap();
        let found = bytes.windows(6).any(|window| window == b"canary");
        assert!(!found, "{:?}", entry.path());
    }
    store.close().await;
}

#[test]
fn url_is_memory_a_file_or_postgres() {
    let folder = std::path::Path::new("/var/lib/waybill");
    let file = |text| match StoreUrl::parse(text, folder) {
        Ok(StoreUrl::Sqlite(path)) => path.display().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(file("sqlite:store.db"), "/var/lib/waybill/store.db");
    assert_eq!(file("sqlite:/srv/a b.db"), "/srv/a b.db");
    assert_eq!(file("sqlite:///srv/a.db"), "/srv/a.db");
    assert!(matches!(
        StoreUrl::parse("memory:", folder),
        Ok(StoreUrl::Memory)
    ));
    let url = StoreUrl::parse("postgres://u:canary@h/d", folder);
    assert!(matches!(url, Ok(StoreUrl::Postgres(_))));
    assert!(!format!("{url:?}").contains("canary"));
    for wrong in [
        "",
        "memory",
        "sqlite:",
        "sqlite:dir/",
        "mysql://u:canary@h/d",
        "store.db",
    ] {
        let why = StoreUrl::parse(wrong, folder).unwrap_err();
        assert!(!why.contains("canary"), "{why}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_without_its_password() {
    let url = "postgres://waybill:canary@127.0.0.1:1/none".to_owned();
    let options = StoreOptions {
        url: StoreUrl::Postgres(Secret::new(url)),
        master_key: MasterKeySource::Env("WAYBILL_NO_SUCH_KEY".to_owned()),
        old_keys: Vec::new(),
        listen_url: None,
    };
    let refused = Store::open(&options, Access::Offline).await.unwrap_err();
    let said = format!("{refused} {refused:?}");
    assert!(
        matches!(refused, OpenError::Store(StoreError::Unavailable { .. })),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_store_in_memory_needs_no_files() {
    let options = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::Ephemeral,
        old_keys: Vec::new(),
        listen_url: None,
    };
    let store = Store::open(&options, Access::Gateway).await.unwrap();
    let other = Store::open(&options, Access::Gateway).await.unwrap();
    store.add_account(&account("main")).await.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    assert_eq!(other.accounts().await.unwrap().len(), 0);
    assert_eq!(store.kind(), "memory");
}
