//! The manifest says what is true.
#![cfg(test)]

use plugins_sdk::testing::{Script, post, response};
use plugins_ups::{Config, MANIFEST, Ups};
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
    assert_eq!(manifest["abi"], "1.1");
    assert_eq!(manifest["requires"], 0);
    assert!(manifest["sdk"].as_str().unwrap().starts_with("rust/"));
    assert!(manifest["rustc"].as_str().unwrap().starts_with("1."));
    assert!(MANIFEST.len() <= plugins_sdk::abi::MAX_MANIFEST_LEN);
}

#[test]
fn manifest_origins_are_the_defaults_and_on_its_hosts() {
    let manifest = manifest();
    for environment in ["production", "test"] {
        let origin = &manifest["environments"][environment]["origin"];
        let origin = origin.as_str().unwrap();
        let config =
            json!({"environment": environment, "client_id": "id", "client_secret": "hush"});
        let expected = post("/security/v1/oauth/token").origin(origin);
        let script = Script::new().expect(expected).reply(response(500, ""));
        script.run::<Ups>(&config.to_string()).expect_err("a 500");
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

/// What must never be sent twice by the gateway's own decision.
#[test]
fn nothing_that_costs_money_is_called_safe_or_repeatable() {
    let manifest = manifest();
    let operations = manifest["operations"].as_array().unwrap();
    for name in [
        "shipping.create",
        "pickup.create",
        "pickup.cancel",
        "paperless.upload",
        "track-alert.packages",
        "forwarding.ship",
        "forwarding.order",
        "global-checkout",
        "dangerous-goods.notify",
        "delivery-intercept.redirect",
        "quantum-view",
    ] {
        let found = operations
            .iter()
            .find(|operation| operation["name"] == name);
        let operation = found.unwrap_or_else(|| panic!("no operation {name}"));
        assert_ne!(operation["safe"], json!(true), "{name}");
        assert_ne!(operation["repeatable"], json!(true), "{name}");
    }
    for operation in operations {
        let path = operation["path"].as_str().unwrap();
        assert!(path.starts_with("/api/"), "{operation}");
        assert_eq!(
            operation["methods"].as_array().unwrap().len(),
            1,
            "{operation}"
        );
    }
}

/// Each path of the older JSON API that a product of today took over.
#[test]
fn every_older_path_leads_to_an_operation_or_to_an_explanation() {
    let manifest = manifest();
    let operations = manifest["operations"].as_array().unwrap();
    for rewrite in manifest["legacy"]["paths"].as_array().unwrap() {
        let form = |path: &str| -> Vec<String> {
            let wild = |segment: &str| segment.starts_with('{') || segment == "v1";
            let segments = path.split('/');
            segments
                .map(|segment| {
                    if wild(segment) {
                        "*".to_owned()
                    } else {
                        segment.to_owned()
                    }
                })
                .collect()
        };
        let to = form(rewrite["to"].as_str().unwrap());
        let known = operations.iter().any(|operation| {
            form(operation["path"].as_str().unwrap()) == to
                && operation["methods"] == rewrite["methods"]
        });
        assert!(known, "{rewrite}");
    }
    for retired in manifest["legacy"]["retired"].as_array().unwrap() {
        assert!(
            retired["remedy"].as_str().unwrap().contains("/api"),
            "{retired}"
        );
    }
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
        let parsed = serde_json::from_value::<Config>(config.clone()).ok();
        let accepted =
            parsed.is_some_and(|config| <Ups as plugins_sdk::CarrierAuth>::new(config).is_ok());
        assert_eq!(accepted, valid, "plugin: {config}");
    }
}

fn with(config: &Value, key: &str, value: Value) -> Value {
    let mut config = config.clone();
    config[key] = value;
    config
}
