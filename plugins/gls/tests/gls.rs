//! GLS: the token request, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_gls::{Gls, MANIFEST};
use plugins_sdk::{
    Class,
    testing::{Expect, Script, post, response},
};
use plugins_testkit::{
    StandIn, changed, conforms, manifest, mistakes_are_named, mock::Fault, odd_answers,
};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = r#"{"token_type":"Bearer","access_token":"planted-token","expires_in":14400}"#;

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn request() -> Expect {
    post("/oauth2/v2/token")
}

#[test]
fn credentials_travel_in_basic_or_in_the_form_and_not_in_both() {
    let basic = request()
        .origin("https://api-sandbox.gls-group.net")
        .basic("id", "planted-secret")
        .body("grant_type=client_credentials");
    let form = request()
        .no_header("authorization")
        .body("grant_type=client_credentials&client_id=id&client_secret=planted-secret");
    for (config, expected) in [(config(), basic), (with("credentials_in", "form"), form)] {
        let script = Script::new().expect(expected).reply(response(200, TOKEN));
        let credential = script.run::<Gls>(&config.to_string()).expect("a token");
        let fields: Vec<_> = credential.headers().collect();
        assert_eq!(fields, [("authorization", &b"Bearer planted-token"[..])]);
        assert_eq!(credential.lifetime(), Some(Duration::from_secs(14_400)));
    }
}

#[test]
fn configuration_mistake_is_named_as_gls_calls_it() {
    mistakes_are_named::<Gls>(&[
        (with("client_id", ""), "client_id", "App ID"),
        (with("client_id", "a:b"), "client_id", "credentials_in"),
        (
            with("client_secret", " planted"),
            "client_secret",
            "App secret",
        ),
        (
            with("credentials_in", "query"),
            "credentials_in",
            "expected",
        ),
        (with("origin", "gls"), "origin", "api-sandbox.gls-group.net"),
    ]);
    let mut in_form = with("client_id", "a:b");
    in_form["credentials_in"] = "form".into();
    let script = Script::new().expect(request()).reply(response(200, TOKEN));
    assert!(script.run::<Gls>(&in_form.to_string()).is_ok());
}

#[test]
fn errors_in_the_body_and_in_header_fields_have_their_class() {
    let fault = |code: &str| json!({"errors": [{"message": "planted", "type": code}]}).to_string();
    let oauth = r#"{"error":"invalid_client","error_description":"planted"}"#.to_owned();
    for (status, body, header, class) in [
        (400, fault("400"), None, Class::Rejected),
        (401, oauth, None, Class::Rejected),
        (401, String::new(), Some("401"), Class::Rejected),
        (
            403,
            String::new(),
            Some("unauthorized_client"),
            Class::Rejected,
        ),
        (404, String::new(), Some("404"), Class::Protocol),
        (429, fault("429"), None, Class::Transient),
        (500, fault("500"), None, Class::Transient),
        (500, String::new(), Some("invalid_client"), Class::Transient),
        (200, String::new(), Some("E000"), Class::Protocol),
    ] {
        let mut reply = response(status, body.clone());
        if let Some(code) = header {
            reply = reply.header("error", code).header("message", "planted");
        }
        let script = Script::new().expect(request()).reply(reply);
        let error = script
            .run::<Gls>(&config().to_string())
            .expect_err("no token");
        assert_eq!(error.class(), class, "{status} {body} {header:?}: {error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<Gls>(&config(), request, TOKEN, Some("/expires_in"));
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    let changes = [
        ("credentials_in", "form".into(), true),
        ("credentials_in", "json".into(), false),
        ("client_id", Value::Null, false),
        ("client_secret", "".into(), false),
        ("environment", "sandbox".into(), false),
    ];
    manifest::schema_agrees::<Gls>(MANIFEST, &config(), &changes);
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(Gls, manifest: MANIFEST);
    let config = with("origin", "https://api-sandbox.gls-group.net");
    conforms(table, &config, Vec::new()).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts() {
    let table = plugins_sdk::static_plugin!(Gls, manifest: MANIFEST);
    for way in ["basic", "form"] {
        let world = StandIn::start(table, &json!({"credentials_in": way})).await;
        let issued = world.authorize().await.expect("a token");
        let path = "/shipit-farm/v1/backend/rs/shipments/allowedservices";
        let call = async || {
            let answer = world
                .call(http::Method::POST, path, &issued.headers, &json!({}))
                .await;
            (answer.status.as_u16(), answer.headers.get("error").cloned())
        };
        assert_eq!(call().await, (200, None));
        world.mock.advance(Duration::from_secs(14_401));
        assert_eq!(call().await.0, 401, "the token has expired");
        assert!(
            call().await.1.is_some(),
            "the error stands in a header field"
        );
        world.mock.set_fault("token", Some(Fault::NoLifetime));
        assert!(world.authorize().await.is_err());
    }
}
