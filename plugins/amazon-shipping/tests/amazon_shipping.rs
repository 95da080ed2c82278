//! Amazon Shipping: the token requests, the consent, the restricted data token, what each answer means, the
//! conformance suite, the stand-in.
#![cfg(test)]

use http::Method;
use plugins_amazon_shipping::{AmazonShipping, MANIFEST, RESOURCES, RESTRICTED};
use plugins_conformance::ScriptedResponse;
use plugins_sdk::{
    Class, Credential, Error, Grant, Reason,
    testing::{Expect, Network, Reply, Script, network, post, response},
};
use plugins_testkit::{
    StandIn, answered, answers_have_their_class, code_exchange, conforms, consent_url, fields_of,
    manifest, odd_answers, refusal, slot_failures, slot_of,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const TOKEN: &str = r#"{"access_token":"Atza|planted-token","refresh_token":"Atzr|planted-old","token_type":"bearer","expires_in":3600}"#;
const RDT: &str = r#"{"restrictedDataToken":"Atz.sprdt|planted-rdt","expiresIn":3000}"#;

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret",
        "refresh_token": "Atzr|planted-old", "business_id": "AmazonShipping_UK"})
}

fn restricted() -> Value {
    let mut config = config();
    config["restricted_data"] = true.into();
    config
}

fn consenting() -> Value {
    json!({"environment": "production", "client_id": "id", "client_secret": "planted-secret",
        "grant": "authorization_code", "application_id": "amzn1.sp.solution.1"})
}

fn token_request() -> Expect {
    post("/auth/o2/token")
}

fn restricted_request() -> Expect {
    post("/tokens/2021-03-01/restrictedDataToken")
}

fn run(script: Script, config: &Value) -> Result<Credential, Error> {
    script.run::<AmazonShipping>(&config.to_string())
}

#[test]
fn token_comes_from_lwa_and_goes_into_amazons_field() {
    let form = "grant_type=refresh_token&client_id=id&client_secret=planted-secret&refresh_token=Atzr%7Cplanted-old";
    let request = token_request()
        .origin("https://api.amazon.com")
        .body(form)
        .no_header("authorization");
    let script = answered(request, TOKEN);
    let credential = run(script, &config()).expect("a token");
    assert_eq!(
        fields_of(&credential),
        [
            (
                "x-amz-access-token".to_owned(),
                "Atza|planted-token".to_owned()
            ),
            (
                "x-amzn-shipping-business-id".to_owned(),
                "AmazonShipping_UK".to_owned()
            ),
        ]
    );
    assert_eq!(credential.lifetime(), Some(Duration::from_secs(3600)));
    // The refresh token of the configuration may be presented any number of times.
    assert_eq!(credential.grant_change(), Grant::NotSingleUse);
    assert!(credential.kept_state().is_empty());
}

#[test]
fn every_region_takes_its_tokens_from_lwa_and_a_mock_from_itself() {
    for (origin, lwa) in [
        (
            "https://sellingpartnerapi-na.amazon.com",
            "https://api.amazon.com",
        ),
        (
            "https://sandbox.sellingpartnerapi-fe.amazon.com",
            "https://api.amazon.com",
        ),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
    ] {
        let mut config = restricted();
        config["origin"] = origin.into();
        let script = Script::new()
            .expect(token_request().origin(lwa))
            .reply(response(200, TOKEN))
            .expect(restricted_request().origin(origin))
            .reply(response(200, RDT));
        let _ = run(script, &config).expect("a token");
    }
}

#[test]
fn restricted_data_token_stands_in_the_place_of_the_access_token() {
    let request = restricted_request()
        .header("x-amz-access-token", "Atza|planted-token")
        .check(|request| {
            let body: Value = serde_json::from_slice(request.body()).map_err(|e| e.to_string())?;
            let count = body["restrictedResources"].as_array().map_or(0, Vec::len);
            (count == RESOURCES.len())
                .then_some(())
                .ok_or_else(|| body.to_string())
        });
    let script = answered(token_request(), TOKEN);
    let credential = run(
        script.expect(request).reply(response(200, RDT)),
        &restricted(),
    );
    let credential = credential.expect("a token");
    let outcome = slot_of(&credential, RESTRICTED);
    let slot = outcome.as_ref().expect("fields");
    let header: Vec<_> = slot.headers().collect();
    assert_eq!(
        header,
        [("x-amz-access-token", &b"Atz.sprdt|planted-rdt"[..])]
    );
    assert_eq!(slot.lifetime(), Some(Duration::from_secs(3000)));
}

