//! The manifest says what is true.
#![cfg(test)]

use plugins_ups::{Environment, MANIFEST};
use serde_json::{Value, json};

fn manifest() -> Value {
    serde_json::from_str(MANIFEST).unwrap()
}

#[test]
fn manifest_matches_the_package() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        format!("plugins-{}", manifest["name"].as_str().unwrap()),
        env!("CARGO_PKG_NAME")
    );
    assert_eq!(manifest["carrier"]["id"], "ups");
    assert_eq!(manifest["abi"], "1.0");
    assert_eq!(manifest["requires"], 0);
    assert!(manifest["sdk"].as_str().unwrap().starts_with("rust/"));
    assert!(manifest["rustc"].as_str().unwrap().starts_with("1."));
    assert!(MANIFEST.len() <= plugins_sdk::abi::MAX_MANIFEST_LEN);
}

#[test]
fn manifest_origins_are_the_defaults_and_on_its_hosts() {
    let manifest = manifest();
    for (name, environment) in [
        ("production", Environment::Production),
        ("test", Environment::Test),
    ] {
        let origin = manifest["environments"][name]["origin"].as_str().unwrap();
        assert_eq!(origin, environment.origin());
        let host = origin.strip_prefix("https://").unwrap();
        assert!(
            manifest["hosts"].as_array().unwrap().contains(&json!(host)),
            "{host}"
        );
    }
}

#[test]
fn manifest_templates_are_json() {
    let manifest = manifest();
    for template in ["/errors/template", "/downstream_token/template"] {
        let text = manifest.pointer(template).unwrap().as_str().unwrap();
        let _: Value = serde_json::from_str(text).expect(template);
    }
    let envelope = manifest["errors"]["template"].as_str().unwrap();
    assert!(envelope.contains("{code}") && envelope.contains("{message}"));
}

#[test]
fn manifest_schema_and_plugin_agree_on_configurations() {
    let schema = jsonschema::validator_for(&manifest()["config_schema"]).unwrap();
    let good = json!({"environment": "test", "client_id": "i", "client_secret": "s"});
    let cases = [
        (good.clone(), true),
        (with(&good, "account_number", json!("A1B2C3")), true),
        (with(&good, "origin", json!("https://wwwcie.ups.com")), true),
        (with(&good, "grant", json!("client_credentials")), true),
        (with(&good, "grant", json!("authorization_code")), true),
        (with(&good, "grant", json!("refresh_token")), false),
        (with(&good, "grant", json!(null)), false),
        (with(&good, "account_number", json!("A1B2C")), false),
        (with(&good, "environment", json!("staging")), false),
        (with(&good, "client_id", json!("")), false),
        (with(&good, "client_secret", json!(7)), false),
        (json!({"environment": "test"}), false),
    ];
    for (config, valid) in cases {
        assert_eq!(schema.is_valid(&config), valid, "schema: {config}");
        let parsed = serde_json::from_value::<plugins_ups::Config>(config.clone()).ok();
        let accepted = parsed.is_some_and(|config| {
            <plugins_ups::Ups as plugins_sdk::CarrierAuth>::new(config).is_ok()
        });
        assert_eq!(accepted, valid, "plugin: {config}");
    }
}

fn with(config: &Value, key: &str, value: Value) -> Value {
    let mut config = config.clone();
    config[key] = value;
    config
}
