//! PostgreSQL's own faults: it goes away, it hangs, it comes back.

use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId};
use gateway_store::*;
use gateway_store_testkit::Postgres;
use std::sync::Arc;
use std::time::Duration;

/// A cluster of the test's own.
async fn own(what: &str) -> Option<(Arc<Postgres>, Place)> {
    let Some(cluster) = Postgres::start().expect("PostgreSQL starts") else {
        eprintln!("skipped: {what}, because there is no PostgreSQL");
        return None;
    };
    let cluster = Arc::new(cluster);
    let place = Place::on(cluster.clone()).await;
    Some((cluster, place))
}

/// Waits until the store answers again.
async fn recovered(store: &Store) {
    for _ in 0..300 {
        if store.healthy().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the store does not recover: {:?}", store.healthy().await);
}

// What was acknowledged survives SIGKILL of the whole database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_database_is_said_and_comes_back_with_everything() {
    let Some((cluster, place)) = own("a killed database").await else {
        return;
    };
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let held = completion(GrantStatus::Held, "1");
    store.replace_grant(&id("main"), &held, NOW).await.unwrap();
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("main"), GrantVersion(1), which, &intent("a"))
        .await
        .unwrap();
    cluster.kill().unwrap();
    let next = completion(GrantStatus::Held, "2");
    let issued = entry("main", "issued");
    let away = store
        .complete(
            &id("main"),
            GrantVersion(1),
            Some(&IntentId::new("a")),
            &next,
            &issued,
        )
        .await
        .unwrap_err();
    assert!(matches!(away, StoreError::Unavailable { .. }), "{away}");
    let away = store.healthy().await.unwrap_err();
    assert!(matches!(away, StoreError::Unavailable { .. }), "{away}");
    cluster.restart().unwrap();
    recovered(&store).await;
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(
        grant.intent.map(|intent| intent.id),
        Some(IntentId::new("a"))
    );
    assert_eq!(
        store
            .complete(
                &id("main"),
                GrantVersion(1),
                Some(&IntentId::new("a")),
                &next,
                &issued
            )
            .await,
        Ok(GrantVersion(2))
    );
    // The lock came back with the connection.
    let refused = Store::open(&place.options, Access::Offline).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_database_is_an_error_within_the_deadline() {
    let Some((cluster, place)) = own("a hanging database").await else {
        return;
    };
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    cluster.pause().unwrap();
    let both = async {
        let read = store.accounts().await.unwrap_err();
        assert!(matches!(read, StoreError::Unavailable { .. }), "{read}");
        let write = store.add_account(&account("new")).await.unwrap_err();
        assert!(matches!(write, StoreError::Unavailable { .. }), "{write}");
    };
    tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("it never hangs");
    cluster.resume().unwrap();
    recovered(&store).await;
    assert!(!store.accounts().await.unwrap().is_empty());
    store.add_account(&account("later")).await.unwrap();
    store.close().await;
}

// A database that may forget commits is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_may_forget_is_refused() {
    let Some((_cluster, place)) = own("a careless database").await else {
        return;
    };
    place
        .tamper("ALTER ROLE waybill SET synchronous_commit = off")
        .await;
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::NotDurable { .. }), "{refused}");
    place
        .tamper("ALTER ROLE waybill SET synchronous_commit = on")
        .await;
    place.open().await.close().await;
}
