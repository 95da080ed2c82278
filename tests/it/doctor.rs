//! The doctor of the real program.

use serde_json::Value;
use tests::World;

/// Something on the way shows a certificate that nobody here vouches for.
#[tokio::test]
async fn carrier_whose_certificate_is_not_trusted_is_told_in_plain_words() {
    let world = World::builder()
        .mock(|mock| mock.tls())
        .config_for(|mock, config| config.origin = mock.tls_base_url().expect("it was asked for"))
        .start()
        .await;
    let done = world
        .gateway
        .waybill("", &["doctor", "main", "--json"])
        .await;
    let both = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(done.code, Some(2), "{both}");
    let report: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let checks = report["checks"].as_array().expect("checks");
    let find = |name: &str| {
        let found = checks.iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| unreachable!("no {name} in {both}"))
    };
    let text = |check: &Value, part: &str| check[part].as_str().unwrap_or_default().to_owned();
    let way = find("connection");
    assert_eq!(way["verdict"], "failure", "{way}");
    let message = text(way, "message");
    assert!(
        message.contains(&world.mock.tls_base_url().unwrap()),
        "{way}"
    );
    assert!(message.contains("certificate"), "{way}");
    assert!(message.contains("not trusted"), "{way}");
    let remedy = text(way, "remedy");
    assert!(
        remedy.contains("ca_file") && remedy.contains("[upstream]"),
        "{way}"
    );
    // The account hears the same cause, not a defect of the gateway.
    let token = find("token");
    assert_eq!(token["verdict"], "failure", "{token}");
    assert!(text(token, "message").contains("TLS"), "{token}");
    // Nothing was sent to whoever that is.
    world.mock.token_requests_of("mock-client").none().unwrap();
}
