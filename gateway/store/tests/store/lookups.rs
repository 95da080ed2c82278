//! Columns that repeat what sealed records say: kept by every change, and filled for a store of an
//! older version.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_store::*;

on_both!(
    change_opens_only_what_it_touches,
    store_of_an_older_version_gets_its_lookups,
);

const OTHERS: usize = 60;

/// Many accounts and apps beside a default account, and an app with two retired keys.
async fn filled(place: &Place) -> Store {
    let store = place.open().await;
    let mut first = account("first");
    first.default = true;
    store.add_account(&first).await.unwrap();
    store.add_account(&account("second")).await.unwrap();
    for at in 0..OTHERS {
        let name = format!("other-{at}");
        store.add_account(&account(&name)).await.unwrap();
        store.put_app(&app(&name, &[&name])).await.unwrap();
    }
    store
        .put_app(&app("shop", &["first", "second", "second"]))
        .await
        .unwrap();
    for (digest, account) in [(1, "first"), (2, "second")] {
        let key = LegacyKeyRecord {
            key: SecretDigest([digest; 32]),
            hint: "1234".to_owned(),
            app: Some("shop".parse().unwrap()),
            account: id(account),
            created_at: NOW,
        };
        store.put_legacy_key(&key).await.unwrap();
    }
    store
}

async fn accounts_of_shop(store: &Store) -> Vec<String> {
    let shop = store.app(&"shop".parse().unwrap()).await.unwrap().unwrap();
    shop.accounts.iter().map(ToString::to_string).collect()
}

/// The other default gives way, the app loses the account and its key, the last key loses its app.
async fn changes_reach_what_they_touch(store: &Store) {
    let before = store.records_opened();
    let mut second = store.account(&id("second")).await.unwrap().unwrap();
    second.default = true;
    store.update_account(&second).await.unwrap();
    let first = store.account(&id("first")).await.unwrap().unwrap();
    assert!(!first.default && first.revision > 0, "{first:?}");
    assert!(store.remove_account(&id("first")).await.unwrap());
    let left = accounts_of_shop(store).await;
    assert!(left.iter().all(|account| account == "second"), "{left:?}");
    let shop = "shop".parse().unwrap();
    let keys = store.legacy_keys_of(&shop).await.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(store.remove_app(&shop).await.unwrap());
    let opened = store.records_opened() - before;
    assert!(opened <= 12, "{opened} records");
    let keys = store.legacy_keys().await.unwrap();
    assert!(keys.len() == 1 && keys[0].app.is_none(), "{keys:?}");
    assert_eq!(store.accounts().await.unwrap().len(), OTHERS + 1);
    assert_eq!(store.apps().await.unwrap().len(), OTHERS);
}

async fn change_opens_only_what_it_touches(place: Place) {
    let store = filled(&place).await;
    changes_reach_what_they_touch(&store).await;
    store.close().await;
}

async fn store_of_an_older_version_gets_its_lookups(place: Place) {
    filled(&place).await.close().await;
    for sql in [
        "DELETE FROM app_accounts",
        "UPDATE accounts SET default_of = NULL",
        "UPDATE legacy_keys SET app = NULL",
        "DELETE FROM meta WHERE name = 'lookups'",
    ] {
        place.tamper(sql).await;
    }
    let store = place.open().await;
    changes_reach_what_they_touch(&store).await;
    store.close().await;
}
