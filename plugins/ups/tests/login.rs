//! The consent of a ups.com user: the way to it, the code, and refresh tokens that work once.
#![cfg(test)]

use plugins_sdk::{
    Class, Credential, Error, Grant, Reason,
    testing::{Expect, Network, Reply, Script, network, post, response},
};
use plugins_ups::Ups;
use std::time::Duration;

const CONFIG: &str = r#"{"environment":"test","client_id":"planted-id",
    "client_secret":"planted-secret","account_number":"A1B2C3","grant":"authorization_code"}"#;
const LOGIN: &str = include_str!("../fixtures/login.json");
const STATE: &[u8] = br#"{"v":1,"refresh_token":"planted+old"}"#;
const NEXT: &[u8] = br#"{"v":1,"refresh_token":"cGxhbnRlZC1yZWZyZXNoLXRva2Vu-planted"}"#;
const CALLBACK: &str = "https://gateway.example/oauth/callback/ups";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name))
    };
}

fn code() -> Script {
    Script::new()
        .reason(Reason::AuthCode)
        .param("code", "planted/code")
        .param("redirect_uri", CALLBACK)
        .param("pkce_verifier", "planted-verifier")
}

fn refresh_request() -> Expect {
    post("/security/v1/oauth/refresh")
        .origin("https://wwwcie.ups.com")
        .basic("planted-id", "planted-secret")
        .no_header("x-merchant-id")
        .body("grant_type=refresh_token&refresh_token=planted%2Bold")
        .check(once)
}

/// Only the gateway may decide to present a code or a refresh token again.
fn once(request: &oauth2::HttpRequest) -> Result<(), String> {
    let delivery = request.extensions().get::<plugins_sdk::http::Delivery>();
    match delivery {
        Some(delivery) if delivery.retryable => Err("the request may be repeated".to_owned()),
        Some(_) | None => Ok(()),
    }
}

fn refresh(reply: Reply) -> Result<Credential, Error> {
    Script::new()
        .reason(Reason::Refresh)
        .state(STATE)
        .expect(refresh_request())
        .reply(reply)
        .run::<Ups>(CONFIG)
}

fn refused(reply: Reply, class: Class, code: &str) -> Error {
    checked(refresh(reply).expect_err(code), class, code)
}

fn checked(error: Error, class: Class, code: &str) -> Error {
    assert_eq!((error.class(), error.code()), (class, code), "{error}");
    assert!(!error.to_string().contains("planted"), "{error}");
    error
}

