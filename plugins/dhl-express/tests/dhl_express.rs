//! DHL Express: the credential, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_dhl_express::{DhlExpress, MANIFEST};
use plugins_sdk::testing::Script;
use plugins_testkit::{StandIn, conforms, manifest, refusal};
use serde_json::{Value, json};

fn config() -> Value {
    json!({"environment": "test", "client_id": "user", "client_secret": "planted secret:1"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    let mut config = config();
    config[key] = value.into();
    config
}

/// No request is made: the script expects none.
#[test]
fn credential_is_basic_and_does_not_expire() {
    let credential = Script::new()
        .run::<DhlExpress>(&config().to_string())
        .expect("a credential");
    let basic = &b"Basic dXNlcjpwbGFudGVkIHNlY3JldDox"[..];
    assert_eq!(
        credential.headers().collect::<Vec<_>>(),
        [("authorization", basic)]
    );
    assert_eq!(credential.lifetime(), None);
    assert!(!format!("{credential:?}").contains("dXNl"));
}

#[test]
fn configuration_mistake_is_named_as_the_carrier_calls_it() {
    for (config, key, called) in [
        (with("client_id", ""), "client_id", "API Key"),
        (with("client_id", "a:b"), "client_id", "colon"),
        (with("client_id", 7), "client_id", "expected a string"),
        (
            with("client_secret", "planted\n"),
            "client_secret",
            "API Secret",
        ),
        (
            with("client_secret", " planted"),
            "client_secret",
            "white space",
        ),
        (with("account_number", "12345"), "account_number", "number"),
    ] {
        let error = refusal::<DhlExpress>(&config).to_string();
        assert!(
            error.contains(key) && error.contains(called),
            "{config}: {error}"
        );
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<DhlExpress>(
        MANIFEST,
        &config(),
        &[
            ("account_number", "123456789".into(), true),
            ("account_number", "12345".into(), false),
            ("client_id", Value::Null, false),
            ("client_secret", "".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(DhlExpress, manifest: MANIFEST);
    conforms(table, &with("account_number", "123456789"), Vec::new()).await;
}

#[tokio::test]
async fn stand_in_accepts_the_credential_in_both_environments() {
    let table = plugins_sdk::static_plugin!(DhlExpress, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a credential");
    for path in ["/mydhlapi/test/rates", "/mydhlapi/rates"] {
        let rates = async |account: &str| {
            let body = json!({"accounts": [{"typeCode": "shipper", "number": account}]});
            world
                .call(http::Method::POST, path, &issued.headers, &body)
                .await
                .status
                .as_u16()
        };
        assert_eq!(rates("123456789").await, 200);
        assert_eq!(rates("987654321").await, 400, "a foreign account number");
        world.mock.set_secret("client_secret", "changed");
        assert_eq!(rates("123456789").await, 401, "the password has changed");
        world.mock.set_secret("client_secret", "stand-in-secret");
    }
}
