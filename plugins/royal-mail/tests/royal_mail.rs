//! Royal Mail: the login, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_royal_mail::{MANIFEST, RoyalMail};
use plugins_sdk::{
    Class,
    testing::{Expect, Script, post, response},
};
use plugins_testkit::{
    ScriptedResponse, StandIn, answers_have_their_class, changed, conforms, manifest,
    mistakes_are_named,
    mock::{self, Answer, Fault},
    odd_answers,
};
use serde_json::{Value, json};
use std::time::Duration;

/// A token of four hours from the scripts' time on.
const TOKEN: &str =
    "eyJhbGciOiJub25lIn0.eyJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzI0MDAwMH0.cGxhbnRlZA";
const FOUR_HOURS: Duration = Duration::from_secs(14_400);

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret",
        "username": "user", "password": "planted-password"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn request() -> Expect {
    post("/shipping/v3/token")
}

fn good() -> String {
    json!({ "token": TOKEN }).to_string()
}

#[test]
fn login_has_four_fields_and_yields_two() {
    let expected = request()
        .origin("https://api.royalmail.net")
        .header("x-ibm-client-id", "id")
        .header("x-ibm-client-secret", "planted-secret")
        .header("x-rmg-security-username", "user")
        .header("x-rmg-security-password", "planted-password")
        .no_header("authorization")
        .body("");
    let script = Script::new().expect(expected).reply(response(200, good()));
    let credential = script
        .run::<RoyalMail>(&config().to_string())
        .expect("a token");
    let fields: Vec<_> = credential.headers().collect();
    let wanted = [
        ("x-rmg-auth-token", TOKEN.as_bytes()),
        ("x-ibm-client-id", &b"id"[..]),
    ];
    assert_eq!(fields, wanted);
    assert_eq!(credential.lifetime(), Some(FOUR_HOURS));
}

/// The token says when it was issued, so neither clock counts.
#[test]
fn lifetime_does_not_depend_on_a_clock() {
    for hours in [0, 3, 30_000] {
        let at = 1_767_225_600_000 + hours * 3_600_000;
        let script = Script::new()
            .at(at)
            .expect(request())
            .reply(response(200, good()));
        let credential = script
            .run::<RoyalMail>(&config().to_string())
            .expect("a token");
        assert_eq!(credential.lifetime(), Some(FOUR_HOURS));
    }
}

#[test]
fn token_without_a_lifetime_needs_the_setting() {
    let opaque = json!({"token": "planted-opaque"}).to_string();
    let run = |config: Value| {
        let script = Script::new()
            .expect(request())
            .reply(response(200, opaque.clone()));
        script.run::<RoyalMail>(&config.to_string())
    };
    let error = run(config()).expect_err("no lifetime");
    assert_eq!(
        (error.class(), error.code()),
        (Class::Protocol, "expires_in")
    );
    let credential = run(with("token_minutes", 240)).expect("a token");
    assert_eq!(credential.lifetime(), Some(FOUR_HOURS));
}

#[test]
fn configuration_mistake_is_named_as_royal_mail_calls_it() {
    mistakes_are_named::<RoyalMail>(&[
        (with("client_id", ""), "client_id", "X-IBM-Client-Id"),
        (
            with("client_secret", "planted\n"),
            "client_secret",
            "X-IBM-Client-Secret",
        ),
        (
            with("client_secret", "plantéd"),
            "client_secret",
            "no header field",
        ),
        (
            with("username", Value::Null),
            "username",
            "X-RMG-Security-Username",
        ),
        (
            with("password", Value::Null),
            "password",
            "X-RMG-Security-Password",
        ),
        (with("password", 7), "password", "expected a string"),
        (with("token_minutes", 0), "token_minutes", "1440"),
        (with("token_minutes", 1441), "token_minutes", "1440"),
        (
            with("origin", "https://api.royalmail.net/shipping"),
            "origin",
            "api.royalmail.net",
        ),
    ]);
}

#[test]
fn errors_have_their_class() {
    let gateway = |code: &str| json!({"httpCode": code, "httpMessage": "planted"}).to_string();
    let own = |code: &str| {
        json!({"errors": [{"errorCode": code, "errorDescription": "planted"}]}).to_string()
    };
    let answers = [
        (401, gateway("401"), Class::Rejected),
        (403, gateway("403"), Class::Rejected),
        (401, own("E1001"), Class::Rejected),
        (400, own("E1002"), Class::Config),
        (404, gateway("404"), Class::Protocol),
        (429, gateway("429"), Class::Transient),
        (429, gateway("401"), Class::Transient),
        (500, gateway("500"), Class::Transient),
        (200, own("E1001"), Class::Protocol),
        (200, gateway("401"), Class::Rejected),
    ];
    let answers = answers.map(|(status, body, class)| {
        let reply = response(status, body.clone()).header("retry-after", "7");
        (format!("{status} {body}"), reply, class)
    });
    answers_have_their_class::<RoyalMail>(&config(), request, answers);
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<RoyalMail>(&config(), request, &good(), None);
    for token in ["", "planted token", "planted\r\nx: y", "plantéd"] {
        let body = json!({ "token": token }).to_string();
        let script = Script::new().expect(request()).reply(response(200, body));
        let error = script
            .run::<RoyalMail>(&config().to_string())
            .expect_err(token);
        assert_eq!(
            (error.class(), error.code()),
            (Class::Protocol, "bad_token")
        );
    }
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<RoyalMail>(
        MANIFEST,
        &config(),
        &[
            ("token_minutes", 240.into(), true),
            ("token_minutes", 0.into(), false),
            ("username", Value::Null, false),
            ("password", "".into(), false),
            ("client_id", Value::Null, false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(RoyalMail, manifest: MANIFEST);
    let config = with("origin", "https://api.royalmail.net");
    conforms(table, &config, vec![ScriptedResponse::json(200, good())]).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts_until_it_expires() {
    let table = plugins_sdk::static_plugin!(RoyalMail, manifest: MANIFEST);
    let login = json!({"username": "stand-in-user", "password": "stand-in-password"});
    let world = StandIn::start(table, &login).await;
    let issued = world.authorize().await.expect("a token");
    assert_eq!(issued.lifetime, Some(FOUR_HOURS));
    let addresses = async || {
        let path = "/shipping/v3/addresses";
        world
            .call(http::Method::GET, path, &issued.headers, &Value::Null)
            .await
            .status
            .as_u16()
    };
    assert_eq!(addresses().await, 200);
    world.mock.advance(FOUR_HOURS);
    assert_eq!(addresses().await, 401, "the token has expired");
}

#[tokio::test]
async fn stand_in_with_a_fault_gives_no_token() {
    let table = plugins_sdk::static_plugin!(RoyalMail, manifest: MANIFEST);
    let login = json!({"username": "stand-in-user", "password": "stand-in-password"});
    let world = StandIn::start(table, &login).await;
    let other = mock::carrier("dpd").expect("a table");
    let opaque = Answer::json(200, r#"{"token":"opaque"}"#);
    world
        .gives_no_token([
            Fault::Html(403),
            Fault::Empty(200),
            Fault::Reset,
            Fault::AnswerOf(other),
            Fault::Answer(opaque),
        ])
        .await;
    world.mock.set_secret("password", "changed");
    let failure = world
        .authorize()
        .await
        .expect_err("the password has changed");
    assert!(failure.message.contains("X-IBM-Client-Id"), "{failure}");
}
