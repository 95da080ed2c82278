//! A store that is deleted, moved or replaced while it is open, or before it is opened.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use std::os::unix::fs::PermissionsExt;

on_both!(
    key_without_a_store_is_refused_and_nothing_is_made,
    store_is_made_under_a_key_that_is_there_on_purpose,
    start_that_was_killed_while_it_made_the_store_goes_on,
    write_is_tried_and_leaves_nothing,
    other_store_under_an_open_store_is_noticed,
);

/// An open store with an account and a single-use grant.
async fn held(place: &Place) -> Store {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let first = completion(GrantStatus::Held, "1");
    store.replace_grant(&id("main"), &first, NOW).await.unwrap();
    store
}

fn provide_key(place: &Place) {
    std::fs::write(place.file("key"), "5a".repeat(32)).unwrap();
    std::fs::set_permissions(place.file("key"), PermissionsExt::from_mode(0o600)).unwrap();
}

/// Bytes as the place's database writes them.
fn blob(place: &Place, text: &str) -> String {
    match place.options.url {
        StoreUrl::Sqlite(_) => format!("CAST('{text}' AS BLOB)"),
        StoreUrl::Postgres(_) | StoreUrl::Memory => format!("'{text}'"),
    }
}

/// Everything that writes gets the reason, and everything that reads goes on.
async fn accepts_nothing(store: &Store, says: &str) {
    let which = Presentation::Ordinary;
    let outcomes = [
        ("healthy", store.healthy().await),
        ("an account", store.add_account(&account("new")).await),
        ("an app", store.put_app(&app("shop", &["main"])).await),
        (
            "an intent",
            store
                .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
                .await,
        ),
        (
            "an audit entry",
            store
                .audit_begin(NOW, "test", "test", "test", "{}")
                .await
                .map(drop),
        ),
    ];
    for (what, outcome) in outcomes {
        let Err(StoreError::Lost { .. }) = &outcome else {
            panic!("{what}: {outcome:?}");
        };
        let said = outcome.unwrap_err().to_string();
        assert!(said.contains(says), "{what}: {said}");
    }
    assert_eq!(store.accounts().await.map(|all| all.len()), Ok(1));
}

// Every file of the store, deleted and replaced. Its return ends the trouble.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_that_is_gone_or_another_is_noticed_at_once() {
    for file in [
        "store.db",
        "store.db-wal",
        "store.db-shm",
        "store.db.rescue",
    ] {
        for replaced in [false, true] {
            let place = Place::sqlite();
            let store = held(&place).await;
            std::fs::rename(place.file(file), place.file("elsewhere")).unwrap();
            if replaced {
                std::fs::copy(place.file("elsewhere"), place.file(file)).unwrap();
            }
            accepts_nothing(&store, file).await;
            std::fs::rename(place.file("elsewhere"), place.file(file)).unwrap();
            assert_eq!(store.healthy().await, Ok(()), "{file}");
            store.add_account(&account("new")).await.unwrap();
            store.close().await;
        }
    }
}

// An ordinary stop keeps what was in a journal that somebody deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_journal_costs_nothing_after_an_ordinary_stop() {
    let place = Place::sqlite();
    let store = held(&place).await;
    std::fs::remove_file(place.file("store.db-wal")).unwrap();
    accepts_nothing(&store, "-wal").await;
    store.close().await;
    let store = place.open().await;
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(grant.version, GrantVersion(1));
    assert_eq!(grant.status, GrantStatus::Held);
    store.close().await;
}

