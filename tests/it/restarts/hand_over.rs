//! `waybill serve --take-over`, with everything as it should be.

use super::load::{Habit, Load};
use gateway_store_testkit::Postgres;
use mock_ups::{Action, Endpoint, Fault, Filter, Latency, Span};
use std::time::Duration;
use tests::{World, WorldBuilder, eventually, skipped};
use tests_kit::rounds;

const HABITS: &[(Habit, usize)] = &[
    (Habit::New, 4),
    (Habit::Kept(Duration::ZERO), 4),
    (Habit::Kept(Duration::from_millis(300)), 8),
    (Habit::Http2, 3),
    (Habit::Upload(Duration::from_secs(2)), 4),
];

/// A world with a store in a file.
pub(super) fn durable() -> WorldBuilder {
    World::builder().more("[store]\nurl = \"sqlite://waybill.db\"")
}

/// The token requests that the carrier saw.
pub(super) fn asked(world: &World) -> usize {
    let token = Filter::any().endpoint(Endpoint::Token);
    world.mock.journal(&token).len()
}

async fn take_over_under_load(world: WorldBuilder, restarts: usize, requests: u64) {
    let limits = "[limits]\nkeep_alive_timeout = \"10s\"";
    let world = world.config(|config| config.workers = 2).more(limits);
    let mut world = world.start().await;
    world.shop().await.assert_rates();
    assert_eq!(asked(&world), 1);
    let load = Load::start(world.gateway.apps, HABITS);
    let mut draining = Vec::new();
    for restart in 0..restarts {
        let until = requests * (restart as u64 + 1) / restarts as u64;
        // A million requests take longer than a test usually waits.
        while load.served() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        draining.push(world.gateway.take_over().await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tally = load.end().await;
    tally.assert_clean();
    // The token request and the first call come on top.
    let seen = world.mock.journal(&Filter::any());
    let seen = seen.last().map_or(0, |entry| entry.seq);
    assert_eq!(
        seen,
        tally.served() + 2,
        "no request reached the carrier in vain, or twice"
    );
    for mut old in draining {
        assert_eq!(old.ended().await.code(), Some(0), "{}", old.output());
    }
    // The journal forgets the first one during a long run; a second one would be among those above.
    assert!(asked(&world) <= 1, "stored tokens serve on");
}

/// In its full form, a million requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn take_over_under_load_fails_no_request() {
    let requests = rounds(1_500, 1_000_000) as u64;
    take_over_under_load(durable(), rounds(3, 50), requests).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn take_over_with_a_store_in_postgresql_fails_no_request() {
    let Some(cluster) = Postgres::start().expect("PostgreSQL starts") else {
        return skipped("take-over with PostgreSQL", "this machine has none");
    };
    let store = format!(
        "[store]\nurl = {{ value = \"{}\" }}\nmaster_key = {{ file = \"key\" }}",
        cluster.url("postgres")
    );
    take_over_under_load(World::builder().more(&store), 2, 600).await;
}

/// The old process ends behind the new one, and the admin API is the new one's.
#[tokio::test]
async fn idle_connection_gets_one_more_answer_from_the_old_process() {
    let mut world = durable().start().await;
    world.shop().await.assert_rates();
    let mut kept = tests::Raw::connect(world.gateway.apps).await.unwrap();
    let options = "OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n";
    kept.send(options).await.until("\r\n\r\n").await;
    let mut old = world.gateway.take_over().await;
    let done = world.gateway.waybill("", &["status"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    kept.send(options).await;
    let answers = kept.until_closed("the last answer").await;
    assert_eq!(answers.matches("HTTP/1.1 204").count(), 2, "{answers}");
    assert!(answers.contains("connection: close"), "{answers}");
    // The app's own idle connection gets its last answer as well.
    world.shop().await.assert_rates();
    assert_eq!(old.ended().await.code(), Some(0));
    world.shop().await.assert_rates();
}

/// An app that keeps an idle connection for ever does not keep the old process.
#[tokio::test]
async fn old_process_ends_when_no_idle_connection_may_live_longer() {
    let limits = "[limits]\nkeep_alive_timeout = \"1s\"\ndrain_timeout = \"100ms\"";
    let mut world = durable().more(limits).start().await;
    let _idle = tests::Raw::connect(world.gateway.apps).await.unwrap();
    let mut old = world.gateway.take_over().await;
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.output());
}

/// The carrier's answer may hold the only copy of a grant, so the store stays until it is there.
#[tokio::test]
async fn token_request_in_flight_is_finished_before_the_store_goes() {
    let late = Fault::new(Action::Delay(Latency::Fixed(Span(Duration::from_secs(2)))));
    let mut world = durable()
        .fault(late.endpoint(Endpoint::Token))
        .start()
        .await;
    let app = world.app.clone();
    let request = tokio::spawn(async move { app.send(tests::rate_request()).await });
    let waiting = "waybill_accounts_waiting_requests{carrier=\"ups\",environment=\"test\"}";
    eventually("the request waits", async || {
        world.metric(waiting).await == Some(1.0)
    })
    .await;
    let mut old = world.gateway.take_over().await;
    request.await.unwrap().assert_rates();
    world.shop().await.assert_rates();
    assert_eq!(asked(&world), 1, "the new process serves the stored token");
    assert_eq!(old.ended().await.code(), Some(0));
}

#[tokio::test]
async fn take_over_of_nothing_is_a_start() {
    let mut world = durable().start().await;
    world.gateway.process.signal("KILL");
    world.gateway.process.ended().await;
    let mut successor = world.gateway.successor("waybill.toml");
    successor.line("apps listening on ").await;
    assert!(successor.output().contains("nothing to take over"));
}
