//! K1: planted secrets appear nowhere in what the program wrote or answered.

use bytes::Bytes;
use http::Request;
use tests::{Client, ConfigFile, Gateway, World, rate_request};

const PLANTED: &str = "planted-8f1c";

#[tokio::test]
async fn planted_secrets_appear_in_no_output() {
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(
            r#"
[log]
access_log = true

[[app]]
name = "shop"
client_id = "shop"
client_secret = { value = "planted-8f1c-app-secret" }
key = { value = "planted-8f1c-app-key" }
accounts = ["main"]
"#,
        )
        .start()
        .await;
    let mut answers = String::new();
    let mut ask = async |name: &'static str, value: &str| {
        let mut request = rate_request();
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = world.app.send(request).await;
        answers.push_str(&format!("{:?}{}", answer.headers(), answer.text()));
        answer
    };
    ask("waybill-key", "planted-8f1c-app-key")
        .await
        .assert_rates();
    ask("waybill-key", "planted-8f1c-wrong").await;
    ask("authorization", "Bearer planted-8f1c-wrong").await;
    world.mock.revoke_all();
    ask("waybill-key", "planted-8f1c-app-key")
        .await
        .assert_rates();
    let malformed =
        Request::post("/security/v1/oauth/token").header("authorization", "Basic planted-8f1c");
    answers.push_str(
        world
            .app
            .send(malformed.body(Bytes::new()).unwrap())
            .await
            .text(),
    );
    for path in ["/metrics", "/readyz", "/healthz", "/planted-none"] {
        let answer = world.admin.get(path).await;
        answers.push_str(&answer.text().replace("planted-none", ""));
    }
    let output = world.gateway.process.output();
    assert!(
        output.contains("POST"),
        "the access log is on, so the search sees something:\n{output}"
    );
    for (place, text) in [("output", &output), ("answers", &answers)] {
        assert!(
            !text.contains(PLANTED),
            "a planted secret is in the {place}:\n{text}"
        );
        assert!(
            !text.contains("mock-secret"),
            "the client secret is in the {place}:\n{text}"
        );
        // Every access token is a JWT; so are the gateway's own.
        assert!(!text.contains("eyJ"), "a token is in the {place}:\n{text}");
    }
}

/// Somebody will look at a refused client secret: it must not be in what they see.
#[tokio::test]
async fn rejected_client_secret_is_not_in_the_error() {
    let mock = mock_ups::MockUps::start().await.unwrap();
    let mut config = ConfigFile::for_mock(mock.base_url());
    config.client_secret = "planted-8f1c-client-secret".into();
    let gateway = Gateway::start(&config).await;
    let answer = Client::new(gateway.apps).send(rate_request()).await;
    assert_eq!(
        answer.field("waybill-error"),
        "credentials_rejected",
        "{}",
        answer.text()
    );
    let output = gateway.process.output();
    assert!(
        output.contains("10401"),
        "the carrier's code is what the operator needs:\n{output}"
    );
    assert!(!output.contains(PLANTED) && !answer.text().contains(PLANTED));
}
