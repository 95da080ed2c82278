//! DHL Parcel DE: the token request, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_dhl_parcel_de::{DhlParcelDe, MANIFEST};
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

const TOKEN: &str = r#"{"access_token":"planted-token","token_type":"Bearer","expires_in":1799}"#;

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret",
        "username": "user-valid", "password": "planted-password"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn without(key: &str) -> Value {
    let mut config = config();
    config.as_object_mut().expect("an object").remove(key);
    config
}

fn request() -> Expect {
    post("/parcel/de/account/auth/ropc/v1/token")
}

#[test]
fn request_is_the_password_grant() {
    let expected = request()
        .origin("https://api-sandbox.dhl.com")
        .no_header("authorization")
        .body(
            "grant_type=password&username=user-valid&password=planted-password&client_id=id&\
             client_secret=planted-secret",
        );
    let script = Script::new().expect(expected).reply(response(200, TOKEN));
    let credential = script
        .run::<DhlParcelDe>(&config().to_string())
        .expect("a token");
    let fields: Vec<_> = credential.headers().collect();
    assert_eq!(fields, [("authorization", &b"Bearer planted-token"[..])]);
    assert_eq!(credential.lifetime(), Some(Duration::from_secs(1799)));
}

#[test]
fn configuration_mistake_is_named_as_dhl_calls_it() {
    mistakes_are_named::<DhlParcelDe>(&[
        (with("client_id", ""), "client_id", "API Key"),
        (
            with("client_secret", "planted "),
            "client_secret",
            "API Secret",
        ),
        (without("username"), "username", "GKP user name"),
        (without("password"), "password", "GKP password"),
        (with("password", ""), "password", "is empty"),
        (
            with("account_number", "3333333333"),
            "account_number",
            "billing number",
        ),
        (
            with("origin", "https://api-eu.dhl.com/parcel"),
            "origin",
            "api-sandbox.dhl.com",
        ),
    ]);
}

#[test]
fn errors_have_their_class() {
    let answers = [
        (401, json!({"error": "invalid_client"}), Class::Rejected),
        (
            400,
            json!({"error": "invalid_grant", "error_description": "planted"}),
            Class::Rejected,
        ),
        (400, json!({"error": "invalid_request"}), Class::Config),
        (
            401,
            json!({"title": "planted", "statusCode": 401}),
            Class::Rejected,
        ),
        (
            401,
            json!({"status": {"title": "planted", "statusCode": 401}}),
            Class::Rejected,
        ),
        (
            404,
            json!({"status": 404, "title": "planted"}),
            Class::Protocol,
        ),
        (429, json!({"error": "invalid_client"}), Class::Transient),
        (503, json!({"error": "invalid_grant"}), Class::Transient),
    ];
    let answers = answers.map(|(status, body, class)| {
        (
            format!("{status} {body}"),
            response(status, body.to_string()),
            class,
        )
    });
    answers_have_their_class::<DhlParcelDe>(&config(), request, answers);
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<DhlParcelDe>(&config(), request, TOKEN, Some("/expires_in"));
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    let changes = [
        ("account_number", "33333333330102".into(), true),
        ("account_number", "33333333330".into(), false),
        ("username", Value::Null, false),
        ("password", Value::Null, false),
        ("client_id", Value::Null, false),
        ("client_secret", "".into(), false),
        ("environment", "sandbox".into(), false),
    ];
    manifest::schema_agrees::<DhlParcelDe>(MANIFEST, &config(), &changes);
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(DhlParcelDe, manifest: MANIFEST);
    let config = with("origin", "https://api-sandbox.dhl.com");
    conforms(table, &config, Vec::new()).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts() {
    let table = plugins_sdk::static_plugin!(DhlParcelDe, manifest: MANIFEST);
    let user = json!({"username": "stand-in-user", "password": "stand-in-password"});
    let world = StandIn::start(table, &user).await;
    let issued = world.authorize().await.expect("a token");
    let call = async |number: &str| {
        let body = json!({"shipments": [{"billingNumber": number}]});
        let path = "/parcel/de/shipping/v2/orders?validate=true";
        let answer = world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await;
        answer.status.as_u16()
    };
    assert_eq!(call("33333333330102").await, 200);
    assert_eq!(call("11111111110101").await, 400);
    world.mock.advance(Duration::from_secs(1800));
    assert_eq!(call("33333333330102").await, 401, "the token has expired");
    for fault in [Fault::Html(403), Fault::Empty(200), Fault::NoLifetime] {
        world.mock.set_fault("token", Some(fault));
        assert!(world.authorize().await.is_err(), "{fault:?}");
    }
    world.mock.set_fault("token", None);
    world.mock.set_secret("password", "changed");
    let failure = world.authorize().await.expect_err("another password");
    assert_eq!(failure.class, plugins_testkit::FailureClass::Rejected);
}
