//! Ownership, fences, and what an owner that died may still do.

use super::pair::Pair;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use std::time::Duration;

const FIRST: GrantVersion = GrantVersion(1);

async fn present(store: &Store, version: GrantVersion, name: &str) -> Result<(), StoreError> {
    let which = Presentation::Ordinary;
    let intent = intent(name);
    store
        .record_intent(&id("main"), version, which, &intent)
        .await
}

async fn complete(
    store: &Store,
    version: GrantVersion,
    name: &str,
) -> Result<GrantVersion, StoreError> {
    let next = completion(GrantStatus::Held, "2");
    let (intent, entry) = (IntentId::new(name), entry("main", "issued"));
    store
        .complete(&id("main"), version, Some(&intent), &next, &entry)
        .await
}

async fn answer_late(store: &Store, answer: &SecretBytes) -> Result<(), StoreError> {
    let intent = IntentId::new("a");
    store.record_answer(&id("main"), &intent, answer).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_has_one_owner_until_the_owner_leaves() {
    let Some(pair) = Pair::new("one owner").await else {
        return;
    };
    let main = id("main");
    assert_eq!(pair.one.owner_of(&main).await, Ok(None));
    assert_eq!(pair.one.claim(&main).await, Ok(Claim::Mine));
    let owner = pair.one_id.clone();
    assert_eq!(pair.two.claim(&main).await, Ok(Claim::Theirs { owner }));
    assert_eq!(
        present(&pair.two, FIRST, "b").await,
        Err(StoreError::Fenced)
    );
    present(&pair.one, FIRST, "a").await.unwrap();
    assert_eq!(
        complete(&pair.two, FIRST, "a").await,
        Err(StoreError::Fenced)
    );
    assert_eq!(complete(&pair.one, FIRST, "a").await, Ok(FIRST.next()));
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(grant.written_by, Some((pair.one_id.clone(), Fence(1))));
    let known = [(main.clone(), FIRST.next(), Some(pair.one_id.clone()))];
    assert_eq!(pair.two.grant_versions().await.unwrap(), known);

    let listed = pair.two.replicas().await.unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|one| (one.id.clone(), one.owned, one.live, one.this))
        .collect();
    let expected = [
        (pair.one_id.clone(), 1, true, false),
        (pair.two_id.clone(), 0, true, true),
    ];
    assert_eq!(seen, expected);

    pair.one.leave().await.unwrap();
    let taken = pair.two.claim(&main).await;
    let settled_in = Duration::ZERO;
    assert_eq!(taken, Ok(Claim::Taken { settled_in }));
    let owner = pair.two.owner_of(&main).await.unwrap().unwrap();
    assert_eq!(
        (owner.owner, owner.fence, owner.live),
        (pair.two_id.clone(), Fence(2), true)
    );
    let gone = pair.two.claim(&id("nobody")).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    pair.close().await;
}

// What a frozen gateway does when it wakes: nothing, but for an answer that it brings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_owner_writes_nothing_but_an_answer_to_its_open_intent() {
    let Some(pair) = Pair::new("a dead owner").await else {
        return;
    };
    let main = id("main");
    present(&pair.one, FIRST, "a").await.unwrap();
    pair.expire(&pair.one_id).await;
    // It does not know yet, and the database does.
    assert!(pair.one.may_present());
    assert_eq!(
        complete(&pair.one, FIRST, "a").await,
        Err(StoreError::Fenced)
    );
    assert!(!pair.one.may_present());

    let Ok(Claim::Taken { settled_in }) = pair.two.claim(&main).await else {
        panic!("it is free");
    };
    // The lease ended a second ago, and a request may take thirty.
    let range = Duration::from_secs(25)..=Duration::from_secs(29);
    assert!(range.contains(&settled_in), "{settled_in:?}");
    assert_eq!(pair.one.heartbeat(&state()).await, Ok(Heartbeat::Lost));
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(grant.status, GrantStatus::Presenting);

    let answer = SecretBytes::new(b"raw".to_vec());
    let mut changes = super::pair::listen(&pair.two, &pair.one).await;
    pair.one
        .record_answer(&main, &IntentId::new("a"), &answer)
        .await
        .unwrap();
    let change = super::pair::next(&mut changes).await;
    let (account, version) = (main.clone(), FIRST);
    assert_eq!(change, StoreChange::Grant { account, version });
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(grant.intent.unwrap().answer.unwrap().expose(), b"raw");
    let which = Resolution::Unharmed;
    let late = pair
        .one
        .resolve(
            &main,
            FIRST,
            &IntentId::new("a"),
            which,
            &entry("main", "late"),
        )
        .await;
    assert!(late.is_err(), "{late:?}");
    assert_eq!(complete(&pair.two, FIRST, "a").await, Ok(FIRST.next()));
    // The presentation is over: its answer comes too late.
    assert_eq!(
        answer_late(&pair.one, &answer).await,
        Err(StoreError::Fenced)
    );

    // Under another identifier it is a member like any other.
    let again = pair.place.join(&pair.one, pair.clock.clone()).await;
    assert_ne!(again, pair.one_id);
    let owner = pair.two_id.clone();
    assert_eq!(pair.one.claim(&main).await, Ok(Claim::Theirs { owner }));
    pair.close().await;
}

