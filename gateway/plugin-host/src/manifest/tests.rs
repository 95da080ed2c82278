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
        ("errors", json!({"template": "{code}"})),
        (
            "errors",
            json!({"template": "{code}{message}", "content_type": "text/html"}),
        ),
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
        (
            "environments",
            json!({"test": {"origin": "https://a.example.com", "path": "/{version}"}}),
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
        (
            "legacy",
            json!({"key_header": "k", "strip": ["k"], "paths": [], "retired": [{"path": "rest", "remedy": ""}]}),
        ),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key}: {value}");
    }
}

#[test]
fn unusable_descriptions_of_the_api_are_refused_by_key() {
    let operation = |name: &str, methods: Value, path: &str| json!([{"name": name, "methods": methods, "path": path}]);
    for (key, value) in [
        ("authorization_server", json!({"paths": []})),
        ("authorization_server", json!({"paths": ["oauth"]})),
        ("authorization_server", json!({"paths": ["/oauth?x"]})),
        ("operations", operation("", json!(["GET"]), "/a")),
        ("operations", operation("A b", json!(["GET"]), "/a")),
        ("operations", operation("a", json!([]), "/a")),
        ("operations", operation("a", json!(["get"]), "/a")),
        ("operations", operation("a", json!(["CONNECT"]), "/a")),
        ("operations", operation("a", json!(["GET"]), "a")),
        ("operations", operation("a", json!(["GET", "GET"]), "/a")),
        (
            "operations",
            json!([{"name": "a", "methods": ["GET"], "path": "/{x}"},
                   {"name": "b", "methods": ["GET"], "path": "/{y}"}]),
        ),
        (
            "operations",
            json!([{"name": "a", "methods": ["GET"], "path": "/a", "repeatable": false}]),
        ),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key}: {value}");
    }
    // A manifest that contradicts itself.
    let mut manifest = minimal();
    manifest["downstream_token"] = token_endpoint("/login/token");
    manifest["authorization_server"] = json!({"paths": ["/oauth"]});
    let refused = Manifest::parse(manifest.to_string().as_bytes());
    assert!(refused.expect("JSON").profile().is_err());
    manifest["authorization_server"] = json!({"paths": ["/oauth", "/login"]});
    manifest["legacy"] = legacy("/old/{x}", "/OAUTH/{x}");
    let refused = Manifest::parse(manifest.to_string().as_bytes());
    assert!(refused.expect("JSON").profile().is_err());
    manifest["legacy"] = legacy("/old/{x}", "/rates/{x}");
    let fine = Manifest::parse(manifest.to_string().as_bytes());
    assert!(fine.expect("JSON").profile().is_ok());
    manifest["operations"] = operation("a", json!(["GET"]), "/oauth/{x}");
    let refused = Manifest::parse(manifest.to_string().as_bytes());
    assert!(refused.expect("JSON").profile().is_err());
}

