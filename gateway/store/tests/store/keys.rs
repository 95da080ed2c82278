//! Key rotation, and ciphertexts that are not where they belong.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use gateway_model::GrantStatus;
use gateway_store::*;

on_both!(
    a_rotated_key_opens_and_the_old_one_does_not,
    an_old_key_in_the_configuration_opens_until_rotation,
    a_moved_ciphertext_does_not_open,
    derived_keys_outlive_a_restart_and_end_with_the_master_key,
);

async fn filled(place: &Place) -> Store {
    let store = place.open().await;
    for name in ["main", "other"] {
        store.add_account(&account(name)).await.unwrap();
        let held = completion(GrantStatus::Held, name);
        store.replace_grant(&id(name), &held, NOW).await.unwrap();
    }
    store.put_app(&app("shop", &["main"])).await.unwrap();
    store
        .add_invitation(&[invitation("a1", "main")])
        .await
        .unwrap();
    // The second takes the place of the first.
    for signs in [true, false] {
        store.put_manifest(&manifest(signs)).await.unwrap();
    }
    store
}

async fn a_rotated_key_opens_and_the_old_one_does_not(mut place: Place) {
    let store = filled(&place).await;
    let new = MasterKeySource::File(place.file("new-key"));
    assert_eq!(store.rotate_key(&new).await.unwrap(), 7);
    // The same handle goes on, with reads and writes.
    store.add_consent(&consent(1, "main")).await.unwrap();
    assert_eq!(store.grants().await.unwrap().len(), 2);
    store.close().await;
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::WrongKey { .. }), "{refused}");
    place.options.master_key = new;
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 2);
    assert_eq!(store.manifests().await.unwrap(), [manifest(false)]);
    let invitations = store.invitations().await.unwrap();
    assert_eq!(invitations, [invitation("a1", "main")]);
    assert_eq!(store.quarantined().await, []);
    let taken = store
        .take_consent(&SecretDigest([1; 32]), NOW)
        .await
        .unwrap();
    assert!(matches!(taken, TakenConsent::Fresh(_)), "{taken:?}");
    store.close().await;
}

async fn an_old_key_in_the_configuration_opens_until_rotation(mut place: Place) {
    filled(&place).await.close().await;
    let old = place.options.master_key.clone();
    let new = place.file("new-key");
    let store = place.open().await;
    store.close().await;
    std::fs::copy(place.file("key"), &new).unwrap();
    std::fs::write(&new, "ab".repeat(32)).unwrap();
    place.options.master_key = MasterKeySource::File(new);
    place.options.old_keys = vec![old];
    let store = place.open().await;
    assert_eq!(store.accounts().await.unwrap().len(), 2);
    let current = place.options.master_key.clone();
    assert_eq!(store.rotate_key(&current).await.unwrap(), 7);
    store.close().await;
    place.options.old_keys.clear();
    let store = place.open().await;
    assert_eq!(store.grants().await.unwrap().len(), 2);
    store.close().await;
}

// The associated data binds a ciphertext to its row.
async fn a_moved_ciphertext_does_not_open(place: Place) {
    filled(&place).await.close().await;
    let moved = "UPDATE grants SET sealed = (SELECT g.sealed FROM grants g \
                 WHERE g.account = 'other') WHERE account = 'main'";
    place.tamper(moved).await;
    let store = place.open().await;
    let damaged = store.grant(&id("main")).await.unwrap_err();
    assert!(matches!(damaged, StoreError::Corrupt { .. }), "{damaged}");
    // Only that account is affected, and it is named.
    let grants = store.grants().await.unwrap();
    assert_eq!(
        grants
            .iter()
            .map(|g| g.account.as_str())
            .collect::<Vec<_>>(),
        ["other"]
    );
    let quarantined = store.quarantined().await;
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert_eq!(quarantined[0].account, Some(id("main")));
    // The way out is a new login; what was late before it stays fenced out.
    let login = completion(GrantStatus::Held, "login");
    let version = store.replace_grant(&id("main"), &login, NOW).await.unwrap();
    assert!(version.0 > 1_000_000);
    assert_eq!(store.quarantined().await, []);
    store.close().await;
}

// What apps were given before a crash goes on; whoever has an old master key can sign nothing new.
async fn derived_keys_outlive_a_restart_and_end_with_the_master_key(mut place: Place) {
    let derived = |store: &Store| store.derived_key(Purpose::AppTokens).expose().to_vec();
    let store = place.open().await;
    let first = derived(&store);
    assert_eq!(first.len(), 32);
    store.close().await;
    let store = place.open().await;
    assert_eq!(derived(&store), first);
    let new = MasterKeySource::File(place.file("new-key"));
    store.rotate_key(&new).await.unwrap();
    let second = derived(&store);
    assert_ne!(second, first);
    store.close().await;
    place.options.master_key = new.clone();
    let store = place.open().await;
    assert_eq!(derived(&store), second);
    store.close().await;
    // The same master key in another store.
    let mut other = Place::sqlite();
    other.options.master_key = new;
    let other = Store::open(&other.options, Access::Create).await.unwrap();
    assert_ne!(derived(&other), second);
}

#[tokio::test]
async fn stores_in_memory_derive_other_keys_at_each_start() {
    let options = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::Ephemeral,
        old_keys: Vec::new(),
        listen_url: None,
    };
    let mut keys = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&options, Access::Gateway).await.unwrap();
        keys.push(store.derived_key(Purpose::AppTokens).expose().to_vec());
    }
    assert_ne!(keys[0], keys[1]);
}
