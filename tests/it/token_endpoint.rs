//! The carrier's token endpoint misbehaves.

use http::StatusCode;
use mock_ups::{MockUps, Quota};
use tests::{Client, ConfigFile, Gateway, rate_request};

async fn start(mock: &MockUps, change: impl FnOnce(&mut ConfigFile)) -> Gateway {
    let mut config = ConfigFile::for_mock(mock.base_url());
    change(&mut config);
    Gateway::start(&config).await
}

/// A wrong secret is told at once, in the carrier's shape, and asked for a few times at most (P12).
#[tokio::test]
async fn wrong_secret_is_told_and_not_repeated() {
    let mock = MockUps::start().await.unwrap();
    let gateway = start(&mock, |config| config.client_secret = "wrong".into()).await;
    let app = Client::new(gateway.apps);
    for _ in 0..20 {
        let answer = app.send(rate_request()).await;
        assert!(
            matches!(answer.status().as_u16(), 502 | 503),
            "{}",
            answer.text()
        );
        assert_eq!(answer.field("waybill-error"), "credentials_rejected");
        assert!(
            answer.json()["response"]["errors"][0]["message"].is_string(),
            "{}",
            answer.text()
        );
    }
    mock.token_requests_of("mock-client").at_most(2).unwrap();
}

/// 10429: the gateway waits, tells how long, and does not make it worse (P4).
#[tokio::test]
async fn quota_is_answered_with_patience() {
    let mock = MockUps::builder()
        .settings(|settings| {
            settings.token_quota = Some(Quota {
                requests: 0,
                window: 3600,
            })
        })
        .start()
        .await
        .unwrap();
    let gateway = start(&mock, |_| {}).await;
    let app = Client::new(gateway.apps);
    for _ in 0..20 {
        let answer = app.send(rate_request()).await;
        assert_eq!(
            answer.status(),
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            answer.text()
        );
        assert!(answer.field("retry-after").parse::<u64>().unwrap() >= 1);
        assert_eq!(answer.field("waybill-error"), "rate_limited");
    }
    mock.token_requests_of("mock-client").at_most(4).unwrap();
}

/// Nobody listens: 502 or 503 in the carrier's envelope, at once.
#[tokio::test]
async fn unreachable_carrier_is_told() {
    let mock = MockUps::start().await.unwrap();
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gateway = start(&mock, |config| config.origin = format!("http://{gone}")).await;
    let answer = Client::new(gateway.apps).send(rate_request()).await;
    assert!(
        matches!(answer.status().as_u16(), 502 | 503),
        "{}",
        answer.text()
    );
    assert_eq!(answer.field("waybill-error"), "carrier_unreachable");
    assert_ne!(answer.ups_code(), "");
}
