//! Tokens are renewed before they end, and nobody notices.

use http::StatusCode;
use mock_ups::{Endpoint, Filter};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tests::{World, eventually};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewal_under_load_fails_no_request() {
    let world = World::builder()
        .token_lifetime(Duration::from_secs(3))
        .start()
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (app, stop) = (world.app.clone(), Arc::clone(&stop));
        clients.spawn(async move {
            let mut served = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                app.send(tests::rate_request()).await.assert_rates();
                served += 1;
            }
            served
        });
    }
    // The first token and at least three renewals.
    eventually("three renewals", async || world.mock.tokens_issued() >= 4).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(served) = clients.join_next().await {
        assert!(served.unwrap() > 0);
    }
    // No expired token reached the carrier.
    world
        .mock
        .expect(Filter::any().endpoint(Endpoint::Rating).status(401))
        .none()
        .unwrap();
}

/// A valid token serves to its end, an expired one is never sent.
#[tokio::test]
async fn expired_token_is_never_injected() {
    let world = World::builder()
        .token_lifetime(Duration::from_secs(4))
        .start()
        .await;
    world.shop().await.assert_rates();
    assert!(world.mock.set_blocked("mock-client", true));
    let answer = world
        .shop_until("after the token's end", |answer| {
            answer.status() != StatusCode::OK
        })
        .await;
    assert!(
        matches!(answer.status().as_u16(), 502 | 503),
        "{}",
        answer.text()
    );
    assert_ne!(answer.field("waybill-error"), "");
    assert_ne!(
        answer.ups_code(),
        "",
        "the error is in the carrier's envelope"
    );
    world
        .mock
        .expect(Filter::any().endpoint(Endpoint::Rating).status(401))
        .none()
        .unwrap();
}
