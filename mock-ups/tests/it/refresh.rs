//! Authorization code, PKCE and the rotation of refresh tokens.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_ups::{MockUps, StaleGrant};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, Call, get, post, shop};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:8081/oauth/callback";

/// Signs in and approves without the page; gives where the browser is sent.
pub(crate) async fn approve(base: &str, more: &[(&str, &str)]) -> url::Url {
    let mut form = vec![
        ("client_id", "mock-client"),
        ("redirect_uri", REDIRECT),
        ("user", "merchant"),
        ("password", "parcel-1"),
        ("decision", "approve"),
    ];
    form.extend_from_slice(more);
    let answer = post(format!("{base}/lasso/signin"))
        .form(&form)
        .send()
        .await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    answer.header("location").parse().expect("a URL")
}

pub(crate) fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

async fn code(base: &str, more: &[(&str, &str)]) -> String {
    parameter(&approve(base, more).await, "code").expect("a code")
}

fn exchange(base: &str, code: &str, redirect: &str) -> Call {
    post(format!("{base}/security/v1/oauth/token"))
        .basic("mock-client", "mock-secret")
        .form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
        ])
}

pub(crate) fn refresh(base: &str, token: &str) -> Call {
    post(format!("{base}/security/v1/oauth/refresh"))
        .basic("mock-client", "mock-secret")
        .form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// A grant's first tokens.
pub(crate) async fn grant(base: &str) -> Value {
    let answer = exchange(base, &code(base, &[]).await, REDIRECT)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {body}"))
}

fn assert_stale(answer: &Answer, message: &str) {
    assert_eq!(
        answer.error(),
        (400, "10400".to_owned()),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["response"]["errors"][0]["message"], message);
}

#[tokio::test]
async fn code_buys_tokens_in_the_order_of_the_documents() {
    let ups = MockUps::start().await.unwrap();
    let body = grant(&ups.base_url()).await;
    let text_of_all = body.as_object().unwrap();
    assert!(text_of_all.values().all(Value::is_string), "{body}");
    assert_eq!(text(&body, "refresh_token_expires_in"), "5183999");
    assert_eq!(text(&body, "refresh_token_status"), "approved");
    assert_eq!(text(&body, "refresh_token_issued_at").len(), 13);
    assert!(body.get("scope").is_none() && body.get("refresh_count").is_none());
    let answer = shop(&ups.base_url(), text(&body, "access_token"))
        .send()
        .await;
    assert_eq!(answer.status, 200);

    ups.change_settings(|settings| settings.legacy_token_shape = true);
    let code = code(&ups.base_url(), &[("scope", "read")]).await;
    let answer = exchange(&ups.base_url(), &code, REDIRECT)
        .send()
        .await
        .text();
    let order = [
        "refresh_token_expires_in",
        "refresh_token_status",
        "token_type",
        "issued_at",
        "client_id",
        "access_token",
        "refresh_token",
        "scope",
        "refresh_token_issued_at",
        "expires_in",
        "refresh_count",
        "status",
    ];
    let places: Vec<_> = order
        .iter()
        .map(|key| answer.find(&format!("\"{key}\":")))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{answer}"
    );
}

#[tokio::test]
async fn authorize_leads_to_the_login_page_and_names_the_app() {
    let ups = MockUps::start().await.unwrap();
    let url = format!("{}/security/v1/oauth/authorize", ups.base_url());
    let query = |redirect: &str, client: &str, kind: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client)
            .append_pair("redirect_uri", redirect)
            .append_pair("response_type", kind)
            .append_pair("state", "s&1")
            .append_pair("scope", "read")
            .finish();
        get(format!("{url}?{query}"))
    };
    let answer = query(REDIRECT, "mock-client", "code").send().await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("appname"), "Mock Shop");
    assert_eq!(answer.header("displayname"), "Mock Shop");
    let location: url::Url = answer.header("location").parse().unwrap();
    assert_eq!(location.path(), "/lasso/signin");
    for (name, value) in [
        ("client_id", "mock-client"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "s&1"),
        ("type", "ups_com_api"),
    ] {
        assert_eq!(parameter(&location, name).as_deref(), Some(value));
    }
    // The URI is compared as text.
    let with_slash = format!("{REDIRECT}/");
    let localhost = REDIRECT.replace("127.0.0.1", "localhost");
    for (call, status, code) in [
        (query(&with_slash, "mock-client", "code"), 400, "10400"),
        (query(&localhost, "mock-client", "code"), 400, "10400"),
        (query(REDIRECT, "nobody", "code"), 401, "10401"),
        (query(REDIRECT, "mock-client", "token"), 400, "10400"),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.error(), (status, code.to_owned()));
        assert_eq!(answer.header("errorcode"), code);
        assert!(!answer.header("errordescription").is_empty());
    }
    ups.change_settings(|settings| settings.loopback_redirects = false);
    let answer = query(REDIRECT, "mock-client", "code").send().await;
    assert_eq!(
        answer.json()["response"]["errors"][0]["message"],
        "Invalid Redirect URL"
    );
}

