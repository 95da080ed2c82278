//! The carrier's token endpoint misbehaves.

use http::StatusCode;
use mock_ups::{Action, CannedResponse, Endpoint, Fault, Latency, Quota, Span};
use std::time::Duration;
use tests::{Answer, World, rate_request};
use tokio::task::{JoinSet, LocalSet};

/// The gateway's own error in the carrier's shape.
#[track_caller]
fn assert_gateway_error(answer: &Answer, codes: &[&str]) {
    let status = answer.status().as_u16();
    assert!(matches!(status, 502..=504), "{status} {}", answer.text());
    let code = answer.field("waybill-error");
    assert!(codes.contains(&code), "{code}: {}", answer.text());
    let error = &answer.json()["response"]["errors"][0];
    assert!(error["message"].is_string(), "{}", answer.text());
    assert_ne!(answer.ups_code(), "");
    if status == 503 {
        let seconds: Result<u64, _> = answer.field("retry-after").parse();
        assert!(
            seconds.is_ok_and(|seconds| seconds >= 1),
            "{:?}",
            answer.headers()
        );
    }
}

/// A wrong secret is told at once, in the carrier's shape, and asked for a few times at most.
#[tokio::test]
async fn wrong_secret_is_told_and_not_repeated() {
    let world = World::builder()
        .config(|config| config.client_secret = "wrong".into())
        .start()
        .await;
    for _ in 0..20 {
        assert_gateway_error(&world.shop().await, &["credentials_rejected"]);
    }
    world
        .mock
        .token_requests_of("mock-client")
        .at_most(2)
        .unwrap();
}

/// 10429: the gateway waits, tells how long, and does not make it worse.
#[tokio::test]
async fn quota_is_answered_with_patience() {
    let quota = Quota {
        requests: 0,
        window: 3600,
    };
    let world = World::builder()
        .mock(|mock| mock.settings(|settings| settings.token_quota = Some(quota)))
        .start()
        .await;
    for _ in 0..20 {
        let answer = world.shop().await;
        assert_eq!(
            answer.status(),
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            answer.text()
        );
        assert_gateway_error(&answer, &["rate_limited"]);
    }
    world
        .mock
        .token_requests_of("mock-client")
        .at_most(4)
        .unwrap();
}

/// Nobody listens: 502 or 503 in the carrier's envelope, at once.
#[tokio::test]
async fn unreachable_carrier_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let world = World::builder()
        .config(move |config| config.origin = format!("http://{gone}"))
        .start()
        .await;
    assert_gateway_error(&world.shop().await, &["carrier_unreachable"]);
}

fn answer(status: u16, body: &str) -> Action {
    Action::Answer(CannedResponse {
        status,
        code: None,
        message: None,
        body: Some(body.to_owned()),
        content_type: Some("application/json".to_owned()),
        retry_after: None,
    })
}

/// Whatever comes in place of a token, callers are told in the carrier's shape, the carrier is
/// not asked again for every one of them, and when it is well again, so is the gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_in_place_of_a_token_is_told_and_survived() {
    let token = r#""access_token":"planted-token","token_type":"Bearer""#;
    let cases = [
        ("garbage", Action::Garbage),
        ("empty 200", Action::Empty),
        ("HTML 403", Action::Html403),
        ("500", answer(500, "oops")),
        (
            "503",
            Action::Answer(CannedResponse::error(503, "10503", "Service Unavailable")),
        ),
        ("reset before", Action::ResetBefore),
        ("reset midway", Action::ResetMidway),
        ("redirect", answer(302, "")),
        ("another JSON", answer(200, "[1,2,3]")),
        ("no lifetime", answer(200, &format!("{{{token}}}"))),
        (
            "lifetime of nothing",
            answer(200, &format!("{{{token},\"expires_in\":\"0\"}}")),
        ),
        (
            "line break",
            answer(200, r#"{"access_token":"a\r\nb","expires_in":"3600"}"#),
        ),
        ("2 MiB", answer(200, &"x".repeat(2 << 20))),
    ];
    let (here, mut runs) = (LocalSet::new(), JoinSet::new());
    for (name, action) in cases {
        runs.spawn_local_on(survive(name, action), &here);
    }
    here.run_until(runs.join_all()).await;
}

async fn survive(name: &str, action: Action) {
    let fault = Fault::new(action).endpoint(Endpoint::Token);
    let mut world = World::builder().fault(fault).start().await;
    let mut patience = 0;
    for _ in 0..20 {
        let answer = world.shop().await;
        let codes = [
            "token_unavailable",
            "token_endpoint_failing",
            "carrier_unreachable",
        ];
        assert_gateway_error(&answer, &codes);
        assert!(
            !answer.text().contains("planted"),
            "{name}: {}",
            answer.text()
        );
        patience = patience.max(answer.field("retry-after").parse().unwrap_or(0));
    }
    let hits = world.faults[0].hits();
    assert!((1..=4).contains(&hits), "{name}: {hits} token requests");
    world.faults.clear();
    // An answer that made no sense is followed by a longer wait than this test has; its end is
    // proven with a clock of its own in `gateway/token`.
    if patience <= 10 {
        let well = |answer: &Answer| answer.status() == StatusCode::OK;
        world.shop_until(name, well).await;
    }
}

/// A token endpoint that hangs holds nobody longer than the configuration says.
#[tokio::test]
async fn slow_token_endpoint_is_given_up() {
    let late = Action::Delay(Latency::Fixed(Span(Duration::from_secs(300))));
    let world = World::builder()
        .fault(Fault::new(late).endpoint(Endpoint::Token))
        .more("[tokens]\nrequest_timeout = \"700ms\"\nacquire_wait = \"300ms\"")
        .start()
        .await;
    for _ in 0..5 {
        let answer = world.shop().await;
        assert_gateway_error(&answer, &["token_unavailable", "carrier_unreachable"]);
    }
    assert!(world.faults[0].hits() <= 3);
}

/// A token that comes late serves those who waited, and only one was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_token_serves_everyone_who_waited() {
    let late = Action::Delay(Latency::Fixed(Span(Duration::from_millis(500))));
    let world = World::builder()
        .fault(Fault::new(late).endpoint(Endpoint::Token))
        .start()
        .await;
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let app = world.app.clone();
        requests.spawn(async move { app.send(rate_request()).await.assert_rates() });
    }
    requests.join_all().await;
    world.mock.exactly_one_token_request("mock-client").unwrap();
}
