//! What an operator sees: metrics, health, readiness, log lines.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;
use tests::{World, eventually, rate_request};

const ACCOUNT: &str = r#"account="main",carrier="ups",environment="test""#;

#[tokio::test]
async fn metrics_count_what_happened() {
    let world = World::builder()
        .more("[metrics]\naccount_series = true")
        .start()
        .await;
    for _ in 0..3 {
        world.shop().await.assert_rates();
    }
    world.mock.revoke_all();
    world.shop().await.assert_rates();
    let mut blocked = rate_request();
    blocked
        .headers_mut()
        .insert("waybill-account", "unknown".parse().unwrap());
    world.app.send(blocked).await;
    for (name, count) in [
        ("waybill_responses_total{class=\"2xx\"}".to_owned(), 4.0),
        ("waybill_responses_total{class=\"4xx\"}".to_owned(), 1.0),
        ("waybill_replays_total".to_owned(), 1.0),
        (format!("waybill_account_requests_total{{{ACCOUNT}}}"), 4.0),
        (
            format!("waybill_account_token_rejections_total{{{ACCOUNT}}}"),
            1.0,
        ),
        (
            format!("waybill_account_tokens_minted_total{{{ACCOUNT}}}"),
            2.0,
        ),
        (format!("waybill_account_usable{{{ACCOUNT}}}"), 1.0),
        ("waybill_requests_in_flight".to_owned(), 0.0),
        (
            "waybill_gateway_errors_total{code=\"account_forbidden\"}".to_owned(),
            1.0,
        ),
        (
            "waybill_operation_requests_total{route=\"catch-all\",app=\"(none)\",operation=\"rating\",\
             class=\"2xx\"}"
                .to_owned(),
            4.0,
        ),
        (
            "waybill_operation_duration_seconds_count{route=\"catch-all\",operation=\"(unknown)\"}".to_owned(),
            1.0,
        ),
    ] {
        // A request is counted when its answer is complete, which the client may see earlier.
        eventually(&format!("{name} is {count}"), async || {
            world.metric(&name).await == Some(count)
        })
        .await;
    }
}

#[tokio::test]
async fn readiness_names_what_is_not_ready() {
    let world = World::start().await;
    eventually("ready", async || {
        world.admin.get("/readyz").await.status() == StatusCode::OK
    })
    .await;
    assert_eq!(world.admin.get("/healthz").await.status(), StatusCode::OK);
    assert_eq!(
        world.admin.get("/none").await.status(),
        StatusCode::NOT_FOUND
    );
    // Neither is there for apps: on their listener these are the carrier's paths.
    assert_eq!(
        world.app.get("/metrics").await.status(),
        StatusCode::NOT_FOUND
    );
    let rejected = World::builder()
        .config(|config| config.client_secret = "wrong".into())
        .start()
        .await;
    eventually("the account is rejected", async || {
        let ready = rejected.admin.get("/readyz").await;
        ready.json()["accounts"][0]["state"] == "rejected"
    })
    .await;
    // It waits for a person; taking the gateway away from the other accounts would not help.
    let ready = rejected.admin.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::OK, "{}", ready.text());
    assert_eq!(ready.json()["degraded"], true, "{}", ready.text());
    assert_eq!(ready.json()["accounts"][0]["waits_for"], "person");
    assert_eq!(
        rejected.admin.get("/healthz").await.status(),
        StatusCode::OK
    );
}

/// A web page cannot reach the admin listener through DNS.
#[tokio::test]
async fn admin_listener_refuses_foreign_hosts() {
    let world = World::start().await;
    let request = Request::get("/metrics").header("host", "evil.example");
    let answer = world.admin.send(request.body(Bytes::new()).unwrap()).await;
    assert!(answer.status().is_client_error(), "{}", answer.text());
    assert!(!answer.text().contains("waybill_"), "{}", answer.text());
}

#[tokio::test]
async fn access_log_has_one_line_for_each_request() {
    let world = World::builder()
        .more("[log]\naccess_log = true\nformat = \"json\"")
        .start()
        .await;
    let mut request = rate_request();
    *request.uri_mut() = "/api/rating/v2409/Shop?additionalinfo=secret"
        .parse()
        .unwrap();
    let answer = world.app.send(request).await;
    let id = answer.field("waybill-request-id").to_owned();
    world.app.get("/api/none").await;
    let mut lines: Vec<Value> = Vec::new();
    eventually("two lines", async || {
        let log = world.gateway.process.stderr();
        let parsed = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines = parsed
            .filter(|line: &Value| line["target"] == "access")
            .collect();
        lines.len() == 2
    })
    .await;
    let text = lines[0].to_string();
    for part in [
        id.as_str(),
        "POST",
        "/api/rating/v2409/Shop",
        "main",
        "200",
        "ups",
        "test",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("secret"),
        "queries can hold personal data: {text}"
    );
    assert!(lines[1].to_string().contains("404"), "{}", lines[1]);
}
