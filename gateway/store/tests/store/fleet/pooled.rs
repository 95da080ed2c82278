//! A pooler in transaction mode between gateways and the database.

use super::pair::{Pair, listen, next};
use crate::clock::MovableClock;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, Secret, SecretBytes};
use gateway_store::*;
use gateway_store_testkit::{Pooler, Postgres};
use std::sync::Arc;

struct Pooled {
    place: Place,
    pooler: Pooler,
}

/// A store that is made already, and a pooler in front of it.
async fn pooled(what: &str) -> Option<Pooled> {
    let cluster = Postgres::shared().expect("PostgreSQL starts")?;
    let Some(pooler) = Pooler::start(&cluster).expect("PgBouncer starts") else {
        eprintln!("skipped: {what}, because there is no PgBouncer");
        return None;
    };
    let place = Place::postgres(what).await?;
    place.open().await.close().await;
    Some(Pooled { place, pooler })
}

/// The place's options, through the pooler; `listen_url` goes around it.
fn through(pooled: &Pooled, listens: bool) -> StoreOptions {
    let StoreUrl::Postgres(direct) = &pooled.place.options.url else {
        panic!("it is PostgreSQL's");
    };
    let (_, name) = direct.expose().rsplit_once("localhost/").unwrap();
    let (name, _) = name.split_once('?').unwrap();
    let mut options = pooled.place.options.clone();
    options.url = StoreUrl::Postgres(Secret::new(pooled.pooler.url(name)));
    options.listen_url = listens.then(|| direct.clone());
    options
}

/// Everything that a renewal does, many times at once, so that statements would meet foreign sessions.
async fn renew_all(store: &Store, count: usize) {
    let renewals = (0..count).map(async |number| {
        let name = format!("account{number}");
        store.add_account(&account(&name)).await.unwrap();
        let held = completion(GrantStatus::Held, "1");
        store.replace_grant(&id(&name), &held, NOW).await.unwrap();
        for version in 1..4 {
            let intent_id = IntentId::new(format!("{name}-{version}"));
            let (version, which) = (GrantVersion(version), Presentation::Ordinary);
            let intent = intent(intent_id.as_str());
            store
                .record_intent(&id(&name), version, which, &intent)
                .await
                .unwrap();
            let answer = SecretBytes::new(name.clone().into_bytes());
            store
                .record_answer(&id(&name), &intent_id, &answer)
                .await
                .unwrap();
            let kept = store.grant(&id(&name)).await.unwrap().unwrap();
            let kept = kept.intent.unwrap().answer.unwrap();
            assert_eq!(kept.expose(), name.as_bytes());
            let (next, entry) = (completion(GrantStatus::Held, &name), entry(&name, "issued"));
            let done = store
                .complete(&id(&name), version, Some(&intent_id), &next, &entry)
                .await;
            assert_eq!(done, Ok(version.next()));
        }
        store.renewals(&id(&name), 9).await.unwrap().len()
    });
    let journals = futures_util::future::join_all(renewals).await;
    assert!(journals.iter().all(|length| *length == 3), "{journals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_work_through_a_pooler_and_listen_around_it() {
    let Some(mut pooled) = pooled("a pooler").await else {
        return;
    };
    pooled.place.options = through(&pooled, true);
    let Pooled { place, pooler } = pooled;
    let pair = Pair::at(place).await;
    tokio::join!(renew_all(&pair.one, 12), async {
        for _ in 0..40 {
            assert_eq!(pair.two.heartbeat(&state()).await, Ok(Heartbeat::Live));
            pair.two.replicas().await.unwrap();
        }
    });
    let mut heard = listen(&pair.two, &pair.one).await;
    pair.one.put_app(&app("shop", &["main"])).await.unwrap();
    let shop = StoreChange::App("shop".parse().unwrap());
    assert_eq!(next(&mut heard).await, shop);
    pair.two.healthy().await.unwrap();
    pair.close().await;
    drop(pooler);
}

// Without a way around the pooler nothing is heard, so everything is compared again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_that_cannot_listen_compares() {
    let Some(pooled) = pooled("a gateway that cannot listen").await else {
        return;
    };
    let options = through(&pooled, false);
    let store = Store::open(&options, Access::Gateway).await.unwrap();
    let clock = Arc::new(MovableClock::default());
    pooled.place.join(&store, clock).await;
    renew_all(&store, 3).await;
    let mut changes = store.changes().expect("the store is shared");
    let heard = changes.next().await.expect("the store is open");
    assert_eq!(heard.change, StoreChange::Resync);
    // A command needs the store for itself, which the pooler cannot give; and a gateway lives.
    let refused = Store::open(&options, Access::Offline).await.unwrap_err();
    assert!(refused.to_string().contains("listen_url"), "{refused}");
    let refused = Store::open(&pooled.place.options, Access::Offline).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    store.close().await;
    let offline = Store::open(&pooled.place.options, Access::Offline).await;
    offline.unwrap().close().await;
}
