//! The token endpoint with client credentials, and the bearer at the APIs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_ups::api::Environment;
use mock_ups::{BodyCredentials, MockUps, Quota};
use serde_json::Value;

use crate::client::{Answer, get, post, shop, token, token_request};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn keys_in_order(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner
        .split(',')
        .map(|member| {
            member
                .split(':')
                .next()
                .expect("a key")
                .trim_matches('"')
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn token_answer_has_the_live_shape() {
    let ups = MockUps::start().await.unwrap();
    let answer = token_request(&ups.base_url()).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        keys_in_order(&answer),
        [
            "token_type",
            "issued_at",
            "client_id",
            "access_token",
            "expires_in",
            "status"
        ]
    );
    let body = answer.json();
    assert!(
        body.as_object().unwrap().values().all(Value::is_string),
        "{body}"
    );
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], "3599");
    assert_eq!(body["status"], "approved");
    assert_eq!(body["issued_at"].as_str().unwrap().len(), 13);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("cache-control"),
        "max-age=0, no-cache, no-store"
    );
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(answer.headers.contains_key("expires"));
    let claims = claims(body["access_token"].as_str().unwrap());
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 3_600, "one second more than expires_in");
}

#[tokio::test]
async fn token_answer_in_the_old_shape_has_scope_and_refresh_count() {
    let ups = MockUps::builder()
        .settings(|s| s.legacy_token_shape = true)
        .start()
        .await
        .unwrap();
    let answer = token_request(&ups.base_url()).send().await;
    assert_eq!(
        keys_in_order(&answer),
        [
            "token_type",
            "issued_at",
            "client_id",
            "access_token",
            "scope",
            "expires_in",
            "refresh_count",
            "status",
        ]
    );
    assert_eq!(answer.json()["scope"], "");
    assert_eq!(answer.json()["refresh_count"], "0");
}

#[tokio::test]
async fn same_seed_and_time_issue_the_same_token() {
    let at = "2026-04-01T12:00:00Z".parse().unwrap();
    let mut tokens = Vec::new();
    for seed in [5, 5, 6] {
        let ups = MockUps::builder()
            .seed(seed)
            .frozen_at(at)
            .start()
            .await
            .unwrap();
        tokens.push(token(&ups.base_url()).await);
    }
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[0], tokens[2]);
}

#[tokio::test]
async fn token_that_was_not_requested_is_accepted_where_it_was_put() {
    let ups = MockUps::start().await.unwrap();
    assert!(ups.accept_token(Environment::Cie, "mock-client", "fixed"));
    assert!(!ups.accept_token(Environment::Cie, "nobody", "other"));
    assert_eq!(shop(&ups.base_url(), "fixed").send().await.status, 200);
    let production = ups.production_base_url();
    assert_eq!(shop(&production, "fixed").send().await.status, 401);
    assert_eq!(shop(&ups.base_url(), "other").send().await.status, 401);
    assert_eq!(ups.revoke_client("mock-client"), 1);
    assert_eq!(shop(&ups.base_url(), "fixed").send().await.status, 401);
}

#[tokio::test]
async fn several_tokens_are_alive_at_once() {
    let ups = MockUps::start().await.unwrap();
    let first = token(&ups.base_url()).await;
    let second = token(&ups.base_url()).await;
    assert_ne!(first, second);
    for token in [first, second] {
        assert_eq!(shop(&ups.base_url(), &token).send().await.status, 200);
    }
}

