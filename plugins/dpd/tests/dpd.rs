//! DPD: the login, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_dpd::{Dpd, MANIFEST};
use plugins_sdk::{
    Class,
    testing::{Expect, Reply, Script, post, response},
};
use plugins_testkit::{
    ScriptedResponse, StandIn, changed, conforms, manifest, mistakes_are_named,
    mock::{self, Answer, Fault},
    odd_answers,
};
use serde_json::{Value, json};
use std::time::Duration;

/// A token of a day, issued by a clock that is eleven days behind.
const TOKEN: &str =
    "eyJhbGciOiJub25lIn0.eyJpYXQiOjE3NjYyMjU2MDEsImV4cCI6MTc2NjMxMjAwMX0.cGxhbnRlZA";
const DAY: Duration = Duration::from_secs(86_400);

fn config() -> Value {
    json!({"environment": "test", "client_id": "user", "client_secret": "planted-secret", "bu_code": "001"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn request() -> Expect {
    post("/shipping/v1/login")
}

fn good() -> Reply {
    response(200, "").header("x-dpd-token", TOKEN)
}

#[test]
fn login_has_three_fields_and_the_token_comes_in_one() {
    let user = request()
        .origin("https://api-preprod.dpsin.dpdgroup.com:8443")
        .header("x-dpd-login", "user")
        .header("x-dpd-password", "planted-secret")
        .header("x-dpd-bucode", "001")
        .no_header("x-dpd-clientid")
        .no_header("authorization")
        .body("");
    let client = request()
        .header("x-dpd-clientid", "user")
        .header("x-dpd-clientsecret", "planted-secret")
        .no_header("x-dpd-login");
    for (expected, config) in [(user, config()), (client, with("login_type", "client"))] {
        let script = Script::new().expect(expected).reply(good());
        let credential = script.run::<Dpd>(&config.to_string()).expect("a token");
        let bearer = format!("Bearer {TOKEN}");
        let fields: Vec<_> = credential.headers().collect();
        assert_eq!(fields, [("authorization", bearer.as_bytes())]);
        assert_eq!(credential.lifetime(), Some(DAY), "whatever the clocks say");
    }
    let production = with("environment", "production").to_string();
    let expected = request().origin("https://api.dpdgroup.com");
    let script = Script::new().expect(expected).reply(good());
    let credential = script.run::<Dpd>(&production).expect("a token");
    assert_eq!(credential.lifetime(), Some(DAY));
}

#[test]
fn token_without_a_lifetime_needs_the_setting() {
    let run = |config: Value| {
        let reply = response(200, "").header("x-dpd-token", "planted-opaque");
        let script = Script::new().expect(request()).reply(reply);
        script.run::<Dpd>(&config.to_string())
    };
    let error = run(config()).expect_err("no lifetime");
    assert_eq!(
        (error.class(), error.code()),
        (Class::Protocol, "expires_in")
    );
    let credential = run(with("token_minutes", 1440)).expect("a token");
    assert_eq!(credential.lifetime(), Some(DAY));
}

#[test]
fn configuration_mistake_is_named_as_dpd_calls_it() {
    mistakes_are_named::<Dpd>(&[
        (with("client_id", ""), "client_id", "X-DPD-LOGIN"),
        (
            with("client_secret", "planted\n"),
            "client_secret",
            "X-DPD-PASSWORD",
        ),
        (with("bu_code", Value::Null), "bu_code", "X-DPD-BUCODE"),
        (with("bu_code", "1 2"), "bu_code", "X-DPD-BUCODE"),
        (with("bu_code", 1), "bu_code", "expected a string"),
        (with("login_type", "oauth"), "login_type", "expected"),
        (with("token_minutes", 0), "token_minutes", "1440"),
        (
            with("origin", "https://api.dpdgroup.com/shipping"),
            "origin",
            "scheme and a host",
        ),
    ]);
}

#[test]
fn errors_have_the_class_of_their_status() {
    let one = json!({"errorCode": "E1", "errorMessage": "planted"});
    let several = json!([{"errorCode": 7, "errorMessage": "planted"}]);
    for (status, class) in [
        (400, Class::Config),
        (401, Class::Rejected),
        (403, Class::Rejected),
        (404, Class::Protocol),
        (429, Class::Transient),
        (500, Class::Transient),
        (200, Class::Protocol),
    ] {
        for body in [&one, &several] {
            let reply = match status {
                200 => response(status, body.to_string()),
                // Even beside an error a token could stand; the error counts.
                _ => response(status, body.to_string()).header("x-dpd-token", TOKEN),
            };
            let script = Script::new().expect(request()).reply(reply);
            let error = script
                .run::<Dpd>(&config().to_string())
                .expect_err("an error");
            assert_eq!(error.class(), class, "{status} {body}: {error}");
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<Dpd>(&config(), request, "", None);
    for token in [" ", "planted token", "\""] {
        let reply = response(200, "").header("x-dpd-token", token);
        let script = Script::new().expect(request()).reply(reply);
        let error = script
            .run::<Dpd>(&with("token_minutes", 60).to_string())
            .expect_err(token);
        assert_eq!(error.class(), Class::Protocol, "{error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<Dpd>(
        MANIFEST,
        &config(),
        &[
            ("login_type", "client".into(), true),
            ("login_type", "oauth".into(), false),
            ("bu_code", "1 2".into(), false),
            ("bu_code", Value::Null, false),
            ("token_minutes", 1441.into(), false),
            ("probe", "/track?number=1".into(), true),
            ("probe", "//other.example".into(), false),
            ("probe", "https://other.example".into(), false),
            ("environment", "sandbox".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(Dpd, manifest: MANIFEST);
    let config = with("origin", "https://api-preprod.dpsin.dpdgroup.com:8443");
    let login = ScriptedResponse {
        status: 200,
        headers: vec![("x-dpd-token".into(), TOKEN.into())],
        body: String::new(),
    };
    conforms(table, &config, vec![login]).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts_until_it_expires() {
    let table = plugins_sdk::static_plugin!(Dpd, manifest: MANIFEST);
    let unit = json!({"bu_code": "001"});
    let world = StandIn::start(table, &unit).await;
    let issued = world.authorize().await.expect("a token");
    assert_eq!(issued.lifetime, Some(DAY));
    let pickup = async || {
        let path = "/shipping/v1/pickupscheduling";
        let body = json!({"sendingDepot": "0010100"});
        world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(pickup().await, 200);
    world.mock.advance(DAY);
    assert_eq!(pickup().await, 401, "the token has expired");
}

#[tokio::test]
async fn stand_in_with_a_fault_gives_no_token() {
    let table = plugins_sdk::static_plugin!(Dpd, manifest: MANIFEST);
    let unit = json!({"bu_code": "001"});
    let world = StandIn::start(table, &unit).await;
    let other = mock::carrier("royal-mail").expect("a table");
    let opaque = Answer::json(200, "").with(&[("x-dpd-token", "opaque")]);
    world
        .gives_no_token([
            Fault::Html(403),
            Fault::Html(200),
            Fault::Empty(200),
            Fault::Reset,
            Fault::AnswerOf(other),
            Fault::Answer(opaque),
        ])
        .await;
}
