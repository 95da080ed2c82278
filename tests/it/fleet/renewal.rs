//! One token request for an account, wherever it is asked for.

use super::world::{Fleet, Options, shop};
use mock_ups::{Action, Endpoint, Fault, Filter, Latency, Span};
use std::time::Duration;
use tests::{Client, eventually};
use tokio::task::JoinSet;

/// The carrier revokes the token, and the apps of three gateways notice at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_for_an_account_that_all_gateways_need() {
    let Some(fleet) = Fleet::start("one request of a fleet", 3).await else {
        return;
    };
    for index in 0..3 {
        fleet.shop(index, "main").await.assert_rates();
    }
    assert_eq!(fleet.asked(), 1, "the others take the first one's token");
    fleet.mock.revoke_all();
    let slow = Fault::new(Action::Delay(Latency::Fixed(Span(Duration::from_millis(
        300,
    )))))
    .endpoint(Endpoint::Token);
    let _slow = fleet
        .mock
        .add_fault(slow)
        .expect("a fault that makes sense");
    let mut apps = JoinSet::new();
    for index in 0..3 {
        for _ in 0..8 {
            let app = Client::new(fleet.gateway(index).apps);
            apps.spawn(async move { shop(&app, "main").await.assert_rates() });
        }
    }
    apps.join_all().await;
    assert_eq!(
        fleet.asked(),
        2,
        "one request replaces the revoked token at all three"
    );
}

/// Short tokens, three gateways, and apps at all of them: one request for each due time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_due_time_has_one_renewal() {
    let lifetime = Duration::from_secs(8);
    let options = |_: &_| Options {
        token_lifetime: lifetime,
        lease: Duration::from_secs(2),
        ..Options::default()
    };
    let Some(fleet) = Fleet::start_with("renewals of a fleet", 3, options).await else {
        return;
    };
    // Three renewals.
    while fleet.asked() < 4 {
        for index in 0..3 {
            fleet.shop(index, "main").await.assert_rates();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let times: Vec<_> = fleet
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Token))
        .iter()
        .map(|entry| entry.at_ms)
        .collect();
    for pair in times.windows(2) {
        let between = pair[1] - pair[0];
        // A lease and a third before its last tenth, up to a fifth earlier: 46 % of its life.
        let least = lifetime.as_millis() as i64 * 2 / 5;
        assert!(between > least, "two requests within {between} ms");
    }
}

/// Its accounts are renewed elsewhere, and no request of the other gateways fails meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_of_a_killed_gateway_are_renewed_elsewhere() {
    let options = |_: &_| Options {
        token_lifetime: Duration::from_secs(8),
        lease: Duration::from_secs(1),
        ..Options::default()
    };
    let Some(mut fleet) = Fleet::start_with("a killed owner", 3, options).await else {
        return;
    };
    fleet.shop(0, "main").await.assert_rates();
    let owner = fleet.owner(0).await.expect("it has an owner");
    let before = fleet.asked();
    drop(fleet.kill(owner));
    let others: Vec<usize> = (0..3).filter(|index| *index != owner).collect();
    eventually("a renewal elsewhere", async || {
        for index in &others {
            fleet.shop(*index, "main").await.assert_rates();
        }
        fleet.asked() > before
    })
    .await;
    let next = fleet.owner(others[0]).await;
    assert!(next.is_some_and(|next| next != owner), "{next:?}");
}