/// Every way of not sending Basic credentials, and the answer that UPS has for it.
#[tokio::test]
async fn bad_client_authentication_is_answered_with_ups_codes() {
    let ups = MockUps::start().await.unwrap();
    let url = format!("{}/security/v1/oauth/token", ups.base_url());
    let grant = [("grant_type", "client_credentials")];
    let in_body = [
        ("grant_type", "client_credentials"),
        ("client_id", "mock-client"),
        ("client_secret", "mock-secret"),
    ];
    let cases = [
        (post(&url).form(&grant), 400, "10400"),
        (
            post(&url).header("authorization", "Basic !!!").form(&grant),
            400,
            "10400",
        ),
        (
            post(&url).header("authorization", "Bearer x").form(&grant),
            400,
            "10400",
        ),
        (post(&url).form(&in_body), 400, "10400"),
        (
            post(&url).basic("nobody", "mock-secret").form(&grant),
            401,
            "10401",
        ),
        (
            post(&url).basic("mock-client", "wrong").form(&grant),
            401,
            "10401",
        ),
        (
            post(&url).basic("mock-client", "mock-secret").form(&[]),
            400,
            "10400",
        ),
        (
            post(&url)
                .basic("mock-client", "mock-secret")
                .form(&[("grant_type", "x")]),
            400,
            "10400",
        ),
    ];
    for (index, (call, status, code)) in cases.into_iter().enumerate() {
        let answer = call.send().await;
        assert_eq!(
            answer.error(),
            (status, code.to_owned()),
            "case {index}: {}",
            answer.text()
        );
    }
    ups.change_settings(|settings| settings.body_credentials = BodyCredentials::InvalidClient);
    let answer = post(&url).form(&in_body).send().await;
    assert_eq!(
        answer.text(),
        r#"{"response":{"errors":[{"code":"10401","message":"ClientId is Invalid"}]}}"#
    );
}

#[tokio::test]
async fn merchant_id_of_any_kind_is_tolerated_unless_strict() {
    let ups = MockUps::start().await.unwrap();
    let with = |value: &str| token_request(&ups.base_url()).header("x-merchant-id", value);
    for value in ["A1B2C3", "mock-client", "", "string"] {
        assert_eq!(with(value).send().await.status, 200, "{value:?}");
    }
    let claimed = claims(
        with("A1B2C3").send().await.json()["access_token"]
            .as_str()
            .unwrap(),
    );
    assert_eq!(claimed["mer_id"], "A1B2C3");
    ups.change_settings(|settings| settings.strict_merchant_id = true);
    assert_eq!(with("a1b2c3").send().await.status, 200);
    assert_eq!(
        with("X9Y8Z7").send().await.error(),
        (401, "10401".to_owned())
    );
}

#[tokio::test]
async fn blocked_client_is_answered_10403() {
    let ups = MockUps::start().await.unwrap();
    assert!(ups.set_blocked("mock-client", true));
    let answer = token_request(&ups.base_url()).send().await;
    assert_eq!(answer.error(), (403, "10403".to_owned()));
    assert!(ups.set_blocked("mock-client", false));
    assert_eq!(token_request(&ups.base_url()).send().await.status, 200);
    assert!(!ups.set_blocked("nobody", true));
}

/// The quota answers 10429 without any header that tells when to come back.
#[tokio::test]
async fn token_quota_answers_10429_until_its_window_ends() {
    let quota = Quota {
        requests: 2,
        window: 60,
    };
    let ups = MockUps::builder()
        .settings(|s| s.token_quota = Some(quota))
        .start()
        .await
        .unwrap();
    ups.freeze();
    let base = ups.base_url();
    for _ in 0..2 {
        assert_eq!(token_request(&base).send().await.status, 200);
    }
    let refused = token_request(&base).send().await;
    assert_eq!(refused.error(), (429, "10429".to_owned()));
    assert!(!refused.headers.contains_key("retry-after"));
    ups.advance(Duration::from_secs(60));
    assert_eq!(token_request(&base).send().await.status, 200);
}

#[tokio::test]
async fn token_expires_one_second_after_what_it_says() {
    let ups = MockUps::builder()
        .access_token_lifetime(Duration::from_secs(3_599))
        .start()
        .await
        .unwrap();
    ups.freeze();
    let base = ups.base_url();
    let token = token(&base).await;
    ups.advance(Duration::from_secs(3_599));
    assert_eq!(shop(&base, &token).send().await.status, 200);
    ups.advance(Duration::from_secs(1));
    assert_eq!(
        shop(&base, &token).send().await.error(),
        (401, "250002".to_owned())
    );
}

#[tokio::test]
async fn revoked_token_is_refused_on_every_connection() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    assert_eq!(shop(&base, &token).send().await.status, 200);
    assert_eq!(ups.revoke_client("nobody"), 0);
    assert_eq!(ups.revoke_all(), 1);
    let refused = shop(&base, &token).send().await;
    assert_eq!(refused.error(), (401, "250002".to_owned()));
    for (name, value) in [
        ("apierrorcode", "250002"),
        ("apierrormsg", "Invalid Authentication Information."),
        ("errorcode", "250002"),
        ("errordescription", "Invalid Authentication Information."),
    ] {
        assert_eq!(refused.header(name), value);
    }
    assert_eq!(refused.header("bkndtransid").len(), 22);
}

