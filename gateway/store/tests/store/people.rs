//! Apps, retired keys, consents, admin tokens.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use futures_util::future::join_all;
use gateway_model::Role;
use gateway_store::*;

on_both!(
    an_app_is_replaced_and_its_key_is_its_own,
    a_retired_key_outlives_its_app,
    a_consent_is_used_once,
    an_admin_token_has_one_name,
);

async fn an_app_is_replaced_and_its_key_is_its_own(place: Place) {
    let store = place.open().await;
    let mut shop = app("shop", &["main"]);
    shop.key = Some(SecretDigest([5; 32]));
    store.put_app(&shop).await.unwrap();
    shop.rotated_at = Some(NOW);
    store.put_app(&shop).await.unwrap();
    let found = store.app(&shop.name).await.unwrap().unwrap();
    assert_eq!((found.key, found.rotated_at), (shop.key, Some(NOW)));
    assert_eq!(found.rate, shop.rate);
    let mut thief = app("thief", &[]);
    thief.key = shop.key;
    let refused = store.put_app(&thief).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
    thief.key = None;
    thief.client_id.clone_from(&shop.client_id);
    let refused = store.put_app(&thief).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
    thief.client_id = Some("nul\0".to_owned());
    let refused = store.put_app(&thief).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused}");
    assert_eq!(store.apps().await.unwrap().len(), 1);
    assert!(store.remove_app(&shop.name).await.unwrap());
    assert!(!store.remove_app(&shop.name).await.unwrap());
    store.close().await;
}

async fn a_retired_key_outlives_its_app(place: Place) {
    let store = place.open().await;
    store.put_app(&app("shop", &["main"])).await.unwrap();
    let key = LegacyKeyRecord {
        key: SecretDigest([9; 32]),
        hint: "4711".to_owned(),
        app: Some("shop".parse().unwrap()),
        account: id("main"),
        created_at: NOW,
    };
    store.put_legacy_key(&key).await.unwrap();
    store.remove_app(&"shop".parse().unwrap()).await.unwrap();
    let keys = store.legacy_keys().await.unwrap();
    assert_eq!((keys.len(), keys[0].app.as_ref()), (1, None));
    assert!(store.remove_legacy_key(&key.key).await.unwrap());
    assert!(!store.remove_legacy_key(&key.key).await.unwrap());
    store.close().await;
}

// State is single-use and ends.
async fn a_consent_is_used_once(place: Place) {
    let store = place.open().await;
    store.add_consent(&consent(1, "main")).await.unwrap();
    store.add_consent(&consent(2, "main")).await.unwrap();
    let takes = (0..8).map(|_| {
        let store = store.clone();
        let state = SecretDigest([1; 32]);
        tokio::spawn(async move { store.take_consent(&state, NOW).await })
    });
    let taken: Vec<_> = join_all(takes)
        .await
        .into_iter()
        .map(|t| t.unwrap().unwrap())
        .collect();
    let fresh = taken.iter().filter_map(|taken| match taken {
        TakenConsent::Fresh(consent) => Some(consent.verifier.expose().to_owned()),
        TakenConsent::Used | TakenConsent::Expired | TakenConsent::Unknown => None,
    });
    assert_eq!(fresh.collect::<Vec<_>>(), ["canary-verifier-1"]);
    assert_eq!(
        taken
            .iter()
            .filter(|t| matches!(t, TakenConsent::Used))
            .count(),
        7
    );
    let late = Timestamp(NOW.0 + 600_000);
    let expired = store
        .take_consent(&SecretDigest([2; 32]), late)
        .await
        .unwrap();
    assert!(matches!(expired, TakenConsent::Expired), "{expired:?}");
    let unknown = store
        .take_consent(&SecretDigest([3; 32]), NOW)
        .await
        .unwrap();
    assert!(matches!(unknown, TakenConsent::Unknown), "{unknown:?}");
    assert_eq!(store.purge_consents(late).await, Ok(0));
    assert_eq!(
        store.purge_consents(Timestamp(NOW.0 + 90_000_000)).await,
        Ok(2)
    );
    store.close().await;
}

async fn an_admin_token_has_one_name(place: Place) {
    let store = place.open().await;
    let token = AdminTokenRecord {
        name: "first".to_owned(),
        token: SecretDigest([3; 32]),
        role: Role::ReadOnly,
        created_at: NOW,
    };
    store.add_admin_token(&token).await.unwrap();
    let refused = store.add_admin_token(&token).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
    assert_eq!(store.admin_tokens().await.unwrap(), [token]);
    assert!(store.remove_admin_token("first").await.unwrap());
    assert!(!store.remove_admin_token("first").await.unwrap());
    store.close().await;
}
