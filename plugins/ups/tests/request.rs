//! The token request, as UPS wants it.
#![cfg(test)]

use plugins_sdk::{
    Class, Error,
    testing::{Expect, Script, post, response},
};
use plugins_ups::Ups;

const ISSUED: &str = include_str!("../fixtures/issued.json");
const PATH: &str = "/security/v1/oauth/token";

fn config(more: &str) -> String {
    format!(r#"{{"environment":"test","client_id":"id","client_secret":"hush"{more}}}"#)
}

fn check(config: &str, expected: Expect) {
    let credential = Script::new()
        .expect(expected)
        .reply(response(200, ISSUED))
        .run::<Ups>(config)
        .unwrap();
    let fields: Vec<_> = credential.headers().collect();
    let [(name, value)] = fields[..] else {
        panic!("one field was expected: {credential:?}")
    };
    assert_eq!(name, "authorization");
    assert!(value.starts_with(b"Bearer eyJhbGciOiJSUzM4NCJ9."));
    assert_eq!(credential.lifetime().unwrap().as_secs(), 14_399);
}

/// Credentials travel in Basic and nowhere else.
#[test]
fn request_has_basic_and_a_form_only() {
    let expected = post(PATH)
        .origin("https://wwwcie.ups.com")
        .basic("id", "hush")
        .header("content-type", "application/x-www-form-urlencoded")
        .no_header("x-merchant-id")
        .body("grant_type=client_credentials");
    check(&config(""), expected);
}

#[test]
fn request_with_account_number_names_the_merchant() {
    let expected = post(PATH).header("x-merchant-id", "A1B2C3");
    check(&config(r#","account_number":"A1B2C3""#), expected);
}

#[test]
fn request_for_production_goes_to_production() {
    let config = config("").replace("test", "production");
    check(&config, post(PATH).origin("https://onlinetools.ups.com"));
}

#[test]
fn request_with_an_origin_goes_there() {
    for (origin, wanted) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://ups.example/", "https://ups.example"),
    ] {
        check(
            &config(&format!(r#","origin":"{origin}""#)),
            post(PATH).origin(wanted),
        );
    }
}

/// The `oauth2` crate would send `a+b` as `a%2Bb`.
#[test]
fn request_with_unusual_credentials_sends_them_as_they_are() {
    let config = r#"{"environment":"test","client_id":"a+b%","client_secret":"s/:ö"}"#;
    check(config, post(PATH).basic("a+b%", "s/:ö"));
}

#[test]
fn config_keys_of_a_newer_gateway_are_ignored() {
    check(&config(r#","region":"eu""#), post(PATH));
}

fn refusal(config: &str) -> Error {
    Script::new().run::<Ups>(config).expect_err(config)
}

#[test]
fn config_mistake_names_the_key_and_no_value() {
    let cases = [
        (config("").replace("test", "staging"), "environment"),
        (config("").replace("test", "TEST"), "environment"),
        (
            config("").replace(r#""environment":"test","#, ""),
            "environment",
        ),
        (config("").replace(r#""id""#, r#""""#), "client_id"),
        (config("").replace(r#""id""#, r#""i:d""#), "client_id"),
        (config("").replace(r#""id""#, "7"), "client_id"),
        (config("").replace("hush", "hush\\n"), "client_secret"),
        (config("").replace("hush", " hush"), "client_secret"),
        (
            config("").replace(r#""hush""#, r#"["hush"]"#),
            "client_secret",
        ),
        (
            config("").replace(r#","client_secret":"hush""#, ""),
            "client_secret",
        ),
        (config(r#","account_number":"""#), "account_number"),
        (
            config(r#","account_number":"A1B2C3\r\n""#),
            "account_number",
        ),
        (config(r#","account_number":"12345678""#), "account_number"),
        (config(r#","grant":"implicit""#), "grant"),
        (config(r#","origin":"""#), "origin"),
        (config(r#","origin":"ftp://ups.example""#), "origin"),
        (config(r#","origin":"ups.example""#), "origin"),
        (config(r#","origin":"https://ups.example/api""#), "origin"),
        (config(r#","origin":"https://u:p@ups.example""#), "origin"),
        (config(r#","origin":"https://ups.example?x""#), "origin"),
        (config(r#","origin":"https://ups.example#x""#), "origin"),
        ("{".to_owned(), "JSON"),
        ("null".to_owned(), "expected"),
    ];
    for (config, named) in cases {
        let error = refusal(&config);
        assert_eq!(error.class(), Class::Config, "{config}: {error}");
        assert!(error.to_string().contains(named), "{config}: {error}");
        assert!(!error.to_string().contains("hush"), "{config}: {error}");
    }
}