#[tokio::test]
async fn validate_client_points_at_the_login_page() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let url = format!("{base}/security/v1/oauth/validate-client");
    let good = get(format!(
        "{url}?client_id=mock-client&redirect_uri={REDIRECT}"
    ))
    .send()
    .await;
    assert_eq!(
        good.text(),
        format!(
            r#"{{"result":"success","type":"ups_com_api","LassoRedirectURL":"{base}/lasso/signin"}}"#
        )
    );
    let bad = get(format!("{url}?client_id=nobody&redirect_uri={REDIRECT}"))
        .send()
        .await;
    assert_eq!(bad.error(), (401, "10401".to_owned()));
}

#[tokio::test]
async fn code_works_once_and_not_for_long() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    ups.freeze();
    let used = code(&base, &[]).await;
    assert_eq!(exchange(&base, &used, REDIRECT).send().await.status, 200);
    assert_stale(
        &exchange(&base, &used, REDIRECT).send().await,
        "Invalid Authorization Code",
    );
    let late = code(&base, &[]).await;
    ups.advance(Duration::from_secs(300));
    assert_stale(
        &exchange(&base, &late, REDIRECT).send().await,
        "Invalid Authorization Code",
    );
    let elsewhere = code(&base, &[]).await;
    let answer = exchange(&base, &elsewhere, "https://elsewhere.example/")
        .send()
        .await;
    assert_stale(&answer, "Invalid Redirect URL");
    let foreign = code(&base, &[]).await;
    let production = ups.production_base_url();
    let answer = exchange(&production, &foreign, REDIRECT).send().await;
    assert_stale(&answer, "Invalid Authorization Code");
}

#[tokio::test]
async fn pkce_needs_the_verifier_and_no_secret() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let public = |code: &str, verifier: &str| {
        post(format!("{base}/security/v1/oauth/token")).form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", "mock-client"),
            ("code_verifier", verifier),
        ])
    };
    let challenged = async || code(&base, &[("code_challenge", &challenge)]).await;
    let answer = public(&challenged().await, verifier).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wrong = public(&challenged().await, "another-verifier").send().await;
    assert_stale(&wrong, "Invalid Authorization Code");
    let without_challenge = public(&code(&base, &[]).await, verifier).send().await;
    assert_stale(&without_challenge, "Invalid Authorization Code");
    let without_verifier = exchange(&base, &challenged().await, REDIRECT).send().await;
    assert_stale(&without_verifier, "Invalid Authorization Code");
}

/// A refresh token works once, and its successor works.
#[tokio::test]
async fn refresh_rotates_and_the_used_token_is_dead() {
    let ups = MockUps::builder()
        .settings(|s| s.legacy_token_shape = true)
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    let first = grant(&base).await;
    let second = refresh(&base, text(&first, "refresh_token")).send().await;
    assert_eq!(second.status, 200, "{}", second.text());
    assert_eq!(second.json()["refresh_count"], "1");
    assert_ne!(second.json()["refresh_token"], first["refresh_token"]);
    let again = refresh(&base, text(&first, "refresh_token")).send().await;
    assert_stale(&again, "Invalid Refresh Token");
    let third = refresh(&base, text(&second.json(), "refresh_token"))
        .send()
        .await;
    assert_eq!(third.json()["refresh_count"], "2");
    // The access tokens live on, each to its own end.
    let old = shop(&base, text(&first, "access_token")).send().await;
    assert_eq!(old.status, 200);
}

