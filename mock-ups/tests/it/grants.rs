//! What the mock tells about grants, and the redirect URIs that consents need.

use std::time::Duration;

use http::Method;
use mock_ups::{Action, Endpoint, Fault, MockUps, SeedUser, TokenState};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{Call, get, post};
use crate::refresh::{grant, refresh};

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().expect("a refresh token")
}

fn fingerprint(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What was presented how often can be told afterwards, without the tokens themselves.
#[tokio::test]
async fn each_presentation_of_a_refresh_token_is_told() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let first = grant(&base).await;
    let second = refresh(&base, refresh_token(&first)).send().await.json();
    refresh(&base, refresh_token(&first)).send().await;
    refresh(&ups.production_base_url(), refresh_token(&second))
        .send()
        .await;
    grant(&base).await;

    let grants = ups.grants();
    assert_eq!(grants.len(), 2);
    let told = &grants[0];
    assert!(told.alive && told.presented_twice == 1 && told.refresh_count == 1);
    let outcomes = |index: usize| {
        let token = &told.refresh_tokens[index];
        let outcomes = token.presentations.iter().map(|one| one.outcome);
        (token.state, token.presented, outcomes.collect::<Vec<_>>())
    };
    let twice = vec!["accepted", "refresh token used before"];
    assert_eq!(outcomes(0), (TokenState::Used, 2, twice));
    let foreign = vec!["refresh token of the other environment"];
    assert_eq!(outcomes(1), (TokenState::Alive, 1, foreign));
    assert_eq!(
        told.refresh_tokens[1].fingerprint,
        fingerprint(refresh_token(&second))
    );

    let url = format!("{base}/__mock/grants");
    let all = get(&url).send().await;
    assert!(
        !all.text().contains(refresh_token(&second)),
        "{}",
        all.text()
    );
    let newest = &all.json()["grants"][0]["refresh_tokens"][1];
    assert_eq!(newest["state"], "alive");
    assert_eq!(
        newest["presentations"][0]["outcome"],
        "refresh token of the other environment"
    );
    let none = get(format!("{url}?user=other")).send().await.json();
    assert_eq!(none["grants"], json!([]));
    let mine = get(format!("{url}?client_id=mock-client&user=merchant"))
        .send()
        .await
        .json();
    assert_eq!(mine["grants"].as_array().map(Vec::len), Some(2));
}

/// After a lost reply the used token and the one that nobody got are both on the list.
#[tokio::test]
async fn lost_reply_leaves_a_newest_token_that_was_never_presented() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let first = grant(&base).await;
    let lost = Fault::new(Action::LoseReply)
        .endpoint(Endpoint::Refresh)
        .times(1);
    ups.add_fault(lost).unwrap().keep();
    assert!(
        refresh(&base, refresh_token(&first))
            .try_send()
            .await
            .is_err()
    );
    let told = &ups.grants()[0];
    let states = told
        .refresh_tokens
        .iter()
        .map(|token| (token.state, token.presented));
    let expected = [(TokenState::Used, 1), (TokenState::Alive, 0)];
    assert_eq!(states.collect::<Vec<_>>(), expected);
    assert_eq!(told.presented_twice, 0);
}

#[tokio::test]
async fn dead_grants_are_told_as_such() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    ups.freeze();
    grant(&base).await;
    ups.advance(Duration::from_secs(5_184_000));
    grant(&base).await;
    let state = |index: usize| {
        let told = &ups.grants()[index];
        (told.alive, told.refresh_tokens[0].state)
    };
    assert_eq!(state(0), (false, TokenState::Expired));
    assert_eq!(state(1), (true, TokenState::Alive));
    let password = format!("{base}/__mock/users/merchant/password");
    let changed = post(password)
        .json(&json!({ "password": "parcel-1" }))
        .send()
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(state(1), (false, TokenState::Revoked));
}

/// A password that is changed by replacing the user kills grants as well.
#[tokio::test]
async fn replacing_a_user_kills_grants_if_the_password_is_new() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let tokens = grant(&base).await;
    let user = |password: &str| SeedUser {
        name: "merchant".to_owned(),
        password: password.to_owned(),
        accounts: Vec::new(),
    };
    ups.put_user(user("parcel-1"));
    let call = |tokens: &Value| {
        let token = tokens["access_token"].as_str().expect("a token");
        crate::client::shop(&base, token).send()
    };
    assert_eq!(call(&tokens).await.status, 200);
    let put = Call::new(Method::PUT, format!("{base}/__mock/users/merchant"));
    assert_eq!(
        put.json(&json!({ "password": "new" })).send().await.status,
        200
    );
    assert_eq!(call(&tokens).await.error().1, "250002");
    assert!(!ups.grants()[0].alive);
}

async fn may_redirect_to(base: &str, uri: &str) -> bool {
    let form = [
        ("client_id", "mock-client"),
        ("redirect_uri", uri),
        ("user", "merchant"),
        ("password", "parcel-1"),
        ("decision", "approve"),
    ];
    let answer = post(format!("{base}/lasso/signin"))
        .form(&form)
        .send()
        .await;
    answer.status == 302 && answer.header("location").starts_with(uri)
}

#[tokio::test]
async fn redirect_uris_are_added_before_and_after_the_start() {
    let ups = MockUps::builder()
        .redirect_uri("http://127.0.0.1:4001/oauth/callback")
        .data(mock_ups::SeedData::default())
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    assert!(may_redirect_to(&base, crate::refresh::REDIRECT).await);
    assert!(may_redirect_to(&base, "http://127.0.0.1:4001/oauth/callback").await);
    let third = "http://127.0.0.1:4002/oauth/callback";
    assert!(!may_redirect_to(&base, third).await);
    let add = |app: &str| {
        let url = format!("{base}/__mock/apps/{app}/redirect-uris");
        post(url).json(&json!({ "uri": third })).send()
    };
    assert_eq!(add("mock-client").await.json()["redirect_uris"][2], third);
    assert_eq!(
        add("mock-client").await.json()["redirect_uris"][3],
        Value::Null
    );
    assert_eq!(add("nobody").await.status, 404);
    assert!(may_redirect_to(&base, third).await);
    assert!(ups.add_redirect_uri("mock-client", "http://127.0.0.1:4003/"));
    assert!(may_redirect_to(&base, "http://127.0.0.1:4003/").await);
}
