use super::*;
use gateway_model::HeaderWhenAbsent;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({"abi": "1.0", "name": "acme", "version": "1.0.0", "carrier": {"id": "acme"}})
}

fn with(key: &str, value: Value) -> Result<CarrierProfile, ManifestError> {
    let mut manifest = minimal();
    manifest[key] = value;
    Manifest::parse(manifest.to_string().as_bytes())?.profile()
}

#[test]
fn minimal_manifest_means_none_of_the_rest() {
    let manifest = Manifest::parse(minimal().to_string().as_bytes()).expect("fine");
    assert_eq!(manifest.slots, ["access"]);
    let profile = manifest.profile().expect("fine");
    assert_eq!(profile.display_name, "acme");
    assert!(profile.downstream_token.is_none() && profile.origins.is_empty());
    assert!(profile.errors.render("c", "m").contains("\"code\":\"c\""));
}

#[test]
fn keys_of_later_minors_are_ignored() {
    assert!(with("sign", json!({"body": "sha256"})).is_ok());
}

#[test]
fn unusable_values_are_refused_by_key() {
    let refusal = json!({"status": 200, "code": "x", "message": "y"});
    for (key, value) in [
        ("abi", json!("one")),
        ("name", json!("")),
        ("name", json!("../evil")),
        ("carrier", json!({"id": ""})),
        ("hosts", json!(["https://api.example.com"])),
        ("hosts", json!(["user@api.example.com"])),
        (
            "environments",
            json!({"sandbox": {"origin": "https://a.example.com"}}),
        ),
        (
            "environments",
            json!({"test": {"origin": "http://a.example.com"}}),
        ),
        (
            "environments",
            json!({"test": {"origin": "https://not-in-hosts.example.com"}}),
        ),
        ("slots", json!([{"name": "a"}, {"name": "a"}])),
        ("rejected_statuses", json!([200])),
        ("rejected_statuses", json!([99_999])),
        ("unauthenticated", refusal),
        ("errors", json!({"template": "{}"})),
        ("headers_when_absent", json!([{"name": "x"}])),
        (
            "headers_when_absent",
            json!([{"name": "x", "value": "a\r\nb"}]),
        ),
        (
            "headers_when_absent",
            json!([{"name": "Host", "value": "a"}]),
        ),
        ("credential_headers", json!(["transfer-encoding"])),
        ("downstream_token", json!({"path": "relative"})),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key}: {value}");
    }
}

#[test]
fn hostile_json_is_refused() {
    let deep = "[".repeat(100_000);
    for text in ["", "null", "[]", "{\"abi\":", deep.as_str(), "\u{0}"] {
        let refused = Manifest::parse(text.as_bytes());
        assert!(matches!(refused, Err(ManifestError::Json(_))));
    }
    assert!(Manifest::parse(&[0xff; 100]).is_err());
}

#[test]
fn fields_to_add_are_fixed_or_the_request_id() {
    let fields = json!([{"name": "transId", "request_id": true}, {"name": "src", "value": "w"}]);
    let profile = with("headers_when_absent", fields).expect("fine");
    assert!(matches!(
        profile.headers_when_absent[0],
        HeaderWhenAbsent::RequestId(_)
    ));
    assert!(matches!(
        profile.headers_when_absent[1],
        HeaderWhenAbsent::Fixed(..)
    ));
}
