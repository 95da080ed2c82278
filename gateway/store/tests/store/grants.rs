//! The ledger: one presentation of each version, whatever is late, twice or out of order.

use crate::on_both;
use crate::place::Place;
use crate::records::*;
use futures_util::future::join_all;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;

on_both!(
    a_presentation_goes_from_held_to_the_next_version,
    of_64_intents_at_once_exactly_one_wins,
    a_repeated_call_is_answered_as_the_first,
    a_late_writer_is_fenced_by_a_new_login,
    an_unknown_outcome_leaves_one_last_chance,
    an_answer_is_durable_before_it_is_read,
    a_repeatable_grant_needs_no_intent,
);

/// A store with an account whose grant is held at version 1.
async fn held(place: &Place) -> Store {
    let store = place.open().await;
    store.add_account(&account("main")).await.unwrap();
    let first = completion(GrantStatus::Held, "1");
    let version = store.replace_grant(&id("main"), &first, NOW).await.unwrap();
    assert_eq!(version, GrantVersion(1));
    store
}

async fn present(store: &Store, version: i64, name: &str) -> Result<(), StoreError> {
    let which = Presentation::Ordinary;
    store
        .record_intent(&id("main"), GrantVersion(version), which, &intent(name))
        .await
}

async fn complete(store: &Store, version: i64, name: &str) -> Result<i64, StoreError> {
    let next = completion(GrantStatus::Held, "2");
    let entry = entry("main", "issued");
    store
        .complete(
            &id("main"),
            GrantVersion(version),
            Some(&IntentId::new(name)),
            &next,
            &entry,
        )
        .await
        .map(|version| version.0)
}

async fn a_presentation_goes_from_held_to_the_next_version(place: Place) {
    let store = held(&place).await;
    present(&store, 1, "a").await.unwrap();
    let open = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(open.status, GrantStatus::Presenting);
    assert_eq!(open.intent.expect("it is open").id, IntentId::new("a"));
    assert_eq!(complete(&store, 1, "a").await.unwrap(), 2);
    store.close().await;
    let store = place.open().await;
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!((grant.version.0, grant.status), (2, GrantStatus::Held));
    assert_eq!(grant.state.expose(), b"canary-refresh-2");
    assert_eq!(grant.token.unwrap().headers.expose(), b"canary-access-2");
    assert_eq!(grant.facts.refresh_count, Some(3));
    assert_eq!(grant.consented_at, Some(NOW));
    assert!(grant.intent.is_none());
    assert_eq!(store.renewals(&id("main"), 9).await.unwrap().len(), 1);
    store.close().await;
}

// One presentation of a refresh token.
async fn of_64_intents_at_once_exactly_one_wins(place: Place) {
    let store = held(&place).await;
    let tasks = (0..64).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { present(&store, 1, &format!("i{number}")).await })
    });
    let results = join_all(tasks).await.into_iter().map(Result::unwrap);
    let (won, lost): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 63));
    assert!(
        lost.iter().all(|r| *r == Err(StoreError::Fenced)),
        "{lost:?}"
    );
    store.close().await;
}

// A commit whose answer was lost is asked about, not assumed.
async fn a_repeated_call_is_answered_as_the_first(place: Place) {
    let store = held(&place).await;
    present(&store, 1, "a").await.unwrap();
    present(&store, 1, "a").await.unwrap();
    assert_eq!(complete(&store, 1, "a").await.unwrap(), 2);
    assert_eq!(complete(&store, 1, "a").await.unwrap(), 2);
    assert_eq!(present(&store, 1, "a").await, Err(StoreError::Fenced));
    assert_eq!(store.renewals(&id("main"), 9).await.unwrap().len(), 1);
    present(&store, 2, "b").await.unwrap();
    for _ in 0..2 {
        let refused = entry("main", "refused");
        let status = store
            .resolve(
                &id("main"),
                GrantVersion(2),
                &IntentId::new("b"),
                Resolution::Refused,
                &refused,
            )
            .await;
        assert_eq!(status, Ok(GrantStatus::Spent));
    }
    store.close().await;
}