#[test]
fn operations_say_what_their_methods_leave_open() {
    let operations = json!([
        {"name": "rate", "methods": ["POST"], "path": "/rate", "safe": true},
        {"name": "ship", "methods": ["POST"], "path": "/ship"},
        {"name": "void", "methods": ["DELETE"], "path": "/ship/{id}", "repeatable": true},
        {"name": "track", "methods": ["GET"], "path": "/track/{n}", "later": 1},
    ]);
    let api = with("operations", operations).expect("fine").api;
    let said: Vec<_> = (api.operations().iter())
        .map(|operation| {
            (
                operation.name.as_str(),
                operation.safe,
                operation.repeatable,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("rate", true, true),
            ("ship", false, false),
            ("void", false, true),
            ("track", true, true)
        ]
    );
}

#[test]
fn operations_need_further_slots_of_the_manifest_only() {
    let with_slots = |needed: Value, requires: u32| {
        let mut manifest = minimal();
        manifest["requires"] = requires.into();
        manifest["slots"] = json!([{"name": "access"}, {"name": "payment"}]);
        manifest["operations"] = json!([
            {"name": "labels", "methods": ["POST"], "path": "/labels", "slots": needed},
            {"name": "prices", "methods": ["POST"], "path": "/prices"},
        ]);
        let manifest = Manifest::parse(manifest.to_string().as_bytes()).expect("JSON");
        manifest.profile()
    };
    let api = with_slots(json!(["payment"]), 1).expect("fine").api;
    let slots = |path: &str| {
        let operation = api.operation_with_slots(&http::Method::POST, path);
        operation.map(|operation| operation.slots.clone())
    };
    assert_eq!(slots("/labels"), Some(vec!["payment".into()]));
    assert_eq!((slots("/prices"), slots("/other")), (None, None));
    for (needed, requires, why) in [
        (json!(["paid"]), 1, "the slot paid is not one of `slots`"),
        (json!(["access"]), 1, "the slot access is the first one"),
        (json!(["payment", "payment"]), 1, "stands there twice"),
        // A gateway of minor 0 would put the fields of all slots on every request.
        (json!(["payment"]), 0, "needs `\"requires\": 1`"),
    ] {
        let refused = with_slots(needed, requires).expect_err(why).to_string();
        assert!(
            refused.contains(why) && refused.contains("labels"),
            "{refused}"
        );
    }
}

/// What plugins of before `authorization_server` get.
#[test]
fn careful_default_is_everything_beside_the_token_endpoint() {
    let api = |path: &str| {
        with("downstream_token", token_endpoint(path))
            .expect("fine")
            .api
    };
    let versioned = api("/security/v1/oauth/token");
    for path in [
        "/security/v1/oauth/token",
        "/security/v2/oauth/refresh",
        "/api/security/v2409/oauth/authorize",
    ] {
        assert!(versioned.is_authorization_path(path), "{path}");
    }
    assert!(!versioned.is_authorization_path("/api/rating/v1/Rate"));
    assert!(api("/oauth/token").is_authorization_path("/api/oauth/revoke"));
    let at_the_root = api("/token");
    assert!(at_the_root.is_authorization_path("/token"));
    assert!(!at_the_root.is_authorization_path("/rates"));
    // No template can spell it; the plugin is loaded all the same, as it was before.
    assert!(!api("/a:b/token").is_authorization_path("/rates"));
}

fn token_endpoint(path: &str) -> Value {
    let refusal = json!({"status": 400, "code": "1", "message": "m"});
    json!({"path": path, "template": "{access_token}", "invalid_client": refusal,
        "invalid_request": refusal, "too_many_requests": refusal})
}

/// The manifest of the UPS plugin as released before `authorization_server` and `operations`.
#[test]
fn manifest_of_an_older_release_means_what_it_meant() {
    let old = include_bytes!("../../tests/museum/ups-0.1.0.json");
    let manifest = Manifest::parse(old).expect("it was loaded by its own release");
    assert!(
        manifest
            .diagnosis()
            .expect("fine")
            .probe("rating")
            .is_some()
    );
    let profile = manifest.profile().expect("fine");
    assert!(profile.downstream_token.is_some());
    let legacy = profile.legacy.expect("an older API");
    assert!(legacy.retired.is_empty() && legacy.paths.len() == 7);
    let api = profile.api;
    assert!(api.operations().is_empty());
    for path in [
        "/security/v1/oauth/token",
        "/security/v2/oauth/refresh",
        "/api/security/v1/oauth/token",
    ] {
        assert!(api.is_authorization_path(path), "{path}");
    }
    let again =
        |method: &str, path: &str| api.may_send_again(&method.parse().expect("a method"), path);
    assert!(again("GET", "/api/track/v1/details/1Z"));
    assert!(!again("DELETE", "/api/shipments/v1/void/cancel/1Z"));
    assert!(!again("POST", "/api/shipments/v1/ship"));
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
    assert!(profile.paths[0].methods.is_empty() && profile.retired.is_empty());
    let mut value = legacy("/ship/{v}", "/api/{v}");
    value["retired"] = json!([{"path": "/ship", "remedy": "Call the API of today."}]);
    let profile = with("legacy", value).expect("fine").legacy.expect("some");
    assert!(profile.retired[0].path.covers("/ship/v1/other"));
    assert_eq!(profile.retired[0].remedy, "Call the API of today.");
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

    assert!(proof.shows_access(&answer(200, "")) && !proof.shows_access(&answer(400, "{}")));
    assert!(proof.shows_access(&answer(400, r#"{"errors":[{"code":77}]}"#)));
    let ownership = diagnosis.ownership.expect("some");
    let refused = answer(400, r#"{"response":{"errors":[{"Code":"112111"}]}}"#);
    assert_eq!(ownership.refused_by(&refused).as_deref(), Some("112111"));
    assert_eq!(ownership.refused_by(&answer(400, "112111")), None);
    let rates = diagnosis.negotiated.expect("some");
    let read = |body: &str| rates.read(&answer(200, body));
    assert_eq!(read(r#"[{"Negotiated":{}}]"#), crate::Rates::Negotiated);
    assert_eq!(
        read(r#"{"Negotiated":{},"Alert":{"Code":"120900"}}"#),
        crate::Rates::NotQualified("120900".into())
    );
    assert_eq!(read(r#"{"Negotiated":null}"#), crate::Rates::Unknown);
    assert_eq!(read("<html>"), crate::Rates::Unknown);
}

/// Where an app may send its credentials, and what counts as asking with them.
#[test]
fn token_endpoint_says_what_it_takes() {
    let with_keys = |credentials: Value, grant_types: Value| {
        let mut endpoint = token_endpoint("/oauth/token");
        endpoint["credentials"] = credentials;
        endpoint["grant_types"] = grant_types;
        with("downstream_token", endpoint).map(|profile| profile.downstream_token.expect("some"))
    };
    let usual = with("downstream_token", token_endpoint("/oauth/token")).expect("fine");
    let usual = usual.downstream_token.expect("some");
    assert!(usual.credentials.is_empty());
    assert_eq!(usual.grant_types, ["client_credentials"]);
    let form = with_keys(json!(["basic", "form"]), json!(["password"])).expect("fine");
    assert!(form.takes(gateway_model::ClientCredentialsPlace::Form));
    assert!(!form.takes(gateway_model::ClientCredentialsPlace::Json));
    assert_eq!(form.grant_types, ["password"]);
    for (credentials, grant_types) in [
        (json!(["query"]), json!([])),
        (json!([]), json!(["refresh_token"])),
        (json!([]), json!(["Client Credentials"])),
    ] {
        let refused = with_keys(credentials.clone(), grant_types.clone());
        assert!(refused.is_err(), "{credentials} {grant_types}");
    }
}

/// Apps of some carriers present a refresh token at each login, and some token endpoints have errors of their own form.
#[test]
fn token_endpoint_has_its_own_refresh_tokens_and_errors() {
    let with_errors = |errors: Value| {
        let mut endpoint = token_endpoint("/auth/o2/token");
        endpoint["ignores_refresh_token"] = json!(true);
        endpoint["errors"] = errors;
        with("downstream_token", endpoint)
    };
    let template = r#"{"error":"{code}","error_description":"{message}"}"#;
    let profile = with_errors(json!({ "template": template })).expect("fine");
    let token = profile.downstream_token.expect("some");
    assert_eq!(token.grant_types, ["client_credentials", "refresh_token"]);
    let errors = token.errors.expect("some");
    assert_eq!(
        errors.render("a", "b"),
        r#"{"error":"a","error_description":"b"}"#
    );
    assert_ne!(errors, profile.errors);
    let wrong = with_errors(json!({ "template": "{}" })).expect_err("no places");
    assert!(wrong.to_string().contains("downstream_token"), "{wrong}");
}

/// Logins that are no OAuth, and the fields that must not reach the carrier.
#[test]
fn login_by_fields_is_described() {
    let with_fields = |fields: Value| {
        let mut endpoint = token_endpoint("/login/token");
        endpoint["template"] = json!("");
        endpoint["methods"] = json!(["GET", "POST"]);
        endpoint["fields"] = fields;
        with("downstream_token", endpoint)
    };
    let profile = with_fields(
        json!({"credentials": [["x-id", "x-secret"]], "issued": "x-token",
        "carried": "x-auth"}),
    );
    let profile = profile.expect("fine");
    let names: Vec<&str> = profile
        .credential_headers
        .iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(names, ["x-id", "x-secret", "x-auth"]);
    let token = profile.downstream_token.expect("some");
    assert_eq!(token.methods, [http::Method::GET, http::Method::POST]);
    assert_eq!(token.fields.issued.expect("some"), "x-token");
    for wrong in [
        json!({"credentials": [["x-id", "x-secret"]]}),
        json!({"credentials": [["x-id", "content-length"]], "issued": "x-token"}),
        json!({"issued": "x-token", "names": {"scope": "Scope"}}),
        json!({"issued": "a b"}),
    ] {
        assert!(with_fields(wrong.clone()).is_err(), "{wrong}");
    }
}

/// An account may name its harmless call, and a slot the settings that ask for it.
#[test]
fn configured_probe_is_a_get_of_a_path() {
    let mut manifest = minimal();
    manifest["probe_setting"] = json!("probe");
    manifest["slots"] = json!([{"name": "a"}, {"name": "b", "settings": ["x"]}]);
    let text = manifest.to_string();
    let diagnosis = Manifest::parse(text.as_bytes()).expect("fine").diagnosis();
    let diagnosis = diagnosis.expect("fine");
    assert_eq!(diagnosis.slot_settings["b"], ["x"]);
    let named = diagnosis.with_probe("/track?number=1").expect("a path");
    let probe = named.proof().expect("a probe");
    assert_eq!(
        (&probe.method, &*probe.path),
        (&http::Method::GET, "/track?number=1")
    );
    for wrong in [
        "",
        "track",
        "//elsewhere.example",
        "/a b",
        "/a#b",
        "https://a.example/",
    ] {
        assert!(diagnosis.with_probe(wrong).is_none(), "{wrong}");
    }
}

fn answer(status: u16, body: &str) -> gateway_http_client::HttpResponse {
    gateway_http_client::HttpResponse {
        status: http::StatusCode::from_u16(status).expect("a status"),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// Not every carrier has its codes under `code`.
#[test]
fn codes_are_found_where_the_manifest_says() {
    let mut manifest = minimal();
    manifest["errors"] = json!({
        "template": "{\"type\":\"https://acme.example/{code}\",\"title\":\"{message}\"}",
        "code_keys": ["type"],
        "headers": {"code": "error", "message": "message"},
    });
    let text = manifest.to_string();
    let diagnosis = Manifest::parse(text.as_bytes()).expect("fine").diagnosis();
    let places = diagnosis.expect("fine").places;
    let body = r#"{"code":"no","TYPE":"https://acme.example/errors/401.0000001"}"#;
    let mut seen = answer(401, body);
    assert_eq!(places.codes_in(&seen), ["401.0000001"]);
    let field = http::HeaderValue::from_static("E998");
    seen.headers.insert("error", field);
    assert_eq!(places.codes_in(&seen), ["E998", "401.0000001"]);
    for (key, value) in [
        ("code_keys", json!(["a b"])),
        ("code_keys", json!([""])),
        ("headers", json!({"code": "content-length", "message": "m"})),
    ] {
        let mut changed = manifest.clone();
        changed["errors"][key] = value.clone();
        let parsed = Manifest::parse(changed.to_string().as_bytes()).expect("JSON");
        assert!(parsed.diagnosis().is_err(), "{key}: {value}");
    }
}
