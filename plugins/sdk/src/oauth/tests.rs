//! The unmodified `oauth2` crate against answers as carriers write them.

use super::*;
use crate::{
    CarrierAuth, Class, Context, Credential, Error, Result,
    testing::{Reply, Script, post, response},
};
use oauth2::{ClientSecret, RefreshToken, TokenResponse, TokenUrl};
use std::time::Duration;

/// Refreshes if it has a refresh token, else asks with its own credentials.
struct Acme;

impl CarrierAuth for Acme {
    type Config = ();

    fn new((): ()) -> Result<Self> {
        Ok(Self)
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let url = TokenUrl::new("https://acme.example/token".to_owned()).unwrap();
        let oauth = client("my id")
            .set_client_secret(ClientSecret::new("s3cr:t".to_owned()))
            .set_token_uri(url);
        let answer = match str::from_utf8(cx.previous_state()) {
            Ok(state) if !state.is_empty() => {
                let token = RefreshToken::new(state.to_owned());
                oauth
                    .exchange_refresh_token(&token)
                    .request_async(cx.http())
                    .await?
            }
            _ => {
                oauth
                    .exchange_client_credentials()
                    .request_async(cx.http())
                    .await?
            }
        };
        let credential = Credential::bearer(answer.access_token().secret())?;
        let next = answer.refresh_token().map_or("", |token| token.secret());
        Ok(credential
            .expires_in(answer.expires_in())
            .state(next.as_bytes()))
    }
}

fn run(reply: Reply) -> Result<Credential> {
    Script::new()
        .expect(post("/token"))
        .reply(reply)
        .run::<Acme>("null")
}

fn failure(reply: Reply) -> Error {
    let error = run(reply).unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
    error
}

#[test]
fn client_speaks_standard_oauth() {
    let expected = post("/token")
        .basic("my+id", "s3cr%3At") // RFC 6749, 2.3.1
        .body("grant_type=refresh_token&refresh_token=r%2B1");
    let reply = response(
        200,
        r#"{"access_token":"a","token_type":"bearer","refresh_token":"r2"}"#,
    );
    let script = Script::new().state(b"r+1").expect(expected).reply(reply);
    let credential = script.run::<Acme>("null").unwrap();
    assert_eq!(credential.state.as_slice(), b"r2");
    assert_eq!(credential.lifetime(), None);
    assert_eq!(
        credential.headers().next(),
        Some(("authorization", &b"Bearer a"[..]))
    );
    assert!(!format!("{credential:?}").contains("Bearer a"));
}

#[test]
fn numbers_are_read_however_they_are_written() {
    for (text, seconds) in [
        ("14399", Some(14_399)),
        (r#""14399""#, Some(14_399)),
        ("14399.0", Some(14_399)),
        (r#""1.4399e4""#, Some(14_399)),
        (r#""+5""#, Some(5)),
        ("1e400", None), // no JSON number for serde_json
        ("1e300", Some(u64::MAX)),
        (r#""99999999999999999999""#, Some(u64::MAX)),
        ("18446744073709551615", Some(u64::MAX)),
        ("null", Some(0)),
        (r#""""#, Some(0)),
        ("-0.0", Some(0)),
    ] {
        let body = format!(r#"{{"access_token":"a","expires_in":{text}}}"#);
        let lifetime = run(response(200, body))
            .ok()
            .map(|c| c.lifetime().unwrap_or_default());
        assert_eq!(lifetime, seconds.map(Duration::from_secs), "{text}");
    }
}

#[rustfmt::skip] // a table
#[test]
fn errors_of_any_shape_are_sorted_without_leaks() {
    for (status, body, class, code) in [
        (400, r#"{"error":"invalid_grant"}"#, Class::Interaction, "invalid_grant"),
        (401, r#"{"error":"invalid_client"}"#, Class::Rejected, "invalid_client"),
        (400, r#"{"error":"unauthorized_client"}"#, Class::Rejected, "unauthorized_client"),
        (400, r#"{"error":"invalid_scope"}"#, Class::Config, "invalid_scope"),
        (400, r#"{"error":"invalid_request"}"#, Class::Protocol, "invalid_request"),
        (400, r#"{"error":"hush"}"#, Class::Protocol, "refused"),
        (400, r#"{"error":{"code":"hush"}}"#, Class::Protocol, "refused"),
        (400, r#"{"errors":[{"code":"hush"}]}"#, Class::Protocol, "refused"),
        (400, "7", Class::Protocol, "refused"),
        (400, "hush", Class::Protocol, "unreadable_answer"),
        (400, "", Class::Protocol, "no_json"),
        (200, "", Class::Protocol, "no_json"),
        (200, r#"{"access_token":["hush"]}"#, Class::Protocol, "unreadable_answer"),
        (200, r#"{"hush":1}"#, Class::Protocol, "unreadable_answer"),
        (200, r#"{"access_token":"hush","expires_in":"x"}"#, Class::Protocol, "unreadable_answer"),
        (429, "hush", Class::Transient, "too_many_requests"),
        (500, "", Class::Transient, "server_error"),
    ] {
        let error = failure(response(status, body));
        assert_eq!(
            (error.class(), error.code()),
            (class, code),
            "{status} {body}"
        );
    }
    let html = response(200, "<p>hush</p>").header("content-type", "text/hush");
    assert_eq!(failure(html).code(), "no_json");
}

#[test]
fn token_of_another_kind_is_told_apart() {
    let kind = |json: &str| serde_json::from_str::<TokenKind>(json).unwrap();
    assert_eq!(kind(r#""BEARER""#), TokenKind::Bearer);
    assert_eq!(kind("null"), TokenKind::Bearer);
    assert_eq!(kind(r#""mac""#), TokenKind::Other);
    let answer: CarrierTokenResponse =
        serde_json::from_str(r#"{"access_token":"hush","scope":"a  b"}"#).unwrap();
    assert_eq!(answer.scopes().unwrap().len(), 2);
    assert!(!format!("{answer:?}").contains("hush"));
}
