//! What gateways have together: budgets, duties, the master key.

use super::pair::Pair;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, TokenBucketPolicy};
use gateway_store::*;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn budget_is_counted_for_all_gateways_together() {
    let Some(pair) = Pair::new("a budget").await else {
        return;
    };
    let policy = TokenBucketPolicy {
        burst: 3,
        interval: Duration::from_secs(60),
    };
    assert_eq!(pair.one.take_budget("a", policy).await, Ok(Ok(())));
    assert_eq!(pair.two.take_budget("a", policy).await, Ok(Ok(())));
    assert_eq!(pair.one.take_budget("a", policy).await, Ok(Ok(())));
    let Ok(Err(wait)) = pair.two.take_budget("a", policy).await else {
        panic!("there is none left");
    };
    let range = Duration::from_secs(55)..=Duration::from_secs(60);
    assert!(range.contains(&wait), "{wait:?}");
    assert_eq!(pair.two.take_budget("b", policy).await, Ok(Ok(())));
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gateway_has_a_duty_until_it_dies() {
    let Some(pair) = Pair::new("duties").await else {
        return;
    };
    assert_eq!(pair.one.lead(Duty::Reminders).await, Ok(true));
    assert_eq!(pair.two.lead(Duty::Reminders).await, Ok(false));
    assert_eq!(pair.two.lead(Duty::Pruning).await, Ok(true));
    assert_eq!(pair.one.lead(Duty::Reminders).await, Ok(true));
    pair.expire(&pair.one_id).await;
    assert_eq!(pair.one.lead(Duty::Reminders).await, Ok(false));
    assert_eq!(pair.two.lead(Duty::Reminders).await, Ok(true));
    pair.close().await;
}

// The others go on if they have the new key, and change nothing if not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_is_followed_or_the_missing_key_is_said() {
    let Some(place) = Place::postgres("a rotation").await else {
        return;
    };
    let mut pair = Pair::at(place).await;
    let mut knows = pair.place.options.clone();
    let new = MasterKeySource::File(pair.place.file("new-key"));
    std::fs::write(pair.place.file("new-key"), "ab".repeat(32)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(pair.place.file("new-key"), mode).unwrap();
    knows.old_keys = vec![new.clone()];
    let three = Store::open(&knows, Access::Gateway).await.unwrap();
    let mut heard = three.changes().expect("the store is shared");
    let mut deaf = pair.two.changes().expect("the store is shared");

    assert_eq!(pair.one.rotate_key(&new).await, Ok(2));
    while heard.next().await.map(|heard| heard.change) != Some(StoreChange::KeyRing) {}
    while deaf.next().await.map(|heard| heard.change) != Some(StoreChange::KeyRing) {}
    three.healthy().await.unwrap();
    three.put_app(&app("shop", &["main"])).await.unwrap();
    assert_eq!(pair.one.apps().await.unwrap().len(), 1);

    let lacking = pair.two.healthy().await.unwrap_err();
    assert!(lacking.to_string().contains("name that key"), "{lacking}");
    let login = completion(GrantStatus::Held, "login");
    let refused = pair.two.replace_grant(&id("main"), &login, NOW).await;
    assert_eq!(refused, Err(lacking));
    three.close().await;
    // All of it opens with the new key alone.
    pair.place.options.master_key = new;
    let after = pair.place.try_open().await.unwrap();
    assert_eq!(after.grants().await.unwrap().len(), 1);
    assert_eq!(after.apps().await.unwrap().len(), 1);
    assert_eq!(after.quarantined().await, []);
    after.close().await;
    pair.close().await;
}
