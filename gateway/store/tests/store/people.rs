//! Apps, retired keys, consents, invitations, admin tokens.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use futures_util::future::join_all;
use gateway_model::Role;
use gateway_store::*;
use std::slice;

on_both!(
    an_app_is_replaced_and_its_key_is_its_own,
    a_retired_key_outlives_its_app,
    a_consent_is_used_once,
    an_admin_token_has_one_name,
    an_invitation_is_used_by_one_of_many,
    an_invitation_goes_with_its_account_and_is_forgotten_in_time,
    an_invitation_does_not_come_back_with_a_backup,
    an_invitation_for_several_accounts_outlives_one_of_them,
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

// Two gateways may finish a sign-in with the same invitation at one moment.
async fn an_invitation_is_used_by_one_of_many(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let invitation = invitation("a1", "main");
    store
        .add_invitation(slice::from_ref(&invitation))
        .await
        .unwrap();
    let changes = (0..8).map(|n| {
        let (store, mut invitation) = (store.clone(), invitation.clone());
        invitation.used_at = Some(Timestamp(NOW.0 + n));
        tokio::spawn(async move { store.update_invitation(&invitation).await })
    });
    let results = join_all(changes).await;
    let results: Vec<_> = results.into_iter().map(|it| it.unwrap()).collect();
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1);
    let stale = results
        .iter()
        .filter(|it| **it == Err(StoreError::Stale))
        .count();
    assert_eq!(stale, 7, "{results:?}");
    let found = store.invitation("a1").await.unwrap().unwrap();
    assert_eq!(found.revision, 1);
    assert!(found.used_at.is_some());
    for unknown in ["", "a", "a1\0", "A1"] {
        assert_eq!(store.invitation(unknown).await, Ok(None), "{unknown:?}");
    }
    store.close().await;
    let again = place.open().await;
    assert_eq!(again.invitations().await, Ok(vec![found]));
    again.close().await;
    // The column decides between two changes, so a changed one must not pass.
    place
        .tamper("UPDATE invitations SET revision = 7 WHERE id = 'a1'")
        .await;
    let again = place.open().await;
    let refused = again.invitation("a1").await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    again.close().await;
}

async fn an_invitation_goes_with_its_account_and_is_forgotten_in_time(place: Place) {
    let store = place.open().await;
    for name in ["main", "other"] {
        store.add_account(&account(name)).await.unwrap();
    }
    store
        .add_invitation(&[invitation("a1", "main")])
        .await
        .unwrap();
    store
        .add_invitation(&[invitation("b2", "other")])
        .await
        .unwrap();
    let refused = store.add_invitation(&[invitation("a1", "other")]).await;
    assert!(refused.is_err(), "an id is unique");
    assert!(store.remove_account(&id("main")).await.unwrap());
    let left = store.invitations().await.unwrap();
    assert_eq!(left, [invitation("b2", "other")]);
    let mut later = invitation("c3", "other");
    later.created_at = Timestamp(left[0].expires_at.0 + 31 * 86_400_000);
    later.expires_at = Timestamp(later.created_at.0 + 86_400_000);
    store.add_invitation(slice::from_ref(&later)).await.unwrap();
    assert_eq!(store.invitations().await.unwrap(), [later]);
    store.close().await;
}

// One that was used since would be good again.
async fn an_invitation_does_not_come_back_with_a_backup(place: Place) {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    store
        .add_invitation(&[invitation("a1", "main")])
        .await
        .unwrap();
    let mut file = Vec::new();
    let key = gateway_model::Protection::Key(gateway_model::Secret::new("ab".repeat(32)));
    store
        .backup(&mut file, &key, NOW, &mut |_, _| {})
        .await
        .unwrap();
    let restored = store
        .restore(&mut file.as_slice(), &key, Overwrite::Replace)
        .await;
    restored.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    assert_eq!(store.invitations().await, Ok(vec![]));
    store.close().await;
}

// All its records are written or none, and each account takes only its own with it.
async fn an_invitation_for_several_accounts_outlives_one_of_them(place: Place) {
    let store = place.open().await;
    let names: Vec<String> = (1..=11).map(|n| format!("main-{n}")).collect();
    let mut records = Vec::new();
    for (n, name) in (1..).zip(&names) {
        store.add_account(&account(name)).await.unwrap();
        records.push(invitation(&invitation_record_id("a1", n), name));
    }
    store
        .add_invitation(&[invitation("a11", "main-1")])
        .await
        .unwrap();
    let mut doubled = records.clone();
    doubled[10].id.clone_from(&records[0].id);
    assert!(store.add_invitation(&doubled).await.is_err());
    assert_eq!(store.records_of_invitation("a1").await, Ok(vec![]));
    store.add_invitation(&records).await.unwrap();
    assert_eq!(
        store.records_of_invitation("a1").await,
        Ok(records.clone()),
        "in their order, and no other's"
    );
    assert!(store.remove_account(&id("main-1")).await.unwrap());
    let left = store.records_of_invitation("a1").await.unwrap();
    assert_eq!(left, records[1..]);
    for unknown in ["", "a", "a1-2", "a1-", "a1\0"] {
        let found = store.records_of_invitation(unknown).await;
        assert_eq!(found, Ok(vec![]), "{unknown:?}");
    }
    store.close().await;
}
