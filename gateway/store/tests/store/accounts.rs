//! Accounts: names, revisions, defaults.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::{Environment, GrantStatus, GrantVersion};
use gateway_store::*;

on_both!(
    account_round_trips_and_survives_a_restart,
    names_and_aliases_are_unique_together,
    an_update_from_an_old_revision_is_stale,
    the_default_is_one_of_a_carrier_and_environment,
    a_removed_account_takes_everything_with_it,
);

async fn account_round_trips_and_survives_a_restart(place: Place) {
    let store = place.open().await;
    let mut given = account("main");
    given.aliases = vec![id("billing")];
    store.add_account(&given).await.unwrap();
    store.close().await;
    let store = place.open().await;
    let found = store
        .account(&id("main"))
        .await
        .unwrap()
        .expect("it is there");
    let secrets: Vec<_> = found.client_secrets.iter().map(|s| s.expose()).collect();
    assert_eq!(secrets, ["canary-first-main", "canary-second-main"]);
    assert_eq!(found.aliases, given.aliases);
    assert_eq!(found.numbers, given.numbers);
    assert_eq!((found.created_at, found.revision), (NOW, 1));
    assert!(store.account(&id("other")).await.unwrap().is_none());
    assert_eq!(store.quarantined().await, []);
    store.close().await;
}

async fn names_and_aliases_are_unique_together(place: Place) {
    let store = place.open().await;
    let mut first = account("main");
    first.aliases = vec![id("billing")];
    store.add_account(&first).await.unwrap();
    for (name, alias) in [("main", None), ("billing", None), ("new", Some("main"))] {
        let mut other = account(name);
        other.aliases = alias.map(id).into_iter().collect();
        let refused = store.add_account(&other).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Conflict { .. }),
            "{name}: {refused}"
        );
        assert!(!format!("{refused}").contains("canary"));
    }
    // Nothing of the refused ones is left: the name `new` is free.
    store.add_account(&account("new")).await.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 2);
    store.close().await;
}

async fn an_update_from_an_old_revision_is_stale(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let read = store.account(&id("main")).await.unwrap().unwrap();
    let mut changed = read.clone();
    changed.active = false;
    assert_eq!(store.update_account(&changed).await.unwrap().revision, 2);
    let late = store.update_account(&read).await.unwrap_err();
    assert_eq!(late, StoreError::Stale);
    assert!(!store.account(&id("main")).await.unwrap().unwrap().active);
    let mut moved = store.account(&id("main")).await.unwrap().unwrap();
    moved.environment = Environment::Production;
    let refused = store.update_account(&moved).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused}");
    let missing = store.update_account(&account("none")).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
    store.close().await;
}

async fn the_default_is_one_of_a_carrier_and_environment(place: Place) {
    let store = place.open().await;
    let mut production = account("production");
    production.environment = Environment::Production;
    production.default = true;
    store.add_account(&production).await.unwrap();
    let mut first = account("first");
    first.default = true;
    store.add_account(&first).await.unwrap();
    store.add_account(&account("second")).await.unwrap();
    let mut second = store.account(&id("second")).await.unwrap().unwrap();
    second.default = true;
    store.update_account(&second).await.unwrap();
    let all = store.accounts().await.unwrap();
    let defaults: Vec<_> = all
        .iter()
        .filter(|a| a.default)
        .map(|a| a.name.as_str())
        .collect();
    assert_eq!(defaults, ["production", "second"]);
    store.close().await;
}

async fn a_removed_account_takes_everything_with_it(place: Place) {
    let store = place.open().await;
    let main = id("main");
    store.add_account(&account("main")).await.unwrap();
    store.add_account(&account("other")).await.unwrap();
    let held = completion(GrantStatus::Held, "1");
    store.replace_grant(&main, &held, NOW).await.unwrap();
    store.note_renewal(&entry("main", "issued")).await.unwrap();
    store.add_consent(&consent(1, "main")).await.unwrap();
    store
        .put_app(&app("shop", &["main", "other"]))
        .await
        .unwrap();
    assert!(store.remove_account(&main).await.unwrap());
    assert!(!store.remove_account(&main).await.unwrap());
    assert!(store.grant(&main).await.unwrap().is_none());
    assert_eq!(store.renewals(&main, 10).await.unwrap(), []);
    let taken = store
        .take_consent(&SecretDigest([1; 32]), NOW)
        .await
        .unwrap();
    assert!(matches!(taken, TakenConsent::Unknown), "{taken:?}");
    let app = store.app(&"shop".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(app.accounts, [id("other")]);
    // A late answer of a removed account does not bring it back.
    let late = store
        .complete(
            &main,
            GrantVersion::NONE,
            None,
            &held,
            &entry("main", "issued"),
        )
        .await;
    assert!(matches!(late, Err(StoreError::NotFound { .. })), "{late:?}");
    store.close().await;
}
