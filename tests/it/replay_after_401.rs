//! A rejected token is renewed once, the request replayed once, and never more than that.

use http::StatusCode;
use mock_ups::{Endpoint, Filter};
use tests::World;
use tokio::task::JoinSet;

#[tokio::test]
async fn revoked_token_costs_one_renewal_and_one_replay() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    assert_eq!(world.mock.revoke_all(), 1);
    world.shop().await.assert_rates();
    world
        .mock
        .token_requests_of("mock-client")
        .exactly(2)
        .unwrap();
    let rating = || Filter::any().endpoint(Endpoint::Rating);
    world.mock.expect(rating().status(401)).exactly(1).unwrap();
    world.mock.expect(rating().status(200)).exactly(2).unwrap();
}

/// Parallel 401s about one token are one event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_rejections_start_one_renewal() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    world.mock.revoke_all();
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let app = world.app.clone();
        requests.spawn(async move { app.send(tests::rate_request()).await.assert_rates() });
    }
    while let Some(done) = requests.join_next().await {
        done.unwrap();
    }
    world
        .mock
        .token_requests_of("mock-client")
        .exactly(2)
        .unwrap();
}

/// UPS says 401/250002 also when a product is not enabled for the app: then a new token does not
/// help, and asking for more would end in 10429.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn persistent_rejection_is_passed_on_without_a_storm() {
    let world = World::start().await;
    assert!(world.mock.set_products("mock-client", Some(Vec::new())));
    for _ in 0..50 {
        let answer = world.shop().await;
        assert_eq!(
            (answer.status(), answer.ups_code().as_str()),
            (StatusCode::UNAUTHORIZED, "250002")
        );
    }
    // The first token, and one more to make sure.
    world
        .mock
        .token_requests_of("mock-client")
        .at_most(2)
        .unwrap();
}