/// The gateway's state and challenge are in the URL, and S256 is the only method UPS knows.
#[test]
fn consent_leads_to_ups_with_state_and_challenge() {
    let url = Script::new()
        .param("redirect_uri", CALLBACK)
        .param("state", "drawn+state")
        .param(
            "pkce_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .consent_url::<Ups>(CONFIG)
        .unwrap();
    assert_eq!(
        url,
        "https://wwwcie.ups.com/security/v1/oauth/authorize?response_type=code\
         &client_id=planted-id&state=drawn%2Bstate\
         &redirect_uri=https%3A%2F%2Fgateway.example%2Foauth%2Fcallback%2Fups\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}

#[test]
fn consent_is_not_for_client_credentials() {
    let config = CONFIG.replace("authorization_code", "client_credentials");
    let url = Script::new()
        .param("redirect_uri", CALLBACK)
        .consent_url::<Ups>(&config);
    checked(url.unwrap_err(), Class::Config, "grant");
    let error = code().run::<Ups>(&config).unwrap_err();
    checked(error, Class::Config, "grant");
}

#[test]
fn code_is_exchanged_for_a_token_and_a_state() {
    let expected = post("/security/v1/oauth/token")
        .origin("https://wwwcie.ups.com")
        .basic("planted-id", "planted-secret")
        .no_header("x-merchant-id")
        .body(
            "grant_type=authorization_code&code=planted%2Fcode&code_verifier=planted-verifier\
             &redirect_uri=https%3A%2F%2Fgateway.example%2Foauth%2Fcallback%2Fups",
        )
        .check(once);
    let script = code().expect(expected).reply(response(200, LOGIN));
    let credential = script.run::<Ups>(CONFIG).unwrap();
    assert_eq!(credential.kept_state(), NEXT);
    assert_eq!(credential.lifetime(), Some(Duration::from_secs(14_399)));
    assert_eq!(
        credential.grant_change(),
        Grant::Replaced {
            lifetime: Some(Duration::from_secs(5_183_999))
        }
    );
}

#[test]
fn code_that_ups_refuses_needs_a_new_login() {
    for (status, body) in [
        (401, fixture!("error_stale_code.json")),
        (
            400,
            r#"{"response":{"errors":[{"code":"10400","message":"invalid authorization CODE"}]}}"#,
        ),
    ] {
        let script = code()
            .expect(post("/security/v1/oauth/token"))
            .reply(response(status, body));
        let error = script.run::<Ups>(CONFIG).unwrap_err();
        let error = checked(error, Class::Interaction, "code_refused");
        assert!(error.is_grant_refused());
    }
}

#[test]
fn code_without_its_parameters_asks_nothing() {
    let error = Script::new()
        .reason(Reason::AuthCode)
        .run::<Ups>(CONFIG)
        .unwrap_err();
    checked(error, Class::Bug, "bad_params");
}

#[test]
fn refresh_replaces_the_state_and_tells_facts() {
    let credential = refresh(response(200, LOGIN)).unwrap();
    assert_eq!(credential.kept_state(), NEXT);
    let facts = credential.carrier_facts();
    assert_eq!(facts.token_type.as_deref(), Some("Bearer"));
    assert_eq!(facts.status.as_deref(), Some("approved"));
    assert_eq!(facts.refresh_status.as_deref(), Some("approved"));
    assert_eq!(facts.refresh_issued_at_ms, Some(1_767_225_600_000));
    assert_eq!(facts.refresh_expires_at_ms, Some(1_772_409_599_000));
    assert_eq!((facts.refresh_count, &facts.scope), (None, &None));
    let older = refresh(response(200, fixture!("login_2023.json"))).unwrap();
    assert_eq!(older.carrier_facts().refresh_count, Some(3));
}

/// Without a login nothing is asked, and a person is told to log in.
#[test]
fn account_without_a_login_asks_for_one() {
    for reason in [Reason::Fetch, Reason::Refresh, Reason::UpstreamRejected] {
        let error = Script::new().reason(reason).run::<Ups>(CONFIG).unwrap_err();
        checked(error, Class::Interaction, "login_needed");
    }
    for state in [
        "{",
        "null",
        r#"{"v":2,"refresh_token":"planted"}"#,
        r#"{"v":1}"#,
    ] {
        let script = Script::new().state(state.as_bytes());
        let error = script.run::<Ups>(CONFIG).unwrap_err();
        checked(error, Class::Config, "unknown_state");
    }
}

fn login_with(key: &str, value: &str) -> Reply {
    let mut answer: serde_json::Value = serde_json::from_str(LOGIN).unwrap();
    let object = answer.as_object_mut().unwrap();
    match value {
        "absent" => drop(object.remove(key)),
        value => drop(object.insert(key.to_owned(), serde_json::from_str(value).unwrap())),
    }
    response(200, answer.to_string())
}

/// UPS rotates, so an answer without a new refresh token ends the login, but not its token.
#[test]
fn answer_without_a_new_refresh_token_ends_the_login() {
    for (key, value) in [
        ("refresh_token", "absent"),
        ("refresh_token", "null"),
        ("refresh_token", "\"\""),
        ("refresh_token", "\"two words\""),
        ("refresh_token_status", "\"revoked\""),
    ] {
        let credential = refresh(login_with(key, value)).expect(value);
        assert_eq!(credential.grant_change(), Grant::Gone, "{key}: {value}");
        assert!(credential.kept_state().is_empty(), "{key}: {value}");
    }
}

/// Odd values of what nobody depends on never cost the login.
#[test]
fn odd_values_beside_the_tokens_do_no_harm() {
    for (key, value, lifetime) in [
        ("refresh_token_expires_in", "absent", None),
        ("refresh_token_expires_in", "\"soon\"", None),
        ("refresh_token_expires_in", "\"0\"", None),
        ("refresh_token_expires_in", "18446744073709551615", None),
        ("refresh_token_expires_in", "60", Some(60)),
        ("refresh_token_issued_at", "[]", Some(5_183_999)),
        ("refresh_count", "\"many\"", Some(5_183_999)),
        ("scope", "absent", Some(5_183_999)),
        ("expires_in", "absent", Some(5_183_999)),
        ("expires_in", "\"0\"", Some(5_183_999)),
    ] {
        let credential = refresh(login_with(key, value)).expect(value);
        let lifetime = lifetime.map(Duration::from_secs);
        assert_eq!(
            credential.grant_change(),
            Grant::Replaced { lifetime },
            "{key}: {value}"
        );
        assert!(credential.lifetime().is_some_and(|life| !life.is_zero()));
    }
    let long = refresh(login_with("status", r#""approved ""#)).unwrap_err();
    assert!(checked(long, Class::Interaction, "not_approved").is_grant_refused());
}

/// What UPS refuses is never presented again.
#[test]
fn refused_refresh_token_needs_a_login() {
    let unknown = r#"{"response":{"errors":[{"code":"99999","message":"planted"}]}}"#;
    let told = |code: &str| {
        format!(
            r#"{{"response":{{"errors":[{{"code":"{code}","message":"Invalid Refresh Token"}}]}}}}"#
        )
    };
    for (status, body) in [
        (400, fixture!("error_stale_refresh_token.json").to_owned()),
        (401, told("10401")),
        (400, unknown.to_owned()),
        (401, unknown.to_owned()),
        (403, unknown.to_owned()),
        (404, unknown.to_owned()),
        (400, r#"{"response":{"errors":[]}}"#.to_owned()),
    ] {
        let error = refused(
            response(status, body),
            Class::Interaction,
            "refresh_token_refused",
        );
        assert!(error.is_grant_refused() && !error.is_grant_unharmed());
    }
}

/// A limit and a service that is down leave the refresh token as it was.
#[test]
fn passing_refusal_leaves_the_refresh_token_unharmed() {
    for (status, body, code) in [
        (429, fixture!("error_10429.json"), "10429"),
        (429, fixture!("firewall_403.html"), "too_many_requests"),
        (
            429,
            fixture!("error_stale_refresh_token.json"),
            "too_many_requests",
        ),
        (503, fixture!("error_10004.json"), "10004"),
    ] {
        let reply = response(status, body).header("retry-after", "7");
        let error = refused(reply, Class::Transient, code);
        assert!(error.is_grant_unharmed(), "{status} {code}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

/// A client that UPS refuses says nothing about the login.
#[test]
fn refused_client_does_not_refuse_the_login() {
    for (status, body, class, code) in [
        (401, fixture!("error_10401.json"), Class::Rejected, "10401"),
        (403, fixture!("error_10403.json"), Class::Rejected, "10403"),
        (400, fixture!("error_10400.json"), Class::Config, "10400"),
    ] {
        let error = refused(response(status, body), class, code);
        assert!(!error.is_grant_refused(), "{code}");
    }
}

/// Where UPS may have used the token up without our knowing, the plugin claims nothing.
#[test]
fn lost_answer_says_nothing_about_the_refresh_token() {
    let html = || response(403, fixture!("firewall_403.html")).header("content-type", "text/html");
    for (reply, class, code) in [
        (html(), Class::Protocol, "http_403"),
        (response(200, ""), Class::Protocol, "no_json"),
        (
            response(200, &LOGIN[..LOGIN.len() / 2]),
            Class::Protocol,
            "unreadable_answer",
        ),
        (
            response(500, fixture!("error_10500.json")),
            Class::Transient,
            "10500",
        ),
        (response(502, "<html>"), Class::Transient, "server_error"),
        (response(503, "<html>"), Class::Transient, "server_error"),
        (
            network(Network::Timeout),
            Class::Transient,
            "network_timeout",
        ),
        (network(Network::Other), Class::Transient, "network_other"),
        (network(Network::Tls), Class::Transient, "network_tls"),
    ] {
        let error = refused(reply, class, code);
        assert!(
            !error.is_grant_refused() && !error.is_grant_unharmed(),
            "{code}"
        );
    }
}

#[test]
fn grant_cannot_be_given_back() {
    let script = Script::new().reason(Reason::Revoke).state(STATE);
    let error = script.run::<Ups>(CONFIG).unwrap_err();
    checked(error, Class::Config, "revoke");
}