// A process that was frozen for longer than its lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_that_slept_past_its_lease_presents_nothing() {
    let Some(pair) = Pair::new("a gateway that slept").await else {
        return;
    };
    assert!(pair.one.may_present());
    pair.clock.advance(200);
    assert!(pair.one.may_present());
    assert_eq!(pair.one.heartbeat(&state()).await, Ok(Heartbeat::Live));
    pair.clock.advance(200);
    assert!(pair.one.may_present());
    pair.clock.advance(75);
    assert!(
        !pair.one.may_present(),
        "before the lease ends in the database"
    );
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_at_any_gateway_ends_what_the_owner_does() {
    let Some(pair) = Pair::new("a login elsewhere").await else {
        return;
    };
    present(&pair.one, FIRST, "a").await.unwrap();
    let login = completion(GrantStatus::Held, "login");
    let version = pair.two.replace_grant(&id("main"), &login, NOW).await;
    assert_eq!(version, Ok(FIRST.next()));
    assert_eq!(
        complete(&pair.one, FIRST, "a").await,
        Err(StoreError::Fenced)
    );
    let answer = SecretBytes::new(b"raw".to_vec());
    assert_eq!(
        answer_late(&pair.one, &answer).await,
        Err(StoreError::Fenced)
    );
    present(&pair.one, FIRST.next(), "b").await.unwrap();
    pair.close().await;
}

// Whoever can write to the database can move neither a record nor what stands beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edited_columns_make_a_grant_damaged() {
    let Some(pair) = Pair::new("edited columns").await else {
        return;
    };
    present(&pair.one, FIRST, "a").await.unwrap();
    complete(&pair.one, FIRST, "a").await.unwrap();
    for edit in [
        "version = 9",
        "owner = 'x'",
        "fence = NULL",
        "version = NULL",
    ] {
        let before = "CREATE TABLE kept AS SELECT version, owner, fence FROM grants";
        pair.place.tamper(before).await;
        pair.place
            .tamper(&format!("UPDATE grants SET {edit}"))
            .await;
        let damaged = pair.two.grant(&id("main")).await;
        assert!(
            matches!(damaged, Err(StoreError::Corrupt { .. })),
            "{edit}: {damaged:?}"
        );
        let back = "UPDATE grants SET version = kept.version, owner = kept.owner, \
                    fence = kept.fence FROM kept";
        pair.place.tamper(back).await;
        pair.place.tamper("DROP TABLE kept").await;
        assert!(pair.two.grant(&id("main")).await.is_ok());
    }
    pair.close().await;
}