#[tokio::test]
async fn reuse_kills_the_grant_only_when_asked_for() {
    let ups = MockUps::builder()
        .settings(|s| s.reuse_revokes_grant = true)
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    let first = grant(&base).await;
    let second = refresh(&base, text(&first, "refresh_token"))
        .send()
        .await
        .json();
    assert_stale(
        &refresh(&base, text(&first, "refresh_token")).send().await,
        "Invalid Refresh Token",
    );
    let answer = refresh(&base, text(&second, "refresh_token")).send().await;
    assert_stale(&answer, "Invalid Refresh Token");
}

#[tokio::test]
async fn refresh_token_lives_sixty_days_from_its_own_issue() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    ups.freeze();
    let mut tokens = grant(&base).await;
    for _ in 0..3 {
        ups.advance(Duration::from_secs(5_183_999));
        tokens = refresh(&base, text(&tokens, "refresh_token"))
            .send()
            .await
            .json();
        assert!(tokens["refresh_token"].is_string(), "{tokens}");
    }
    ups.advance(Duration::from_secs(5_184_000));
    let answer = refresh(&base, text(&tokens, "refresh_token")).send().await;
    assert_stale(&answer, "Invalid Refresh Token");
}

/// A password change kills grants and their access tokens, not client credentials.
#[tokio::test]
async fn password_change_kills_the_grants_made_under_it() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let own = crate::client::token(&base).await;
    let tokens = grant(&base).await;
    let pending = code(&base, &[]).await;
    assert!(ups.change_password("merchant", "parcel-9"));
    assert!(!ups.change_password("nobody", "x"));
    let answer = refresh(&base, text(&tokens, "refresh_token")).send().await;
    assert_stale(&answer, "Invalid Refresh Token");
    let answer = shop(&base, text(&tokens, "access_token")).send().await;
    assert_eq!(answer.error(), (401, "250002".to_owned()));
    let answer = exchange(&base, &pending, REDIRECT).send().await;
    assert_stale(&answer, "Invalid Authorization Code");
    assert_eq!(shop(&base, &own).send().await.status, 200);
    let form = [
        ("client_id", "mock-client"),
        ("redirect_uri", REDIRECT),
        ("user", "merchant"),
        ("password", "parcel-1"),
        ("decision", "approve"),
    ];
    let login = post(format!("{base}/lasso/signin"))
        .form(&form)
        .send()
        .await;
    assert!(
        login.text().contains("Wrong user or password"),
        "{}",
        login.text()
    );
}

#[tokio::test]
async fn refresh_refuses_foreign_and_malformed_presentations() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let tokens = grant(&base).await;
    let token = text(&tokens, "refresh_token");
    let url = format!("{base}/security/v1/oauth/refresh");
    let anonymous = post(&url).form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
    assert_eq!(anonymous.send().await.error(), (400, "10400".to_owned()));
    let wrong_grant = post(&url).basic("mock-client", "mock-secret").form(&[
        ("grant_type", "client_credentials"),
        ("refresh_token", token),
    ]);
    assert_eq!(wrong_grant.send().await.error(), (400, "10400".to_owned()));
    let production = refresh(&ups.production_base_url(), token).send().await;
    assert_stale(&production, "Invalid Refresh Token");
    ups.change_settings(|settings| settings.stale_grant = StaleGrant::Unauthorized);
    let unknown = refresh(&base, "made-up").send().await;
    assert_eq!(unknown.error(), (401, "10401".to_owned()));
    // None of these used the token up.
    assert_eq!(refresh(&base, token).send().await.status, 200);
}

/// Sixty-four clients present one refresh token at the same time, over and over; one gets
/// through each time, and no token is ever accepted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_clients_rotate_and_no_token_is_accepted_twice() {
    const CLIENTS: usize = 64;
    let ups = MockUps::builder()
        .journal_capacity(10_000)
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    let mut current = text(&grant(&base).await, "refresh_token").to_owned();
    let mut accepted = HashSet::new();
    for round in 0..8 {
        let racing: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (base, token) = (base.clone(), current.clone());
                tokio::spawn(async move {
                    let answer = refresh(&base, &token).send().await;
                    (answer.status == 200).then(|| answer.json()["refresh_token"].clone())
                })
            })
            .collect();
        let mut winners = Vec::new();
        for race in racing {
            winners.extend(race.await.unwrap());
        }
        assert_eq!(winners.len(), 1, "round {round}");
        assert!(accepted.insert(current), "round {round}");
        current = winners[0].as_str().unwrap().to_owned();
    }
}