/// Tokens of the two environments do not mix, by listener and by host name.
#[tokio::test]
async fn tokens_of_the_environments_do_not_mix() {
    let ups = MockUps::start().await.unwrap();
    let (cie, production) = (ups.base_url(), ups.production_base_url());
    let token_of_cie = token(&cie).await;
    assert_eq!(
        shop(&production, &token_of_cie).send().await.error().1,
        "250002"
    );
    let token_of_production = token(&production).await;
    assert_eq!(
        shop(&production, &token_of_production).send().await.status,
        200
    );
    let by_host = |token: &str, host: &str| shop(&cie, token).header("host", host);
    let to = "onlinetools.ups.com";
    assert_eq!(by_host(&token_of_cie, to).send().await.error().1, "250002");
    assert_eq!(by_host(&token_of_production, to).send().await.status, 200);
    assert_eq!(
        by_host(&token_of_production, "wwwcie.ups.com")
            .send()
            .await
            .error()
            .1,
        "250002"
    );
}

/// A good token is refused without `/api`, and for a product that the app lacks.
#[tokio::test]
async fn good_token_in_the_wrong_place_gets_the_401_that_misleads() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    let without_api = post(format!("{base}/rating/v2409/Shop"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!(
        without_api.text(),
        r#"{"response":{"errors":[{"code":"250003","message":"Invalid Access License number"}]}}"#
    );
    assert!(ups.set_products("mock-client", Some(vec!["track".to_owned()])));
    assert_eq!(
        shop(&base, &token).send().await.error(),
        (401, "250002".to_owned())
    );
    assert!(ups.set_products("mock-client", None));
    assert_eq!(shop(&base, &token).send().await.status, 200);
}

#[tokio::test]
async fn malformed_bearer_is_refused_as_ups_does() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let good = token(&base).await;
    let url = format!("{base}/api/rating/v2409/Shop");
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Basic x",
        good.as_str(),
        "Bearer x.y.z",
    ] {
        let answer = post(&url).header("authorization", value).send().await;
        assert_eq!(answer.error(), (401, "250002".to_owned()), "{value:?}");
    }
    let twice = shop(&base, &good)
        .header("authorization", "Bearer other")
        .send()
        .await;
    assert_eq!(twice.error(), (401, "250002".to_owned()));
    assert_eq!(get(format!("{base}/nowhere")).send().await.status, 404);
    assert_eq!(
        get(format!("{base}/security/v1/oauth/token"))
            .send()
            .await
            .status,
        405
    );
}

/// RFC 6749, 2.3.1: id and secret may be form-encoded before they are joined for Basic.
#[tokio::test]
async fn credentials_are_taken_raw_and_form_encoded() {
    let ups = MockUps::start().await.unwrap();
    ups.set_client_secret("mock-client", "p+s%t");
    let base = ups.base_url();
    let grant = [("grant_type", "client_credentials")];
    for (id, secret, status) in [
        ("mock-client", "p+s%t", 200),
        ("mock-client", "p%2Bs%25t", 200),
        ("mock%2Dclient", "p%2Bs%25t", 200),
        ("mock-client", "p%2Bs%2525t", 401),
        ("mock-client", "p s%t", 401),
    ] {
        for version in ["v1", "v2"] {
            let url = format!("{base}/security/{version}/oauth/token");
            let answer = post(&url).basic(id, secret).form(&grant).send().await;
            assert_eq!(answer.status, status, "{id}:{secret}");
            if status == 200 {
                assert_eq!(answer.json()["client_id"], "mock-client");
            }
        }
    }
}

#[tokio::test]
async fn expired_bearer_has_the_code_that_is_set() {
    let ups = MockUps::start().await.unwrap();
    ups.freeze();
    let base = ups.base_url();
    let old = token(&base).await;
    ups.advance(Duration::from_secs(7_200));
    assert_eq!(shop(&base, &old).send().await.error().1, "250002");
    ups.change_settings(|settings| settings.expired_token = mock_ups::ExpiredToken::Expired);
    let answer = shop(&base, &old).send().await;
    assert_eq!(answer.error(), (401, "251004".to_owned()));
    let stranger = shop(&base, "no token").send().await;
    assert_eq!(stranger.error().1, "250002");
}
