//! What every answer of the token endpoint means.
#![cfg(test)]

use plugins_sdk::{
    Class, Credential, Error,
    testing::{Network, Reply, Script, network, post, response},
};
use plugins_ups::Ups;
use proptest::prelude::*;
use std::time::Duration;

const CONFIG: &str =
    r#"{"environment":"test","client_id":"planted-id","client_secret":"planted-secret"}"#;
const ISSUED: &str = include_str!("../fixtures/issued.json");

fn run(reply: Reply) -> Result<Credential, Error> {
    Script::new()
        .expect(post("/security/v1/oauth/token"))
        .reply(reply)
        .run::<Ups>(CONFIG)
}

fn check(reply: Reply, class: Class, code: &str) -> Error {
    let error = run(reply).expect_err(code);
    assert_eq!((error.class(), error.code()), (class, code), "{error}");
    assert!(!error.to_string().contains("planted"), "{error}");
    assert!(!error.to_string().contains("eyJ"), "{error}");
    error
}

fn accepted(reply: Reply) {
    let result = run(reply);
    assert!(result.is_ok(), "{result:?}");
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name))
    };
}

#[test]
fn documented_errors_have_their_class() {
    for (status, body, class, code) in [
        (400, fixture!("error_10400.json"), Class::Config, "10400"),
        (401, fixture!("error_10401.json"), Class::Rejected, "10401"),
        (403, fixture!("error_10403.json"), Class::Rejected, "10403"),
        (429, fixture!("error_10429.json"), Class::Transient, "10429"),
        (503, fixture!("error_10004.json"), Class::Transient, "10004"),
        (500, fixture!("error_10500.json"), Class::Transient, "10500"),
    ] {
        check(response(status, body), class, code);
    }
}

#[test]
fn undocumented_codes_follow_the_status() {
    for (status, class, code) in [
        (400, Class::Config, "http_400"),
        (401, Class::Rejected, "http_401"),
        (403, Class::Rejected, "http_403"),
        (404, Class::Protocol, "http_404"),
        (200, Class::Protocol, "http_200"),
        (429, Class::Transient, "too_many_requests"),
        (502, Class::Transient, "server_error"),
    ] {
        let body = r#"{"response":{"errors":[{"code":"planted"},{"message":"planted"}]}}"#;
        check(response(status, body), class, code);
    }
}

#[test]
fn envelope_variants_are_understood() {
    for body in [
        r#"{"errors":[{"code":"10401"}]}"#,
        r#"{"response":{"errors":[{"code":10401}]}}"#,
        r#"{"response":{"errors":[{"code":"1"},{"code":"10401"}]}}"#,
    ] {
        check(response(401, body), Class::Rejected, "10401");
        // UPS's word counts more than the status.
        check(response(200, body), Class::Rejected, "10401");
    }
}

/// Odd replies. Only the carrier's own refusal makes a person act.
#[test]
fn odd_replies_never_reject_the_credentials() {
    let firewall = fixture!("firewall_403.html");
    let html = |status| response(status, firewall).header("content-type", "text/html");
    check(html(403), Class::Protocol, "http_403");
    check(html(401), Class::Protocol, "http_401");
    check(html(200), Class::Protocol, "unreadable_answer");
    check(html(503), Class::Transient, "server_error");
    check(html(302), Class::Protocol, "http_302");
    check(response(401, ""), Class::Protocol, "http_401");
    check(response(200, ""), Class::Protocol, "no_json");
    check(response(204, ""), Class::Protocol, "http_204");
    for body in [
        "{",
        "[]",
        "null",
        "7",
        "{}",
        "\"planted\"",
        "{\"access_token\":7}",
    ] {
        check(response(200, body), Class::Protocol, "unreadable_answer");
    }
    check(
        response(200, &b"\xff\xfe"[..]),
        Class::Protocol,
        "unreadable_answer",
    );
}

fn issued_with(key: &str, value: &str) -> Reply {
    let mut answer: serde_json::Value = serde_json::from_str(ISSUED).unwrap();
    let object = answer.as_object_mut().unwrap();
    match value {
        "absent" => drop(object.remove(key)),
        value => drop(object.insert(key.to_owned(), serde_json::from_str(value).unwrap())),
    }
    response(200, answer.to_string())
}