// As if a standby without the newest changes had been promoted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failover_lost_is_written_back_once() {
    let Some(pair) = Pair::new("a failover").await else {
        return;
    };
    let main = id("main");
    pair.place
        .tamper("CREATE TABLE older AS SELECT * FROM grants")
        .await;
    present(&pair.one, FIRST, "a").await.unwrap();
    complete(&pair.one, FIRST, "a").await.unwrap();
    let held = pair.one.grant(&main).await.unwrap().unwrap();
    assert_eq!(
        pair.one.write_back(&held).await,
        Ok(false),
        "it is not older"
    );
    pair.place
        .tamper("DELETE FROM grants; DELETE FROM owners")
        .await;
    pair.place
        .tamper("INSERT INTO grants SELECT * FROM older")
        .await;
    assert_eq!(pair.one.write_back(&held).await, Ok(true));
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(
        (grant.version, grant.status),
        (FIRST.next(), GrantStatus::Held)
    );
    assert_eq!(grant.state.expose(), held.state.expose());
    assert_eq!(pair.one.write_back(&held).await, Ok(false));
    let mut newer = held.clone();
    newer.version = GrantVersion(7);
    assert_eq!(
        pair.two.write_back(&newer).await,
        Ok(false),
        "it is another's"
    );
    pair.close().await;
}

// Between its own ownership and the failover, another gateway may have presented what this one remembers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grant_that_another_gateway_may_have_presented_is_written_back_in_doubt() {
    let Some(pair) = Pair::new("a failover after a change of owners").await else {
        return;
    };
    let main = id("main");
    pair.place
        .tamper("CREATE TABLE older AS SELECT * FROM grants")
        .await;
    present(&pair.one, FIRST, "a").await.unwrap();
    complete(&pair.one, FIRST, "a").await.unwrap();
    let held = pair.one.grant(&main).await.unwrap().unwrap();
    pair.expire(&pair.one_id).await;
    let sql = format!(
        "UPDATE replicas SET timeline = '00000000' WHERE id = '{}'; DELETE FROM grants",
        pair.one_id
    );
    pair.place.tamper(&sql).await;
    pair.place
        .tamper("INSERT INTO grants SELECT * FROM older")
        .await;
    assert_eq!(pair.two.write_back(&held).await, Ok(true));
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(grant.version, FIRST.next());
    assert_eq!(grant.status, GrantStatus::OutcomeUnknown);
    assert_eq!(grant.restored, Some(RestoredFrom::OlderCopy));

    // The other gateway did present it, and its answer ends the doubt.
    let intent = Intent {
        id: IntentId::new("lost"),
        at: Timestamp(0),
        reason: "due".to_owned(),
        answer: Some(SecretBytes::new(b"raw".to_vec())),
    };
    let older = pair.one.end_doubt(&main, FIRST, &intent).await;
    assert_eq!(older, Err(StoreError::Fenced));
    assert_eq!(
        pair.one.end_doubt(&main, FIRST.next(), &intent).await,
        Ok(())
    );
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    let answer = grant.intent.and_then(|intent| intent.answer);
    assert_eq!(answer.expect("an answer").expose(), b"raw");
    let again = pair.one.end_doubt(&main, FIRST.next(), &intent).await;
    assert_eq!(again, Err(StoreError::Fenced), "there is an answer already");
    assert_eq!(
        complete(&pair.two, FIRST.next(), "lost").await,
        Ok(GrantVersion(3))
    );
    pair.close().await;
}

// The newest intent of an owner that died with the primary may be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grant_of_an_owner_that_died_before_a_promotion_is_in_doubt() {
    let Some(pair) = Pair::new("a promotion").await else {
        return;
    };
    let main = id("main");
    assert_eq!(pair.one.claim(&main).await, Ok(Claim::Mine));
    pair.expire(&pair.one_id).await;
    let sql = format!(
        "UPDATE replicas SET timeline = '00000000' WHERE id = '{}'",
        pair.one_id
    );
    pair.place.tamper(&sql).await;
    let taken = pair.two.claim(&main).await;
    assert!(matches!(taken, Ok(Claim::Taken { .. })), "{taken:?}");
    let grant = pair.two.grant(&main).await.unwrap().unwrap();
    assert_eq!(grant.status, GrantStatus::OutcomeUnknown);
    assert_eq!(grant.restored, Some(RestoredFrom::OlderCopy));
    pair.close().await;
}
