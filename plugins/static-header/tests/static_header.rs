//! API keys: the fields, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_sdk::testing::Script;
use plugins_static_header::{MANIFEST, StaticHeader};
use plugins_testkit::{StandIn, conforms, manifest, refusal};
use serde_json::{Value, json};

fn config(fields: &Value) -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted{client_id}",
        "account_number": "42", "fields": fields})
}

fn fields(config: &Value) -> Vec<(String, String)> {
    let credential = Script::new()
        .run::<StaticHeader>(&config.to_string())
        .expect("a credential");
    assert_eq!(credential.lifetime(), None);
    assert!(!format!("{credential:?}").contains("planted"));
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("a text");
    credential
        .headers()
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect()
}

/// A key with braces in it stays what it is.
#[test]
fn fields_are_those_of_the_configuration() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let one = config(&json!({"DHL-API-Key": "{client_secret}"}));
    assert_eq!(fields(&one), [pair("dhl-api-key", "planted{client_id}")]);
    let bearer = config(&json!({"Authorization": "Bearer {client_secret}"}));
    assert_eq!(
        fields(&bearer),
        [pair("authorization", "Bearer planted{client_id}")]
    );
    let several = json!({"X-Id": "{client_id}", "X-Key": "{client_secret}", "X-Branch": "{account_number}",
        "X-Terms": "yes"});
    let wanted = [
        pair("x-branch", "42"),
        pair("x-id", "id"),
        pair("x-key", "planted{client_id}"),
        pair("x-terms", "yes"),
    ];
    assert_eq!(fields(&config(&several)), wanted);
    let mut second = config(&json!({"X-Pair": "{client_secret}:{second_secret}"}));
    second["second_secret"] = "planted-2".into();
    assert_eq!(
        fields(&second),
        [pair("x-pair", "planted{client_id}:planted-2")]
    );
}

#[test]
fn configuration_mistake_says_what_to_write() {
    let key = "{client_secret}";
    let many: Value = (0..17)
        .map(|n| (format!("x-{n}"), json!(key)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (written, words) in [
        (Value::Null, "1 to 16 fields"),
        (json!({}), "1 to 16 fields"),
        (many, "1 to 16 fields"),
        (json!({"X-Key": "{secret}"}), "unknown place"),
        (json!({"X-Key": "{client_secret"}), "brace"),
        (json!({"X-Key": "client_secret}"}), "brace"),
        (
            json!({"X-Key": "{client_secret}{second_secret}"}),
            "no second_secret",
        ),
        (json!({"X-Key": "planted"}), "no {client_secret}"),
        (json!({"X-Key": "{client_secret}\n"}), "no header field has"),
        (json!({"X Key": key}), "no field's name has"),
        (json!({"planted\n": key}), "no field's name has"),
        (json!({"Host": key}), "host, which belongs to the message"),
        (json!({"Content-Length": key}), "belongs to the message"),
        (json!({"Via": key}), "belongs to the message"),
        (json!({"x-key": key, "X-Key": key}), "twice"),
        (json!({"X-Key": 7}), "expected a string"),
        (json!({"X-Key": key.repeat(400)}), "longer than 4096"),
        (json!("DHL-API-Key"), "expected"),
    ] {
        let error = refusal::<StaticHeader>(&config(&written)).to_string();
        assert!(
            error.contains("fields") && error.contains(words),
            "{written}: {error}"
        );
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<StaticHeader>(
        MANIFEST,
        &config(&json!({"X-Key": "{client_secret}"})),
        &[
            ("fields", json!({}), false),
            ("fields", Value::Null, false),
            ("fields", json!({"X-Key": 7}), false),
            ("second_secret", "further".into(), true),
            ("second_secret", "".into(), false),
            ("probe", "/track?number=1".into(), true),
            ("probe", "//other.example".into(), false),
            ("probe", "https://other.example".into(), false),
            ("client_secret", "".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(StaticHeader, manifest: MANIFEST);
    let config = config(&json!({"X-Id": "{client_id}", "X-Key": "{client_secret}"}));
    conforms(table, &config, Vec::new()).await;
}

#[tokio::test]
async fn stand_in_accepts_the_key() {
    let table = plugins_sdk::static_plugin!(StaticHeader, manifest: MANIFEST);
    let fields = json!({"fields": {"DHL-API-Key": "{client_secret}"}});
    let world = StandIn::start(table, &fields).await;
    let issued = world.authorize().await.expect("a credential");
    let track = async || {
        let path = "/track/shipments?trackingNumber=1";
        world
            .call(http::Method::GET, path, &issued.headers, &Value::Null)
            .await
            .status
            .as_u16()
    };
    assert_eq!(track().await, 200);
    world.mock.set_secret("client_secret", "changed");
    assert_eq!(track().await, 401, "the key has changed");
}
