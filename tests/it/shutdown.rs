//! The gateway ends: what it took on, it finishes.

use http::StatusCode;
use mock_ups::{Action, Endpoint, Fault, Filter, Latency, Span};
use std::time::Duration;
use tests::{World, eventually, rate_request};
use tokio::{net::TcpStream, task::JoinSet};

fn late(endpoint: Endpoint, by: Duration) -> Fault {
    Fault::new(Action::Delay(Latency::Fixed(Span(by)))).endpoint(endpoint)
}

async fn refuses_connections(world: &World) {
    let apps = world.gateway.apps;
    eventually("new connections are refused", async || {
        TcpStream::connect(apps).await.is_err()
    })
    .await;
}

/// Whatever reached the carrier was answered, completely.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_under_load_loses_no_request() {
    let mut world = World::start().await;
    world.shop().await.assert_rates();
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let app = world.app.clone();
        clients.spawn(async move {
            let mut served = 0_usize;
            // The first error is a connection that was refused or closed between two requests.
            while let Ok(answer) = app.try_send(rate_request()).await {
                answer.assert_rates();
                served += 1;
            }
            served
        });
    }
    eventually("load", async || {
        world.mock.journal(&Filter::any()).len() > 200
    })
    .await;
    world.gateway.process.signal("TERM");
    let status = world.gateway.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.gateway.process.output());
    let served: usize = clients.join_all().await.into_iter().sum();
    let rating = Filter::any().endpoint(Endpoint::Rating).status(200);
    world.mock.expect(rating).exactly(served + 1).unwrap();
}

#[tokio::test]
async fn request_in_flight_is_finished() {
    let mut world = World::start().await;
    world.shop().await.assert_rates();
    let slow = world
        .mock
        .add_fault(late(Endpoint::Rating, Duration::from_secs(1)))
        .unwrap();
    let app = world.app.clone();
    let request = tokio::spawn(async move { app.send(rate_request()).await });
    eventually("the request is at the carrier", async || slow.hits() == 1).await;
    world.gateway.process.signal("TERM");
    refuses_connections(&world).await;
    let ready = world.admin.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ready.json()["phase"],
        "draining",
        "load balancers go elsewhere"
    );
    request.await.unwrap().assert_rates();
    assert_eq!(world.gateway.process.ended().await.code(), Some(0));
}

/// A log rotation or a person's guess must not end the gateway in the middle of requests.
#[tokio::test]
async fn signals_that_mean_nothing_end_nothing() {
    let mut world = World::start().await;
    for name in ["USR1", "XFSZ"] {
        world.gateway.process.signal(name);
        world.shop().await.assert_rates();
    }
    eventually("the signal is in the log", async || {
        let output = world.gateway.process.output();
        output.contains("SIGUSR1 is ignored")
    })
    .await;
    world.gateway.process.signal("QUIT");
    assert_eq!(world.gateway.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn token_request_in_flight_is_finished() {
    let fault = late(Endpoint::Token, Duration::from_secs(1));
    let mut world = World::builder().fault(fault).start().await;
    let app = world.app.clone();
    let request = tokio::spawn(async move { app.send(rate_request()).await });
    let metric = "waybill_accounts_waiting_requests{carrier=\"ups\",environment=\"test\"}";
    eventually("the request waits", async || {
        world.metric(metric).await == Some(1.0)
    })
    .await;
    world.gateway.process.signal("TERM");
    request.await.unwrap().assert_rates();
    assert_eq!(world.gateway.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn second_signal_ends_at_once() {
    let mut world = World::start().await;
    world.shop().await.assert_rates();
    let slow = world
        .mock
        .add_fault(late(Endpoint::Rating, Duration::from_secs(300)))
        .unwrap();
    let app = world.app.clone();
    let request = tokio::spawn(async move { app.try_send(rate_request()).await });
    eventually("the request is at the carrier", async || slow.hits() == 1).await;
    world.gateway.process.signal("TERM");
    refuses_connections(&world).await;
    world.gateway.process.signal("INT");
    world.gateway.process.ended().await;
    assert!(request.await.unwrap().is_err(), "nobody was left to answer");
}

#[tokio::test]
async fn drain_ends_at_its_time_limit() {
    let mut world = World::builder()
        .more("[limits]\ndrain_timeout = \"300ms\"")
        .start()
        .await;
    world.shop().await.assert_rates();
    let slow = world
        .mock
        .add_fault(late(Endpoint::Rating, Duration::from_secs(300)))
        .unwrap();
    let app = world.app.clone();
    let request = tokio::spawn(async move { app.try_send(rate_request()).await });
    eventually("the request is at the carrier", async || slow.hits() == 1).await;
    world.gateway.process.signal("TERM");
    assert_eq!(world.gateway.process.ended().await.code(), Some(0));
    assert!(request.await.unwrap().is_err(), "it was cut off");
}
