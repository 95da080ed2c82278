//! A failed disk, as far as it can be shown without one.

use crate::db::DEADLINE;
use crate::*;
use gateway_model::{
    AccountId, GrantKind, GrantStatus, IntentId, ManagedBy, SecretBytes, TokenFacts,
};
use std::path::Path;

fn held() -> Completion {
    Completion {
        status: GrantStatus::Held,
        state: SecretBytes::new(b"state".to_vec()),
        token: StoredToken {
            headers: SecretBytes::default(),
            issued_at: Timestamp(0),
            expires_at: None,
            renew_at: None,
            key: [0; 32],
            slots: Vec::new(),
        },
        facts: TokenFacts::default(),
        expires_at: None,
    }
}

fn account(name: &AccountId) -> AccountRecord {
    AccountRecord {
        name: name.clone(),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: gateway_model::Environment::Test,
        numbers: Vec::new(),
        grant: GrantKind::AuthorizationCode,
        client_id: "client".to_owned(),
        client_secrets: Vec::new(),
        settings: std::collections::BTreeMap::new(),
        secret_settings: std::collections::BTreeMap::new(),
        active: true,
        default: false,
        managed_by: ManagedBy::Operator,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 1,
    }
}

fn options(folder: &Path) -> StoreOptions {
    StoreOptions {
        url: StoreUrl::Sqlite(folder.join("store.db")),
        master_key: MasterKeySource::File(folder.join("key")),
        old_keys: Vec::new(),
        listen_url: None,
    }
}

// After a failed fsync nothing more is written, reading goes on, and an answer has a place.
#[tokio::test]
async fn failed_disk_ends_writing_and_answers_go_to_the_slot() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let open = || Store::open(&options, Access::Gateway);
    let store = open().await.expect("it opens");
    let main: AccountId = "main".parse().expect("a name");
    store
        .add_account(&account(&main))
        .await
        .expect("it is added");
    let version = store.replace_grant(&main, &held(), Timestamp(0)).await;
    let intent = Intent {
        id: IntentId::new("a"),
        at: Timestamp(0),
        reason: "due".to_owned(),
        answer: None,
    };
    let which = Presentation::Ordinary;
    let version = version.expect("it is replaced");
    store
        .record_intent(&main, version, which, &intent)
        .await
        .expect("it is recorded");
    // What SQLite says when an fsync fails (SQLITE_IOERR_FSYNC).
    let why = "(code: 1034) disk I/O error".to_owned();
    let failed = StoreError::Failed { why };
    let fault = async { Err::<(), _>(failed.clone()) };
    assert_eq!(store.db.write(fault).await, Err(failed.clone()));

    let refused = store
        .add_account(&account(&"new".parse().expect("a name")))
        .await;
    assert_eq!(refused, Err(failed.clone()));
    assert_eq!(store.healthy().await, Err(failed));
    assert_eq!(store.accounts().await.map(|all| all.len()), Ok(1));
    let answer = SecretBytes::new(b"raw".to_vec());
    store
        .record_answer(&main, &IntentId::new("a"), &answer)
        .await
        .expect("the slot takes it");
    store.close().await;

    let store = open().await.expect("it opens again");
    let grant = store
        .grant(&main)
        .await
        .expect("it reads")
        .expect("it is there");
    let kept = grant.intent.and_then(|intent| intent.answer);
    assert_eq!(kept.expect("it was kept").expose(), b"raw");
    store.close().await;
}

/// What every account wants at once takes all places but one.
#[tokio::test]
async fn operator_is_served_while_a_crowd_of_accounts_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let store = Store::open(&options, Access::Gateway).await;
    let store = store.expect("it opens");
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let db = store.db.clone();
            let never = std::future::pending::<Result<(), StoreError>>();
            tokio::spawn(async move { db.read_in_crowd(never).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let soon = DEADLINE / 2;
    let seen = tokio::time::timeout(soon, store.accounts()).await;
    assert_eq!(
        seen.expect("it waits for nobody").map(|all| all.len()),
        Ok(0)
    );
    for one in crowd {
        one.abort();
    }
    store.close().await;
}

/// A listing takes several calls. Those in between do not have its connection, and it does not wait for their turns.
#[tokio::test(flavor = "multi_thread")]
async fn listings_and_short_reads_do_not_wait_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = options(folder.path());
    let memory = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::File(folder.path().join("another")),
        ..file.clone()
    };
    for options in [memory, file] {
        let store = Store::open(&options, Access::Gateway).await;
        let store = store.expect("it opens");
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (listing, reading, backup) = (store.clone(), store.clone(), store.clone());
            calls.spawn(async move { listing.accounts().await.map(drop) });
            calls.spawn(async move { reading.notices(true).await.map(drop) });
            calls.spawn(async move { backup.db.snapshot().await.map(drop) });
        }
        let ended = calls.join_all().await;
        assert_eq!(ended, vec![Ok(()); ended.len()]);
        store.close().await;
    }
}