// The answer of a presentation that was under way has its place, and a backup can still be made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_store_can_be_backed_up_and_keeps_answers() {
    let place = Place::sqlite();
    let store = held(&place).await;
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        std::fs::remove_file(place.file(file)).unwrap();
    }
    let answer = SecretBytes::new(b"raw".to_vec());
    store
        .record_answer(&id("main"), &IntentId::new("a"), &answer)
        .await
        .unwrap();
    let passphrase = gateway_model::Secret::new("a long passphrase".to_owned());
    let protection = gateway_model::Protection::Passphrase(passphrase);
    let mut backup = Vec::new();
    let made = store
        .backup(&mut backup, &protection, NOW, &mut |_, _| {})
        .await;
    assert_eq!(made.unwrap().accounts(), 1);
    store.close().await;
    let refused = place.try_open().await.unwrap_err();
    assert!(
        matches!(refused, OpenError::KeyWithoutStore { .. }),
        "{refused}"
    );
    let store = Store::open(&place.options, Access::Create).await.unwrap();
    let mut file = backup.as_slice();
    let restored = store.restore(&mut file, &protection, Overwrite::Refuse);
    restored.await.unwrap();
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(grant.status, GrantStatus::OutcomeUnknown);
    store.close().await;
}

async fn key_without_a_store_is_refused_and_nothing_is_made(mut place: Place) {
    provide_key(&place);
    let command = MasterKeySource::Command(vec!["cat".to_owned(), "key".to_owned()]);
    let variable = MasterKeySource::Env("PATH".to_owned());
    for source in [place.options.master_key.clone(), command, variable] {
        place.options.master_key = source;
        let refused = place.try_open().await.unwrap_err();
        let said = refused.to_string();
        assert!(
            matches!(refused, OpenError::KeyWithoutStore { .. }),
            "{said}"
        );
        for words in ["waybill restore", "waybill store create"] {
            assert!(said.contains(words), "{said}");
        }
    }
    if let StoreUrl::Sqlite(_) = place.options.url {
        let left: Vec<_> = std::fs::read_dir(place.folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "only the key: {left:?}");
        // A file that was emptied is no store either.
        std::fs::write(place.file("store.db"), "").unwrap();
        let refused = place.try_open().await.unwrap_err();
        assert!(matches!(refused, OpenError::KeyWithoutStore { .. }));
    }
    let refused = Store::open(&place.options, Access::Offline).await;
    let refused = refused.map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::NoStore { .. }), "{refused}");
}

async fn store_is_made_under_a_key_that_is_there_on_purpose(place: Place) {
    provide_key(&place);
    let store = Store::open(&place.options, Access::Create).await.unwrap();
    assert!(store.is_new());
    store.close().await;
    let store = Store::open(&place.options, Access::Create).await.unwrap();
    assert!(!store.is_new());
    store.close().await;
    let store = place.open().await;
    assert!(!store.is_new());
    store.close().await;
}

async fn start_that_was_killed_while_it_made_the_store_goes_on(place: Place) {
    let store = place.open().await;
    assert!(store.is_new());
    store.close().await;
    // As it is after the key was made and before the identity was written.
    place.tamper("DELETE FROM meta").await;
    let trace = format!(
        "INSERT INTO meta (name, value) VALUES ('creation', {})",
        blob(&place, "")
    );
    place.tamper(&trace).await;
    let store = place.open().await;
    assert!(store.is_new());
    store.add_account(&account("main")).await.unwrap();
    store.close().await;
    // Without that trace it is a store that lost its identity.
    place.tamper("DELETE FROM meta").await;
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::KeyWithoutStore { .. }));
}

