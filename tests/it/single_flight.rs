//! However many requests need a token, the carrier is asked once.

use mock_ups::{Endpoint, Filter};
use tests::World;
use tokio::task::JoinSet;

const REQUESTS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_first_requests_cause_one_token_request() {
    let world = World::builder()
        .config(|config| config.workers = 2)
        .start()
        .await;
    let mut requests = JoinSet::new();
    for _ in 0..REQUESTS {
        let app = world.app.clone();
        requests.spawn(async move { app.send(tests::rate_request()).await.assert_rates() });
    }
    while let Some(done) = requests.join_next().await {
        done.unwrap();
    }
    world.mock.exactly_one_token_request("mock-client").unwrap();
    world
        .mock
        .expect(Filter::any().endpoint(Endpoint::Rating).status(200))
        .exactly(REQUESTS)
        .unwrap();
}