#[test]
fn restricted_operations_of_the_manifest_are_the_resources_of_the_token() {
    let json: Value = serde_json::from_str(MANIFEST).expect("JSON");
    let operations = json["operations"].as_array().expect("a list").iter();
    let restricted = operations.filter(|operation| operation["slots"] == json!(["restricted"]));
    let of_manifest: BTreeSet<_> = restricted
        .map(|it| {
            (
                it["methods"][0].as_str().expect("a method"),
                it["path"].as_str().expect("a path"),
            )
        })
        .collect();
    assert_eq!(of_manifest, BTreeSet::from(RESOURCES));
}

#[test]
fn restricted_token_that_fails_leaves_the_access_token() {
    let refused = r#"{"errors":[{"code":"Unauthorized","message":"planted"}]}"#;
    let cases: [(Reply, Class); 9] = [
        (response(403, refused), Class::Rejected),
        (response(400, refused), Class::Config),
        (response(403, "<html>planted</html>"), Class::Protocol),
        (response(200, "{}"), Class::Protocol),
        (response(200, ""), Class::Protocol),
        (
            response(200, r#"{"restrictedDataToken":"planted","expiresIn":0}"#),
            Class::Protocol,
        ),
        (response(429, refused), Class::Transient),
        (response(503, refused), Class::Transient),
        (network(Network::Timeout), Class::Transient),
    ];
    let token = || answered(token_request(), TOKEN);
    let _ = slot_failures::<AmazonShipping>(
        &restricted(),
        token,
        (RESTRICTED, restricted_request),
        cases,
    );
    // Off unless the operator says otherwise: it costs a call, and few applications have the roles.
    let script = answered(token_request(), TOKEN);
    let credential = run(script, &config()).expect("a token");
    let outcome = slot_of(&credential, RESTRICTED);
    assert_eq!(outcome.as_ref().expect_err("off").class(), Class::Config);
}

fn presenting(reply: Reply) -> Script {
    Script::new()
        .reason(Reason::Refresh)
        .state(br#"{"v":1,"refresh_token":"Atzr|planted-old"}"#)
        .expect(token_request())
        .reply(reply)
}

#[test]
fn consent_keeps_the_refresh_token_that_amazon_repeats() {
    let form = "grant_type=authorization_code&client_id=id&client_secret=planted-secret&code=planted-code&\
                redirect_uri=https%3A%2F%2Fwaybill.example%2Fconsent";
    let script = code_exchange(token_request().body(form), response(200, TOKEN));
    let credential = run(script, &consenting()).expect("a login");
    assert_eq!(
        credential.grant_change(),
        Grant::Replaced { lifetime: None }
    );
    let state = br#"{"v":1,"refresh_token":"Atzr|planted-old"}"#;
    assert_eq!(credential.kept_state(), state);
    let without = TOKEN.replace(r#""refresh_token":"Atzr|planted-old","#, "");
    for (reply, grant) in [
        (response(200, TOKEN), Grant::Kept),
        (response(200, without), Grant::Kept),
        (
            response(200, TOKEN.replace("planted-old", "planted-new")),
            Grant::Replaced { lifetime: None },
        ),
    ] {
        let credential = run(presenting(reply), &consenting()).expect("a token");
        assert_eq!(credential.grant_change(), grant);
        assert!(!credential.kept_state().is_empty());
    }
}

#[test]
fn refused_refresh_token_needs_the_shipper_or_the_operator() {
    let dead = r#"{"error":"invalid_grant","error_description":"planted","request_id":"1"}"#;
    let error = run(presenting(response(400, dead)), &consenting()).expect_err("refused");
    assert_eq!(error.class(), Class::Interaction);
    assert!(error.is_grant_refused());
    // Nobody can log in to an account whose refresh token stands in its settings.
    let script = Script::new()
        .expect(token_request())
        .reply(response(400, dead));
    let error = run(script, &config()).expect_err("refused");
    assert_eq!(error.class(), Class::Rejected);
    assert!(!error.to_string().contains("planted"), "{error}");
}

#[test]
fn consent_begins_at_seller_central() {
    let url = consent_url::<AmazonShipping>(&consenting()).expect("a URL");
    assert_eq!(
        url,
        "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.solution.1&state=planted-state\
         &redirect_uri=https%3A%2F%2Fwaybill.example%2Fconsent&code_challenge=challenge"
    );
    let mut config = consenting();
    config["authorize_url"] =
        "https://sellercentral-europe.amazon.com/apps/authorize/consent?version=beta".into();
    let url = consent_url::<AmazonShipping>(&config).expect("a URL");
    assert!(
        url.starts_with(
            "https://sellercentral-europe.amazon.com/apps/authorize/consent?version=beta&"
        ),
        "{url}"
    );
    config
        .as_object_mut()
        .expect("an object")
        .remove("application_id");
    assert_eq!(
        consent_url::<AmazonShipping>(&config)
            .expect_err("no application")
            .code(),
        "application_id"
    );
}

#[test]
fn token_errors_are_read_by_their_codes() {
    let answers = [
        (401, "invalid_client", Class::Rejected),
        (400, "unauthorized_client", Class::Rejected),
        (400, "invalid_request", Class::Config),
        (400, "unsupported_grant_type", Class::Config),
        (503, "invalid_client", Class::Transient),
        (500, "server_error", Class::Transient),
    ];
    let answers = answers.map(|(status, code, class)| {
        let body = json!({"error": code, "error_description": "planted"}).to_string();
        (format!("{status} {code}"), response(status, body), class)
    });
    answers_have_their_class::<AmazonShipping>(&config(), token_request, answers);
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<AmazonShipping>(&config(), token_request, TOKEN, Some("/expires_in"));
}

#[test]
fn mistakes_are_named_as_amazon_calls_the_field() {
    for (key, value, called) in [
        ("client_id", json!(""), "LWA client identifier"),
        ("client_secret", json!("planted\n"), "LWA client secret"),
        ("refresh_token", json!(" planted"), "LWA refresh token"),
        ("business_id", json!("UK"), "x-amzn-shipping-business-id"),
        ("restricted_data", json!("maybe"), "restricted data token"),
        ("authorize_url", json!("central"), "OAuth authorization URI"),
        ("grant", json!("authorization_code"), "LWA refresh token"),
    ] {
        let mut config = config();
        config[key] = value;
        let error = refusal::<AmazonShipping>(&config);
        assert!(error.message().contains(called), "{key}: {error}");
    }
    let mut config = config();
    config
        .as_object_mut()
        .expect("an object")
        .remove("refresh_token");
    assert_eq!(refusal::<AmazonShipping>(&config).code(), "refresh_token");
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<AmazonShipping>(
        MANIFEST,
        &config(),
        &[
            ("business_id", "AmazonShipping_IN".into(), true),
            ("business_id", "IN".into(), false),
            ("restricted_data", true.into(), true),
            ("restricted_data", 7.into(), false),
            ("environment", "sandbox".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes_with_and_without_restricted_data() {
    let table = plugins_sdk::static_plugin!(AmazonShipping, manifest: MANIFEST);
    let answer = |body: &str| ScriptedResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    };
    let at_origin = |mut config: Value| {
        config["origin"] = "https://sandbox.sellingpartnerapi-eu.amazon.com".into();
        config
    };
    conforms(table, &at_origin(config()), vec![answer(TOKEN)]).await;
    conforms(
        table,
        &at_origin(restricted()),
        vec![answer(TOKEN), answer(RDT)],
    )
    .await;
}

#[tokio::test]
async fn stand_in_wants_the_restricted_token_for_personal_data() {
    let table = plugins_sdk::static_plugin!(AmazonShipping, manifest: MANIFEST);
    let more = json!({"refresh_token": "Atzr|stand-in-refresh", "restricted_data": true});
    let world = StandIn::start(table, &more).await;
    let issued = world.authorize().await.expect("a token");
    let restricted = issued.slots[0]
        .fields
        .as_ref()
        .expect("a restricted data token");
    let call = async |method, path: &str, fields: &[_]| {
        world
            .call(method, path, fields, &json!({}))
            .await
            .status
            .as_u16()
    };
    let address = "/orders/v0/orders/123/address";
    assert_eq!(
        call(
            Method::POST,
            "/shipping/v2/shipments/rates",
            &issued.headers
        )
        .await,
        200
    );
    assert_eq!(call(Method::GET, address, &issued.headers).await, 403);
    assert_eq!(call(Method::GET, address, restricted).await, 200);
    world.mock.advance(Duration::from_secs(3600));
    assert_eq!(
        call(Method::GET, address, restricted).await,
        403,
        "it has expired"
    );
}
