//! Purolator: the credential, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_purolator::{MANIFEST, Purolator};
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
        .run::<Purolator>(&config().to_string())
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
        (with("client_id", ""), "client_id", "Purolator: Key"),
        (with("client_id", "a:b"), "client_id", "colon"),
        (with("client_id", 7), "client_id", "expected a string"),
        (
            with("client_secret", "planted\n"),
            "client_secret",
            "Key Password",
        ),
        (
            with("client_secret", " planted"),
            "client_secret",
            "white space",
        ),
        (with("account_number", "A1B2C3"), "account_number", "number"),
    ] {
        let error = refusal::<Purolator>(&config).to_string();
        assert!(
            error.contains(key) && error.contains(called),
            "{config}: {error}"
        );
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<Purolator>(
        MANIFEST,
        &config(),
        &[
            ("account_number", "9999999999".into(), true),
            ("account_number", "A1B2C3".into(), false),
            ("client_id", Value::Null, false),
            ("client_secret", "".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(Purolator, manifest: MANIFEST);
    conforms(table, &with("account_number", "9999999999"), Vec::new()).await;
}

#[tokio::test]
async fn stand_in_accepts_the_credential_and_the_soap_header_stays_the_apps() {
    let table = plugins_sdk::static_plugin!(Purolator, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a credential");
    let path = "/EWS/V2/Estimating/EstimatingService.asmx";
    let estimate = async || {
        let body = json!("stands for an envelope");
        world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(estimate().await, 200);
    world.mock.set_secret("client_secret", "changed");
    assert_eq!(estimate().await, 401, "the key has changed");
}
