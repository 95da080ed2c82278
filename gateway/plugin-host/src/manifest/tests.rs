use super::*;
use gateway_model::HeaderWhenAbsent;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({"abi": "1.0", "name": "acme", "version": "1.0.0", "carrier": {"id": "acme"}})
}

fn with(key: &str, value: Value) -> Result<CarrierProfile, ManifestError> {
    let mut manifest = minimal();
    manifest[key] = value;
    let manifest = Manifest::parse(manifest.to_string().as_bytes())?;
    manifest.diagnosis()?;
    manifest.profile()
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
    assert!(with("later", json!({"body": "sha256"})).is_ok());
    assert!(with("sign", json!({"body": "sha256", "later": 1})).is_ok());
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
        ("sign", json!("sha256")),
        ("sign", json!({"body": "md5"})),
        ("sign", json!({"headers": ["content-length"]})),
        ("sign", json!({"headers": ["a", "A"]})),
        ("sign", json!({"headers": ["a b"]})),
        (
            "sign",
            json!({"headers": (0..17).map(|n| format!("x-{n}")).collect::<Vec<_>>()}),
        ),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key}: {value}");
    }
}

#[test]
fn unusable_explanations_are_refused_by_key() {
    for (key, value) in [
        ("probes", json!([{"name": "a"}])),
        ("probes", json!([probe("", "GET", "/a")])),
        ("probes", json!([probe("a", "CONNECT", "/a")])),
        ("probes", json!([probe("a", "no method", "/a")])),
        ("probes", json!([probe("a", "GET", "https://b.example/")])),
        ("probes", json!([probe("a", "GET", "//b.example/")])),
        ("probes", json!([probe("a", "GET", "/{account_number}")])),
        (
            "probes",
            json!([probe("a", "GET", "/a"), probe("a", "GET", "/b")]),
        ),
        (
            "probes",
            json!([with_key(
                probe("a", "GET", "/a"),
                "body",
                json!({"n": "{acount}"})
            )]),
        ),
        (
            "probes",
            json!([with_key(
                probe("a", "GET", "/a"),
                "headers",
                json!([{"name": "Authorization",
                "value": "x"}])
            )]),
        ),
        (
            "probes",
            json!([with_key(
                probe("a", "GET", "/a"),
                "fine_codes",
                json!(["no code"])
            )]),
        ),
        ("ownership", json!({"probe": "none", "refused_codes": []})),
        (
            "negotiated",
            json!({"probe": "none", "present": "x", "not_qualified_codes": [], "remedy": ""}),
        ),
        ("codes", json!({"a b": {"cause": "x", "remedy": "y"}})),
        ("codes", json!({"1": {"cause": "x"}})),
        (
            "legacy",
            json!({"key_header": "k", "strip": [], "paths": []}),
        ),
        ("legacy", legacy("ship/{v}", "/api/{v}")),
        ("legacy", legacy("/ship/{v}", "/api/{w}")),
        ("legacy", legacy("/ship/{v}/{v}", "/api/{v}")),
        ("legacy", legacy("/ship/{v}x", "/api")),
        ("legacy", legacy("/ship//{v}", "/api/{v}")),
        ("legacy", legacy("/ship/{v}", "/api/../{v}")),
        ("legacy", legacy("/ship/{v}", "/api?x={v}")),
        ("legacy", legacy("/ship/{}", "/api")),
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

fn probe(name: &str, method: &str, path: &str) -> Value {
    json!({"name": name, "title": "T", "method": method, "path": path})
}

fn with_key(mut probe: Value, key: &str, value: Value) -> Value {
    probe[key] = value;
    probe
}

fn legacy(from: &str, to: &str) -> Value {
    json!({"key_header": "k", "strip": ["k"], "paths": [{"from": from, "to": to}]})
}

#[test]
fn legacy_paths_are_parsed() {
    let value = legacy("/ship/{v}/rating/{o}", "/api/rating/{v}/{o}");
    let profile = with("legacy", value).expect("fine").legacy.expect("some");
    assert_eq!(profile.key_header, "k");
    assert_eq!(profile.paths[0].to, "/api/rating/{v}/{o}");
    assert!(profile.paths[0].methods.is_empty());
}

#[test]
fn diagnosis_is_parsed_and_reads_answers() {
    let mut manifest = minimal();
    manifest["headers_when_absent"] = json!([{"name": "x-id", "request_id": true},
        {"name": "content-type", "value": "text/plain"}]);
    let body = json!({"Shipper": "{account_number}"});
    let probe = with_key(probe("rating", "POST", "/rate?x=1"), "body", body);
    let probe = with_key(probe, "fine_codes", json!(["77"]));
    let json = json!([{"name": "content-type", "value": "application/json"}]);
    manifest["probes"] = json!([with_key(probe, "headers", json)]);
    manifest["ownership"] = json!({"probe": "rating", "refused_codes": ["112111"]});
    manifest["negotiated"] = json!({"probe": "rating", "present": "Negotiated",
        "not_qualified_codes": ["120900"], "remedy": "call"});
    manifest["codes"] = json!({"112111": {"cause": "c", "remedy": "r"}});
    let manifest = Manifest::parse(manifest.to_string().as_bytes()).expect("fine");
    let diagnosis = manifest.diagnosis().expect("fine");
    assert_eq!(diagnosis.advice("112111").expect("known").remedy, "r");

    let proof = diagnosis.proof().expect("a probe");
    assert!(proof.request(None, "0123").is_none());
    let number = "A1B2C3".parse().expect("a number");
    let request = proof.request(Some(&number), "0123").expect("a request");
    assert_eq!(request.body, r#"{"Shipper":"A1B2C3"}"#);
    let headers: http::HeaderMap = request.headers.into_iter().collect();
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(
        (&headers["x-id"], headers.len()),
        (&"0123".parse().expect("a value"), 2)
    );

    let (ok, bad) = (http::StatusCode::OK, http::StatusCode::BAD_REQUEST);
    assert!(proof.shows_access(ok, b"") && !proof.shows_access(bad, b"{}"));
    assert!(proof.shows_access(bad, br#"{"errors":[{"code":77}]}"#));
    let ownership = diagnosis.ownership.expect("some");
    let refused = br#"{"response":{"errors":[{"Code":"112111"}]}}"#;
    assert_eq!(ownership.refused_by(refused).as_deref(), Some("112111"));
    assert_eq!(ownership.refused_by(b"112111"), None);
    let rates = diagnosis.negotiated.expect("some");
    assert_eq!(
        rates.read(br#"[{"Negotiated":{}}]"#),
        crate::Rates::Negotiated
    );
    let both = br#"{"Negotiated":{},"Alert":{"Code":"120900"}}"#;
    assert_eq!(
        rates.read(both),
        crate::Rates::NotQualified("120900".into())
    );
    assert_eq!(rates.read(br#"{"Negotiated":null}"#), crate::Rates::Unknown);
    assert_eq!(rates.read(b"<html>"), crate::Rates::Unknown);
}
