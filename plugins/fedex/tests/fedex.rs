//! FedEx: the token request, what each answer means, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_fedex::{FedEx, MANIFEST};
use plugins_sdk::{
    Class,
    testing::{Expect, Script, post, response},
};
use plugins_testkit::{
    StandIn, changed, conforms, manifest, mistakes_are_named,
    mock::{self, Fault},
    odd_answers,
};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str =
    r#"{"access_token":"planted-token","token_type":"bearer","expires_in":3599,"scope":"CXS"}"#;

fn config() -> Value {
    json!({"environment": "test", "client_id": "id", "client_secret": "planted-secret"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn child(customer_type: &str) -> Value {
    let mut config = with("customer_type", customer_type);
    config["child_key"] = "child".into();
    config["child_secret"] = "planted-child".into();
    config
}

fn request() -> Expect {
    post("/oauth/token")
}

#[test]
fn request_has_the_credentials_in_the_form_and_nowhere_else() {
    let pair = "client_id=id&client_secret=planted-secret";
    let children = "child_Key=child&child_secret=planted-child";
    for (config, body) in [
        (config(), format!("grant_type=client_credentials&{pair}")),
        (
            child("integrator"),
            format!("grant_type=csp_credentials&{pair}&{children}"),
        ),
        (
            child("parent_child"),
            format!("grant_type=client_pc_credentials&{pair}&{children}"),
        ),
    ] {
        let expected = request()
            .origin("https://apis-sandbox.fedex.com")
            .header("content-type", "application/x-www-form-urlencoded")
            .no_header("authorization")
            .body(&body);
        let script = Script::new().expect(expected).reply(response(200, TOKEN));
        let credential = script.run::<FedEx>(&config.to_string()).expect("a token");
        let fields: Vec<_> = credential.headers().collect();
        assert_eq!(fields, [("authorization", &b"Bearer planted-token"[..])]);
        assert_eq!(credential.lifetime(), Some(Duration::from_secs(3599)));
    }
}

#[test]
fn document_host_takes_the_tokens_of_the_environments_other_host() {
    for (host, issuer) in [
        ("documentapi.prod.fedex.com", "https://apis.fedex.com"),
        (
            "documentapitest.prod.fedex.com",
            "https://apis-sandbox.fedex.com",
        ),
    ] {
        let config = with("origin", format!("https://{host}"));
        let script = Script::new()
            .expect(request().origin(issuer))
            .reply(response(200, TOKEN));
        let _ = script.run::<FedEx>(&config.to_string()).expect("a token");
    }
}

#[test]
fn configuration_mistake_is_named_as_fedex_calls_it() {
    mistakes_are_named::<FedEx>(&[
        (with("client_id", ""), "client_id", "API Key"),
        (
            with("client_secret", "planted "),
            "client_secret",
            "Secret Key",
        ),
        (
            with("account_number", "12345"),
            "account_number",
            "account number",
        ),
        (
            with("customer_type", "integrator"),
            "child_key",
            "Customer Key",
        ),
        (with("child_key", "child"), "child_key", "Child Key"),
        (
            with("child_secret", "planted"),
            "child_secret",
            "Customer Password",
        ),
        (
            with("customer_type", "reseller"),
            "customer_type",
            "expected",
        ),
        (
            with("origin", "https://apis.fedex.com/oauth"),
            "origin",
            "apis-sandbox.fedex.com",
        ),
    ]);
}

#[test]
fn documented_errors_have_their_class() {
    for (status, code, class) in [
        (400, "BAD.REQUEST.ERROR", Class::Config),
        (401, "NOT.AUTHORIZED.ERROR", Class::Rejected),
        (403, "FORBIDDEN.ERROR", Class::Rejected),
        (401, "A.NEW.ERROR", Class::Rejected),
        (404, "NOT.FOUND.ERROR", Class::Protocol),
        (429, "NOT.AUTHORIZED.ERROR", Class::Transient),
        (500, "INTERNAL.SERVER.ERROR", Class::Transient),
        (503, "SERVICE.UNAVAILABLE.ERROR", Class::Transient),
        (200, "NOT.AUTHORIZED.ERROR", Class::Rejected),
    ] {
        let body = json!({"transactionId": "t", "errors": [{"code": code, "message": "planted"}]});
        let reply = response(status, body.to_string()).header("retry-after", "7");
        let script = Script::new().expect(request()).reply(reply);
        let error = script.run::<FedEx>(&config().to_string()).expect_err(code);
        assert_eq!(error.class(), class, "{status} {code}: {error}");
        assert!(!error.to_string().contains("planted"), "{error}");
        let wait = error.retry_after().map(|wait| wait.as_secs());
        assert!(
            wait == Some(7) || class == Class::Protocol || code == "A.NEW.ERROR",
            "{error}"
        );
    }
}

#[test]
fn odd_answers_are_no_tokens() {
    odd_answers::<FedEx>(&config(), request, TOKEN, Some("/expires_in"));
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<FedEx>(
        MANIFEST,
        &config(),
        &[
            ("account_number", "740561073".into(), true),
            ("account_number", "A1B2C3".into(), false),
            ("customer_type", "internal".into(), true),
            ("customer_type", "other".into(), false),
            ("client_id", Value::Null, false),
            ("client_secret", "".into(), false),
            ("environment", "sandbox".into(), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(FedEx, manifest: MANIFEST);
    let mut config = config();
    config["origin"] = "https://apis-sandbox.fedex.com".into();
    conforms(table, &config, Vec::new()).await;
}

#[tokio::test]
async fn stand_in_gives_a_token_that_its_api_accepts() {
    let table = plugins_sdk::static_plugin!(FedEx, manifest: MANIFEST);
    let pair = json!({"customer_type": "integrator", "child_key": "stand-in-child",
        "child_secret": "stand-in-child-secret"});
    let world = StandIn::start(table, &pair).await;
    let issued = world.authorize().await.expect("a token");
    let rates = async |account: &str| {
        let body = json!({"accountNumber": {"value": account}});
        let path = "/rate/v1/rates/quotes";
        let answer = world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await;
        answer.status.as_u16()
    };
    assert_eq!(rates("740561073").await, 200);
    assert_eq!(rates("111111111").await, 401);
    world.mock.advance(Duration::from_secs(3600));
    assert_eq!(rates("740561073").await, 401, "the token has expired");
}

#[tokio::test]
async fn stand_in_with_a_fault_gives_no_token() {
    let table = plugins_sdk::static_plugin!(FedEx, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    world
        .gives_no_token([
            Fault::Html(403),
            Fault::Empty(200),
            Fault::NoLifetime,
            Fault::Reset,
        ])
        .await;
    for fault in [Fault::NumbersAsText, Fault::TextAsNumbers] {
        world.mock.set_fault("token", Some(fault));
        assert!(world.authorize().await.is_ok(), "{fault:?}");
    }
    world.mock.set_fault("token", None);
    world.mock.set_quota(Some(mock::Quota {
        requests: 0,
        window: 60,
    }));
    let failure = world.authorize().await.expect_err("the quota is used up");
    assert_eq!(failure.retry_after, Some(Duration::from_secs(60)));
}