/// Numbers as strings, and any other way to write them.
#[test]
fn lifetime_is_read_however_it_is_written() {
    for (value, seconds) in [
        (r#""14399""#, 14_399),
        ("14399", 14_399),
        ("14399.0", 14_399),
        (r#""14399.9""#, 14_399),
        (r#"" 3599 ""#, 3_599),
        ("1", 1),
    ] {
        let credential = run(issued_with("expires_in", value)).expect(value);
        assert_eq!(
            credential.lifetime(),
            Some(Duration::from_secs(seconds)),
            "{value}"
        );
    }
}

#[test]
fn lifetime_that_cannot_be_is_refused() {
    for value in [
        "0",
        "\"0\"",
        "0.5",
        "99999999999",
        "1e300",
        "18446744073709551615",
        "null",
        "\"\"",
        "absent",
    ] {
        check(
            issued_with("expires_in", value),
            Class::Protocol,
            "expires_in",
        );
    }
    for value in [
        "-1", "\"-1\"", "-0.5", "\"soon\"", "\"inf\"", "\"nan\"", "[]", "{}", "true",
    ] {
        check(
            issued_with("expires_in", value),
            Class::Protocol,
            "unreadable_answer",
        );
    }
}

#[test]
fn status_other_than_approved_is_a_rejection() {
    for value in ["\"revoked\"", "\"\"", "7", "[]", "false"] {
        check(
            issued_with("status", value),
            Class::Rejected,
            "not_approved",
        );
    }
    for value in ["\"approved\"", "\"Approved\"", "null", "absent"] {
        accepted(issued_with("status", value));
    }
}

#[test]
fn token_must_be_a_bearer_token() {
    check(
        issued_with("token_type", "\"mac\""),
        Class::Protocol,
        "token_type",
    );
    for value in ["\"Bearer\"", "\"bearer\"", "\"BEARER\"", "null", "absent"] {
        accepted(issued_with("token_type", value));
    }
    check(
        issued_with("access_token", "absent"),
        Class::Protocol,
        "unreadable_answer",
    );
    for value in ["\"\"", "\"a b\"", "\"a\\r\\nb: c\"", "\"ö\""] {
        check(
            issued_with("access_token", value),
            Class::Protocol,
            "bad_token",
        );
    }
}

#[test]
fn older_answers_and_other_content_types_are_accepted() {
    accepted(response(200, fixture!("issued_2023.json")));
    accepted(response(200, ISSUED).header("content-type", "text/plain"));
    accepted(issued_with("whatever", r#"{"is":["new"]}"#));
}

#[test]
fn retry_after_is_honoured_and_clamped() {
    let day = 24 * 60 * 60;
    for (value, seconds) in [
        ("7", Some(7)),
        (" 120 ", Some(120)),
        ("Thu, 01 Jan 2026 00:01:30 GMT", Some(90)), // a script begins at midnight
        ("999999999999999999999999", Some(day)),
        ("Fri, 01 Jan 2027 00:00:00 GMT", Some(day)),
        ("0", None),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("Wed, 31 Dec 2025 23:59:59 GMT", None),
    ] {
        for body in [fixture!("error_10429.json"), "quota"] {
            let error = run(response(429, body).header("retry-after", value)).unwrap_err();
            assert_eq!(error.class(), Class::Transient);
            assert_eq!(
                error.retry_after(),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }
}

#[test]
fn network_trouble_is_transient() {
    for (kind, class, code) in [
        (Network::Dns, Class::Transient, "network_dns"),
        (Network::Connect, Class::Transient, "network_connect"),
        (Network::Tls, Class::Transient, "network_tls"),
        (Network::Timeout, Class::Transient, "network_timeout"),
        (Network::Other, Class::Transient, "network_other"),
        (Network::TooLarge, Class::Protocol, "response_too_large"),
        (Network::Denied, Class::Config, "request_denied"),
    ] {
        check(network(kind), class, code);
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[ -~]{0,12}planted".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("response"),
            Just("errors"),
            Just("code"),
            Just("access_token"),
            Just("expires_in"),
            Just("status"),
            Just("token_type"),
            Just("scope"),
            Just("planted"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..256),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        (any_json(), 0..8usize).prop_map(|(json, key)| {
            let mut answer: serde_json::Value = serde_json::from_str(ISSUED).unwrap();
            let object = answer.as_object_mut().unwrap();
            let key = object.keys().nth(key % object.len()).unwrap().clone();
            object.insert(key, json);
            answer.to_string().into_bytes()
        }),
    ]
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    /// No answer panics, none leaks into the error's text.
    #[test]
    fn any_answer_is_classified_without_leaks(status in 100..1000_u16, body in any_body()) {
        if let Err(error) = run(response(status, body)) {
            let text = format!("{error} {error:?}");
            prop_assert!(!text.contains("planted"), "{}", text);
            prop_assert!(!text.contains("eyJ"), "{}", text);
            prop_assert!(!error.code().is_empty() && error.code().len() <= 32);
            prop_assert!(error.class() != Class::Bug && error.class() != Class::Interaction);
        }
    }
}
