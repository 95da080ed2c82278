//! More rows than are read at once.

use crate::place::Place;
use crate::records::*;
use gateway_model::{GrantStatus, GrantVersion, TokenFacts};
use gateway_store::*;
use std::collections::BTreeSet;
use std::sync::mpsc;

crate::on_both!(large_tables_are_read_whole_in_order_and_without_what_is_damaged);

const ACCOUNTS: usize = 2_600;
const DAMAGED: usize = 1_300;

fn name(at: usize) -> String {
    format!("a{at:05}")
}

fn grant(at: usize) -> GrantRecord {
    let completion = completion(GrantStatus::Held, &name(at));
    GrantRecord {
        account: id(&name(at)),
        version: GrantVersion(1),
        status: completion.status,
        state: completion.state,
        token: Some(completion.token),
        facts: TokenFacts::default(),
        consented_at: None,
        expires_at: None,
        intent: None,
        restored: None,
        written_by: None,
    }
}

// A damaged record in the midst of many harms no other.
async fn large_tables_are_read_whole_in_order_and_without_what_is_damaged(place: Place) {
    let store = place.open().await;
    let all: Vec<usize> = (0..ACCOUNTS).collect();
    for some in all.chunks(200) {
        let some: Vec<_> = some
            .iter()
            .map(|at| (account(&name(*at)), grant(*at)))
            .collect();
        store.fill(&some).await.unwrap();
    }
    store.close().await;
    let gone = name(DAMAGED);
    let damage = format!(
        "UPDATE grants SET sealed = (SELECT g.sealed FROM grants g WHERE g.account = '{}') \
         WHERE account = '{gone}'",
        name(0)
    );
    place.tamper(&damage).await;

    let store = place.open().await;
    let accounts = store.accounts().await.unwrap();
    let names = accounts.iter().map(|account| account.name.to_string());
    assert!(names.eq(all.iter().map(|at| name(*at))), "in order, all");

    let expected: Vec<String> = all
        .iter()
        .filter(|at| **at != DAMAGED)
        .map(|at| name(*at))
        .collect();
    let mut grants = Vec::new();
    let in_order = store.each_grant(|grant| grants.push(grant.account.to_string()));
    in_order.await.unwrap();
    assert_eq!(grants, expected);

    let (tell, told) = mpsc::channel();
    let take = move |grant: GrantRecord| {
        let right = grant.state.expose() == format!("canary-refresh-{}", grant.account).as_bytes();
        tell.send((grant.account.to_string(), right)).unwrap();
    };
    store.spread_grants(take).await.unwrap();
    let told: Vec<(String, bool)> = told.try_iter().collect();
    assert!(told.iter().all(|(_, right)| *right));
    assert_eq!(told.len(), expected.len(), "each once");
    let told: BTreeSet<String> = told.into_iter().map(|(name, _)| name).collect();
    assert!(told.iter().eq(&expected));

    let quarantined = store.quarantined_once_listed().await;
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert_eq!(quarantined[0].account, Some(id(&gone)));
    store.close().await;
}