// What comes after a new login changes nothing.
async fn a_late_writer_is_fenced_by_a_new_login(place: Place) {
    let store = held(&place).await;
    present(&store, 1, "a").await.unwrap();
    let login = completion(GrantStatus::Held, "login");
    assert_eq!(
        store.replace_grant(&id("main"), &login, NOW).await,
        Ok(GrantVersion(2))
    );
    assert_eq!(complete(&store, 1, "a").await, Err(StoreError::Fenced));
    let answer = SecretBytes::new(b"late".to_vec());
    let late = store
        .record_answer(&id("main"), &IntentId::new("a"), &answer)
        .await;
    assert_eq!(late, Err(StoreError::Fenced));
    let unknown = entry("main", "unknown");
    let late = store
        .resolve(
            &id("main"),
            GrantVersion(1),
            &IntentId::new("a"),
            Resolution::Unknown,
            &unknown,
        )
        .await;
    assert_eq!(late, Err(StoreError::Fenced));
    let grant = store.grant(&id("main")).await.unwrap().unwrap();
    assert_eq!(grant.state.expose(), b"canary-refresh-login");
    store.close().await;
}

// The states and the ways between them.
async fn an_unknown_outcome_leaves_one_last_chance(place: Place) {
    let store = held(&place).await;
    let (main, entry) = (id("main"), entry("main", "unknown"));
    present(&store, 1, "a").await.unwrap();
    let status = store
        .resolve(
            &main,
            GrantVersion(1),
            &IntentId::new("a"),
            Resolution::Unharmed,
            &entry,
        )
        .await;
    assert_eq!(status, Ok(GrantStatus::Held));
    present(&store, 1, "b").await.unwrap();
    let status = store
        .resolve(
            &main,
            GrantVersion(1),
            &IntentId::new("b"),
            Resolution::Unknown,
            &entry,
        )
        .await;
    assert_eq!(status, Ok(GrantStatus::OutcomeUnknown));
    assert_eq!(present(&store, 1, "c").await, Err(StoreError::Fenced));
    let last = |name| intent(name);
    let chance = Presentation::LastChance;
    // The identifier of the presentation in doubt does not serve again.
    let again = store
        .record_intent(&main, GrantVersion(1), chance, &last("b"))
        .await;
    assert_eq!(again, Err(StoreError::Fenced));
    store
        .record_intent(&main, GrantVersion(1), chance, &last("d"))
        .await
        .unwrap();
    let status = store
        .resolve(
            &main,
            GrantVersion(1),
            &IntentId::new("d"),
            Resolution::Unknown,
            &entry,
        )
        .await;
    assert_eq!(status, Ok(GrantStatus::Spent));
    let dead = store
        .record_intent(&main, GrantVersion(1), chance, &last("e"))
        .await;
    assert_eq!(dead, Err(StoreError::Fenced));
    store.close().await;
}

async fn an_answer_is_durable_before_it_is_read(place: Place) {
    let store = held(&place).await;
    present(&store, 1, "a").await.unwrap();
    let answer = SecretBytes::new(b"canary-raw-answer".to_vec());
    store
        .record_answer(&id("main"), &IntentId::new("a"), &answer)
        .await
        .unwrap();
    store.close().await;
    let store = place.open().await;
    let unknown = entry("main", "unreadable");
    let status = store
        .resolve(
            &id("main"),
            GrantVersion(1),
            &IntentId::new("a"),
            Resolution::Unknown,
            &unknown,
        )
        .await;
    assert_eq!(status, Ok(GrantStatus::OutcomeUnknown));
    let kept = store
        .grant(&id("main"))
        .await
        .unwrap()
        .unwrap()
        .intent
        .unwrap();
    assert_eq!(kept.answer.unwrap().expose(), b"canary-raw-answer");
    // Whoever can read it later completes it.
    assert_eq!(complete(&store, 1, "a").await, Ok(2));
    store.close().await;
}

async fn a_repeatable_grant_needs_no_intent(place: Place) {
    let store = place.open().await;
    let (main, entry) = (id("main"), entry("main", "issued"));
    let token = completion(GrantStatus::Repeatable, "cc");
    let unknown = store
        .complete(&main, GrantVersion(0), None, &token, &entry)
        .await;
    assert!(
        matches!(unknown, Err(StoreError::NotFound { .. })),
        "{unknown:?}"
    );
    store.add_account(&account("main")).await.unwrap();
    assert_eq!(
        store
            .complete(&main, GrantVersion(0), None, &token, &entry)
            .await,
        Ok(GrantVersion(1))
    );
    assert_eq!(
        store
            .complete(&main, GrantVersion(1), None, &token, &entry)
            .await,
        Ok(GrantVersion(2))
    );
    let late = store
        .complete(&main, GrantVersion(1), None, &token, &entry)
        .await;
    assert_eq!(late, Err(StoreError::Fenced));
    store.close().await;
}
