//! What gateways hear of each other.

use super::pair::{Pair, listen, next, next_heard};
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, NoticeKind};
use gateway_store::*;
use gateway_store_testkit::Postgres;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_heard_by_the_others_and_not_by_oneself() {
    let Some(pair) = Pair::new("messages").await else {
        return;
    };
    let (one, main) = (&pair.one, id("main"));
    let mut own = listen(one, &pair.two).await;
    let mut heard = listen(&pair.two, one).await;
    assert!(pair.two.changes().is_none(), "the stream is taken once");

    one.add_account(&account("new")).await.unwrap();
    assert_eq!(next(&mut heard).await, StoreChange::Account(id("new")));
    let mut changed = one.account(&id("new")).await.unwrap().unwrap();
    changed.active = false;
    one.update_account(&changed).await.unwrap();
    assert_eq!(next(&mut heard).await, StoreChange::Account(id("new")));
    one.put_app(&app("shop", &["main"])).await.unwrap();
    let shop = StoreChange::App("shop".parse().unwrap());
    assert_eq!(next(&mut heard).await, shop);
    one.remove_app(&"shop".parse().unwrap()).await.unwrap();
    assert_eq!(next(&mut heard).await, shop);
    one.remove_account(&id("new")).await.unwrap();
    assert_eq!(next(&mut heard).await, StoreChange::Account(id("new")));
    one.put_manifest(&manifest(true)).await.unwrap();
    assert_eq!(next(&mut heard).await, StoreChange::Manifests);
    one.close_notices(&main, &[NoticeKind::Ended], NOW)
        .await
        .unwrap();
    assert_eq!(next(&mut heard).await, StoreChange::Notices);

    let token = completion(GrantStatus::Repeatable, "cc");
    one.add_account(&account("cc")).await.unwrap();
    next(&mut heard).await;
    let (none, entry) = (GrantVersion::NONE, entry("cc", "issued"));
    one.complete(&id("cc"), none, None, &token, &entry)
        .await
        .unwrap();
    let (account, version) = (id("cc"), GrantVersion(1));
    // The row comes with it, so that nobody has to read it.
    let told = next_heard(&mut heard).await;
    assert_eq!(told.change, StoreChange::Grant { account, version });
    let copy = told.grant.expect("a short record");
    let kept = one.grant(&id("cc")).await.unwrap().unwrap();
    assert_eq!(
        (copy.version, &copy.written_by),
        (version, &kept.written_by)
    );
    let long = completion(GrantStatus::Repeatable, &"c".repeat(8_000));
    one.complete(&id("cc"), version, None, &long, &entry)
        .await
        .unwrap();
    let told = next_heard(&mut heard).await;
    assert!(told.grant.is_none(), "longer than a message may be");
    let cause = DemandCause::Unauthorized;
    one.demand(&main, version, cause).await.unwrap();
    let account = main.clone();
    let demand = StoreChange::Demand {
        account,
        version,
        cause,
    };
    assert_eq!(next(&mut heard).await, demand);
    one.tell_failure(&main).await.unwrap();
    let account = main.clone();
    assert_eq!(next(&mut heard).await, StoreChange::Failed { account });

    // All that the first gateway hears is what the second says.
    pair.two.tell_failure(&main).await.unwrap();
    let account = main.clone();
    assert_eq!(next(&mut own).await, StoreChange::Failed { account });
    pair.close().await;
}

// Anybody with a right to the database can send there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strange_messages_are_counted_and_change_nothing() {
    let Some(pair) = Pair::new("strange messages").await else {
        return;
    };
    let mut heard = listen(&pair.two, &pair.one).await;
    let channel = "(SELECT 'waybill_' || substr(encode(value, 'hex'), 1, 16) FROM meta \
                   WHERE name = 'store_id')";
    for message in ["", "nonsense", "1 grant ../x 1", "1 demand main 1 why"] {
        let sql = format!("SELECT pg_notify({channel}, '{message}')");
        pair.place.tamper(&sql).await;
    }
    pair.one.tell_failure(&id("main")).await.unwrap();
    let account = id("main");
    assert_eq!(next(&mut heard).await, StoreChange::Failed { account });
    assert_eq!(pair.two.unread_messages(), 4);
    pair.close().await;
}

// What was said while the connection was away is compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_server_makes_everything_be_compared() {
    let Some(cluster) = Postgres::start().expect("PostgreSQL starts") else {
        eprintln!("skipped: a killed server, because there is no PostgreSQL");
        return;
    };
    let cluster = Arc::new(cluster);
    let pair = Pair::at(Place::on(cluster.clone()).await).await;
    let mut heard = pair.two.changes().expect("the store is shared");
    cluster.kill().unwrap();
    cluster.restart().unwrap();
    let resync = async {
        while heard.next().await.expect("the store is open").change != StoreChange::Resync {}
    };
    tokio::time::timeout(Duration::from_secs(20), resync)
        .await
        .expect("it is said");
    // It hears again, and leases outlived the server.
    for _ in 0..100 {
        if pair.one.tell_failure(&id("main")).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let account = id("main");
    assert_eq!(next(&mut heard).await, StoreChange::Failed { account });
    assert_eq!(pair.one.heartbeat(&state()).await, Ok(Heartbeat::Live));
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_ends_with_the_store() {
    let Some(pair) = Pair::new("the end of the stream").await else {
        return;
    };
    let mut heard = pair.two.changes().expect("the store is shared");
    pair.close().await;
    while heard.next().await.is_some() {}
}
