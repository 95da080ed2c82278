//! Programs that must not share a store with gateways, and databases that do not let a gateway in.

use super::pair::Pair;
use crate::place::Place;
use crate::records::*;
use gateway_model::Secret;
use gateway_store::*;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

/// As a release without fleets takes the lock: for itself.
const ALONE: &str = "SELECT pg_try_advisory_lock(1466005858, hashtext(current_schema()))";

fn url(place: &Place) -> String {
    let StoreUrl::Postgres(url) = &place.options.url else {
        panic!("it is PostgreSQL's");
    };
    url.expose().to_owned()
}

async fn connect(url: &str) -> sqlx::AnyConnection {
    let options: sqlx::any::AnyConnectOptions = url.parse().expect("a URL");
    options.connect().await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_of_a_release_without_fleets_and_fleets_keep_each_other_out() {
    let Some(pair) = Pair::new("an older release").await else {
        return;
    };
    let mut older = connect(&url(&pair.place)).await;
    let taken = async |older: &mut sqlx::AnyConnection| -> bool {
        let row = sqlx::query(ALONE).fetch_one(older).await.unwrap();
        row.try_get(0).unwrap()
    };
    assert!(!taken(&mut older).await);
    let Pair {
        place, one, two, ..
    } = pair;
    one.close().await;
    assert!(!taken(&mut older).await);
    two.close().await;
    assert!(taken(&mut older).await);
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    older.close().await.unwrap();
    place.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_without_rights_is_said_and_changes_nothing() {
    let Some(place) = Place::postgres("a role without rights").await else {
        return;
    };
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    store.close().await;
    // Roles belong to the whole cluster.
    let made = "DO $$ BEGIN CREATE ROLE poor LOGIN; EXCEPTION WHEN duplicate_object THEN END $$";
    place.tamper(made).await;
    let mut options = place.options.clone();
    options.url = StoreUrl::Postgres(Secret::new(url(&place).replace("//waybill@", "//poor@")));
    let refused = Store::open(&options, Access::Gateway).await.unwrap_err();
    assert!(
        refused.to_string().contains("its role has the rights"),
        "{refused}"
    );
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    store.close().await;
}
