//! How many statements a renewal costs, as PostgreSQL's own log counts them.

use super::pair::Pair;
use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::*;
use gateway_store_testkit::Postgres;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Commits, and statements other than the ends of a transaction, in a piece of the log.
fn count(log: &str) -> (usize, usize) {
    let statements: Vec<&str> = log
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once("LOG:  ")?;
            let (kind, statement) = rest.split_once(": ")?;
            (kind == "statement" || kind.starts_with("execute")).then_some(statement)
        })
        .collect();
    let is = |statement: &str, word: &str| statement.starts_with(word);
    let commits = statements.iter().filter(|text| is(text, "COMMIT")).count();
    let others = statements
        .iter()
        .filter(|text| !is(text, "BEGIN") && !is(text, "COMMIT") && !is(text, "ROLLBACK"))
        .count();
    (commits, others)
}

async fn log_statements(pair: &Pair) {
    pair.place
        .tamper("ALTER SYSTEM SET log_statement = 'all'")
        .await;
    pair.place.tamper("SELECT pg_reload_conf()").await;
    // The server's processes take a setting over when they are asked next.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_cost_what_they_must() {
    let Some(cluster) = Postgres::start().expect("PostgreSQL starts") else {
        eprintln!("skipped: counting statements, because there is no PostgreSQL");
        return;
    };
    let cluster = Arc::new(cluster);
    let pair = Pair::at(Place::on(cluster.clone()).await).await;
    let (store, main) = (&pair.one, id("main"));
    store.add_account(&account("cc")).await.unwrap();
    for name in ["main", "cc"] {
        assert_eq!(store.claim(&id(name)).await, Ok(Claim::Mine));
    }
    log_statements(&pair).await;
    let before = cluster.log().unwrap().len();
    assert_eq!(store.claim(&main).await, Ok(Claim::Mine));
    assert_eq!(count(&cluster.log().unwrap()[before..]), (0, 0));

    let before = cluster.log().unwrap().len();
    let (version, which) = (GrantVersion(1), Presentation::Ordinary);
    store
        .record_intent(&main, version, which, &intent("a"))
        .await
        .unwrap();
    let (name, answer) = (IntentId::new("a"), SecretBytes::new(b"raw".to_vec()));
    store.record_answer(&main, &name, &answer).await.unwrap();
    let (next, journal) = (completion(GrantStatus::Held, "2"), entry("main", "issued"));
    store
        .complete(&main, version, Some(&name), &next, &journal)
        .await
        .unwrap();
    assert_eq!(count(&cluster.log().unwrap()[before..]), (3, 6));

    let before = cluster.log().unwrap().len();
    let (token, journal) = (
        completion(GrantStatus::Repeatable, "cc"),
        entry("cc", "issued"),
    );
    store
        .complete(&id("cc"), GrantVersion::NONE, None, &token, &journal)
        .await
        .unwrap();
    let first = count(&cluster.log().unwrap()[before..]);
    let before = cluster.log().unwrap().len();
    store
        .complete(&id("cc"), GrantVersion(1), None, &token, &journal)
        .await
        .unwrap();
    let second = count(&cluster.log().unwrap()[before..]);
    assert_eq!((first.0, second), (1, (1, 2)));

    let before = cluster.log().unwrap().len();
    assert_eq!(store.heartbeat(&state()).await, Ok(Heartbeat::Live));
    assert_eq!(count(&cluster.log().unwrap()[before..]), (1, 1));
    pair.close().await;
}

/// As when a fleet starts, or when its carrier comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowd_of_first_claims_shares_its_statements() {
    const ACCOUNTS: usize = 700;
    let Some(cluster) = Postgres::start().expect("PostgreSQL starts") else {
        eprintln!("skipped: claims of a crowd, because there is no PostgreSQL");
        return;
    };
    let cluster = Arc::new(cluster);
    let pair = Pair::at(Place::on(cluster.clone()).await).await;
    let name = |number: usize| format!("crowd-{number}");
    for number in 0..ACCOUNTS {
        pair.one.add_account(&account(&name(number))).await.unwrap();
    }
    log_statements(&pair).await;
    let before = cluster.log().unwrap().len();
    let mut claiming = JoinSet::new();
    for number in 0..ACCOUNTS {
        for store in [&pair.one, &pair.two] {
            let (store, account) = (store.clone(), id(&name(number)));
            claiming.spawn(async move { (account.clone(), store.claim(&account).await.unwrap()) });
        }
    }
    let claims = claiming.join_all().await;
    let (_, statements) = count(&cluster.log().unwrap()[before..]);
    let mine = claims.iter().filter(|(_, claim)| *claim == Claim::Mine);
    assert_eq!(mine.count(), ACCOUNTS, "each account has one owner");
    for (account, claim) in &claims {
        let owner = pair.one.owner_of(account).await.unwrap().expect("an owner");
        if let Claim::Theirs { owner: named } = claim {
            assert_eq!(*named, owner.owner);
        }
    }
    // A gateway that finds an account claimed in the same moment may have to look again.
    assert!(statements < ACCOUNTS / 2, "{statements}");

    // The owner of some of them ends, and the other gateway takes over what it had.
    pair.expire(&pair.one_id).await;
    let before = cluster.log().unwrap().len();
    let mut claiming = JoinSet::new();
    for number in 0..ACCOUNTS {
        let (store, account) = (pair.two.clone(), id(&name(number)));
        claiming.spawn(async move { (account.clone(), store.claim(&account).await.unwrap()) });
    }
    let taken = claiming.join_all().await;
    let (_, statements) = count(&cluster.log().unwrap()[before..]);
    assert!(statements < ACCOUNTS / 2, "{statements}");
    for (account, claim) in taken {
        let theirs = matches!(claim, Claim::Theirs { .. });
        let owner = pair
            .two
            .owner_of(&account)
            .await
            .unwrap()
            .expect("an owner");
        assert!(
            !theirs && owner.owner == pair.two_id && owner.live,
            "{account}"
        );
        let moved = matches!(claim, Claim::Taken { .. });
        assert_eq!(owner.fence, Fence(if moved { 2 } else { 1 }), "{account}");
    }
    pair.close().await;
}
