//! DHL eCommerce Americas: the token request, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_dhl_ecommerce::{DhlEcommerce, MANIFEST};
use plugins_sdk::{
    Class,
    testing::{Expect, Script, post, response},
};
use plugins_testkit::{
    StandIn, answers_have_their_class, changed, conforms, manifest, mistakes_are_named,
    mock::Fault, odd_answers,
};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str =
    r#"{"access_token":"planted-token","client_id":"id","token_type":"Bearer","expires_in":3600}"#;

fn config() -> Value {
    json!({"environment": "production", "client_id": "id", "client_secret": "planted-secret"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn request() -> Expect {
    post("/auth/v4/accesstoken")
}

#[test]
fn request_has_the_credentials_in_the_form() {
    let expected = request()
        .origin("https://api.dhlecs.com")
        .no_header("authorization")
        .body("grant_type=client_credentials&client_id=id&client_secret=planted-secret");
    let script = Script::new().expect(expected).reply(response(200, TOKEN));
    let credential = script
        .run::<DhlEcommerce>(&config().to_string())
        .expect("a token");
    let fields: Vec<_> = credential.headers().collect();
    assert_eq!(fields, [("authorization", &b"Bearer planted-token"[..])]);
    assert_eq!(credential.lifetime(), Some(Duration::from_secs(3600)));
}

#[test]
fn configuration_mistake_is_named_as_dhl_calls_it() {
    mistakes_are_named::<DhlEcommerce>(&[
        (with("client_id", ""), "client_id", "Client ID"),
        (
            with("client_secret", "planted\n"),
            "client_secret",
            "Client Secret",
        ),
        (
            with("origin", "https://api.dhlecs.com/auth"),
            "origin",
            "https://api.dhlecs.com",
        ),
    ]);
}

/// The code is the last segment of a URL.
#[test]
fn errors_have_their_class() {
    let answers = [
        (401, "401.0000001", Class::Rejected),
        (401, "401.0000007", Class::Rejected),
        (400, "400.0000001", Class::Config),
        (404, "404.0000001", Class::Protocol),
        (429, "429.0000001", Class::Transient),
        (503, "401.0000001", Class::Transient),
    ];
    let answers = answers.map(|(status, code, class)| {
        let kind = format!("https://api.dhlecs.com/docs/errors/{code}");
        let body = json!({"type": kind, "title": "planted"}).to_string();
        (format!("{status} {code}"), response(status, body), class)
    });
    answers_have_their_class::<DhlEcommerce>(&config(), request, answers);
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<DhlEcommerce>(&config(), request, TOKEN, Some("/expires_in"));
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    let changes = [
        ("account_number", "5351244".into(), true),
        ("client_id", Value::Null, false),
        ("client_secret", "".into(), false),
        ("environment", "sandbox".into(), false),
    ];
    manifest::schema_agrees::<DhlEcommerce>(MANIFEST, &config(), &changes);
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(DhlEcommerce, manifest: MANIFEST);
    let config = with("origin", "https://api.dhlecs.com");
    conforms(table, &config, Vec::new()).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts() {
    let table = plugins_sdk::static_plugin!(DhlEcommerce, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a token");
    let call = async |pickup: &str| {
        let body = json!({"pickup": pickup});
        let path = "/shipping/v4/products";
        let answer = world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await;
        answer.status.as_u16()
    };
    assert_eq!(call("5351244").await, 200);
    assert_eq!(call("1").await, 400);
    world.mock.advance(Duration::from_secs(3601));
    assert_eq!(call("5351244").await, 401, "the token has expired");
    for fault in [Fault::Html(401), Fault::Empty(200), Fault::NoLifetime] {
        world.mock.set_fault("token", Some(fault));
        assert!(world.authorize().await.is_err(), "{fault:?}");
    }
}