async fn write_is_tried_and_leaves_nothing(place: Place) {
    let store = held(&place).await;
    let size = || std::fs::metadata(place.file("store.db-wal")).map_or(0, |meta| meta.len());
    store.healthy().await.unwrap();
    let before = size();
    for _ in 0..50 {
        store.healthy().await.unwrap();
    }
    assert_eq!(size(), before, "the journal does not grow by it");
    store.add_account(&account("more")).await.unwrap();
    store.close().await;
    // It fails if the row is there.
    let row = format!(
        "INSERT INTO meta (name, value) VALUES ('write_probe', {})",
        blob(&place, "")
    );
    place.tamper(&row).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_copy_under_an_open_store_is_noticed() {
    let place = Place::sqlite();
    let store = held(&place).await;
    place.tamper("DELETE FROM meta WHERE name = 'mark'").await;
    assert!(matches!(
        store.healthy().await,
        Err(StoreError::Lost { .. })
    ));
    accepts_nothing(&store, "older copy").await;
    store.close().await;
}

async fn other_store_under_an_open_store_is_noticed(place: Place) {
    let store = held(&place).await;
    let other = blob(&place, "another identity");
    place
        .tamper(&format!(
            "UPDATE meta SET value = {other} WHERE name = 'store_id'"
        ))
        .await;
    accepts_nothing(&store, "another store").await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_tables_are_noticed() {
    let Some(place) = Place::postgres("deleted tables").await else {
        return;
    };
    let store = held(&place).await;
    place.tamper("ALTER TABLE meta RENAME TO gone").await;
    accepts_nothing(&store, "tables").await;
    store.close().await;
}

// Sessions that stay, and a server that takes no writes any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_server_is_said() {
    let Some(cluster) = gateway_store_testkit::Postgres::start().expect("PostgreSQL starts") else {
        eprintln!("skipped: a read-only server, because there is no PostgreSQL");
        return;
    };
    let place = Place::on(std::sync::Arc::new(cluster)).await;
    let store = held(&place).await;
    let set = |value| format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
    place.tamper(&set("on")).await;
    place.tamper("SELECT pg_reload_conf()").await;
    let said = async |expected: Result<(), StoreError>| {
        for _ in 0..100 {
            if store.healthy().await == expected {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{:?} and not {expected:?}", store.healthy().await);
    };
    said(Err(StoreError::ReadOnly)).await;
    place.tamper(&set("off")).await;
    place.tamper("SELECT pg_reload_conf()").await;
    said(Ok(())).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_is_taken_again_after_a_lost_session() {
    let Some(place) = Place::postgres("a lost lock").await else {
        return;
    };
    let store = held(&place).await;
    store.healthy().await.unwrap();
    // As a pooler does that hands the session to somebody else.
    place
        .tamper(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    for _ in 0..100 {
        if store.healthy().await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    store.healthy().await.unwrap();
    // The row in the database would refuse it as well.
    store.leave().await.unwrap();
    for _ in 0..100 {
        let refused = Store::open(&place.options, Access::Offline).await;
        if matches!(refused, Err(OpenError::Locked { .. })) {
            store.close().await;
            return;
        }
        refused.unwrap().close().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the lock is not taken again");
}

// The lock is on the database: without the file beside it, and after the database was moved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_opener_is_refused_whatever_was_removed() {
    let place = Place::sqlite();
    let store = held(&place).await;
    let is_refused = async || {
        for access in [Access::Gateway, Access::Offline, Access::Create] {
            let opened = Store::open(&place.options, access).await;
            let refused = opened.map(drop).unwrap_err();
            let OpenError::Locked { by } = &refused else {
                panic!("{refused}");
            };
            let pid = format!("process {}", std::process::id());
            assert!(by.contains(&pid), "{by}");
        }
    };
    is_refused().await;
    std::fs::remove_file(place.file("store.db.lock")).unwrap();
    is_refused().await;
    std::fs::rename(place.file("store.db"), place.file("moved.db")).unwrap();
    // Nobody can tell any more from the name; but the store that lives takes nothing.
    accepts_nothing(&store, "store.db was deleted").await;
    std::fs::rename(place.file("moved.db"), place.file("store.db")).unwrap();
    store.close().await;
    place.open().await.close().await;

    let store = place.open().await;
    std::fs::rename(place.file("store.db"), place.file("moved.db")).unwrap();
    is_refused().await;
    assert!(!place.file("store.db").exists(), "nothing was made");
    std::fs::rename(place.file("moved.db"), place.file("store.db")).unwrap();
    store.close().await;
}
