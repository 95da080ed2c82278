//! The control API.

use http::Method;
use mock_ups::{Filter, MockUps};
use serde_json::json;

use crate::client::{Call, get, post, shop, token, token_request};
use crate::refresh::{grant, refresh};

#[tokio::test]
async fn control_calls_are_not_in_the_journal() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    get(format!("{base}/__mock/state")).send().await;
    get(format!("{base}/")).send().await;
    assert!(ups.journal(&Filter::any()).is_empty());
}

#[tokio::test]
async fn tokens_are_revoked_and_settings_changed() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    let revoke = format!("{base}/__mock/tokens/revoke");
    let none = post(&revoke)
        .json(&json!({ "client_id": "nobody" }))
        .send()
        .await
        .json();
    assert_eq!(none["revoked"], 0);
    assert_eq!(post(&revoke).send().await.json()["revoked"], 1);
    assert_eq!(shop(&base, &token).send().await.error().1, "250002");

    let settings = format!("{base}/__mock/settings");
    let patch = |body| Call::new(Method::PATCH, &settings).json(&body);
    let changed = patch(json!({ "access_token_lifetime": 3599 })).send().await;
    assert_eq!(changed.json()["access_token_lifetime"], 3599);
    assert_eq!(
        token_request(&base).send().await.json()["expires_in"],
        "3599"
    );
    for wrong in [
        json!({ "lifetime": 1 }),
        json!({ "access_token_lifetime": "x" }),
        json!([]),
    ] {
        assert_eq!(patch(wrong.clone()).send().await.status, 400, "{wrong}");
    }
    // The error names the member.
    let wrong = patch(json!({ "access_token_lifetime": "60s" }))
        .send()
        .await;
    let error = wrong.json()["error"].to_string();
    assert!(error.contains("access_token_lifetime: "), "{error}");
    let fault = json!({ "endpoint": "token", "action": { "delay": -1 } });
    let wrong = post(format!("{base}/__mock/faults"))
        .json(&fault)
        .send()
        .await;
    let error = wrong.json()["error"].to_string();
    assert!(error.contains("action"), "{error}");
    assert_eq!(
        get(&settings).send().await.json()["access_token_lifetime"],
        3599
    );
}

#[tokio::test]
async fn apps_and_users_are_added_and_changed() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let put =
        |path: &str, body| Call::new(Method::PUT, format!("{base}/__mock/{path}")).json(&body);
    let user = json!({ "password": "p", "account": [{ "number": "B2B2B2" }] });
    assert_eq!(put("users/new%20user", user).send().await.status, 200);
    let app = json!({ "client_secret": "s", "name": "New", "owner": "new user" });
    assert_eq!(put("apps/new-app", app).send().await.status, 200);
    let request = || {
        post(format!("{base}/security/v1/oauth/token"))
            .basic("new-app", "s")
            .form(&[("grant_type", "client_credentials")])
    };
    assert_eq!(request().send().await.status, 200);
    let change = Call::new(Method::PATCH, format!("{base}/__mock/apps/new-app"));
    assert_eq!(
        change.json(&json!({ "blocked": true })).send().await.status,
        200
    );
    assert_eq!(request().send().await.error().1, "10403");
    let state = get(format!("{base}/__mock/state")).send().await.json();
    let apps = state["apps"].as_array().unwrap();
    assert!(
        apps.iter()
            .any(|app| app["client_id"] == "new-app" && app["blocked"] == true)
    );
    let missing = Call::new(Method::PATCH, format!("{base}/__mock/apps/nobody"));
    assert_eq!(missing.json(&json!({})).send().await.status, 404);
}

#[tokio::test]
async fn grants_are_revoked_with_their_access_tokens() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let tokens = grant(&base).await;
    let answer = post(format!("{base}/__mock/grants/revoke"))
        .json(&json!({ "user": "merchant" }))
        .send()
        .await;
    assert_eq!(answer.json()["revoked"], 1);
    let refreshed = refresh(&base, tokens["refresh_token"].as_str().unwrap())
        .send()
        .await;
    assert_eq!(refreshed.error().1, "10400");
    let called = shop(&base, tokens["access_token"].as_str().unwrap())
        .send()
        .await;
    assert_eq!(called.error().1, "250002");
}

#[tokio::test]
async fn faults_and_scenarios_come_and_go() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let faults = format!("{base}/__mock/faults");
    let fault = json!({ "endpoint": "token", "times": 1, "play": { "answer": {
        "status": 503, "code": "10004", "message": "The service is temporarily unavailable" } } });
    let id = post(&faults).json(&fault).send().await.json()["id"].clone();
    assert_eq!(token_request(&base).send().await.status, 503);
    let listed = get(&faults).send().await.json();
    assert_eq!(
        (&listed["faults"][0]["id"], &listed["faults"][0]["hits"]),
        (&id, &json!(1))
    );
    let gone = Call::new(Method::DELETE, format!("{faults}/{id}"))
        .send()
        .await;
    assert_eq!(gone.json()["removed"], 1);
    let wrong = post(&faults)
        .json(&json!({ "play": "explode" }))
        .send()
        .await;
    assert_eq!(wrong.status, 400);

    let scenarios = format!("{base}/__mock/scenarios");
    let listed = get(&scenarios).send().await.json();
    assert!(listed["scenarios"].as_array().unwrap().len() >= 10);
    let played = post(&scenarios)
        .json(&json!({ "name": "firewall-page" }))
        .send()
        .await;
    assert_eq!(played.json()["playing"], "firewall-page");
    assert_eq!(token_request(&base).send().await.status, 403);
    let own = "name = \"own\"\ndescription = \"d\"\n[[fault]]\nplay = \"quota\"\n";
    assert_eq!(
        post(&scenarios).body(own).send().await.json()["playing"],
        "own"
    );
    let unknown = post(&scenarios)
        .json(&json!({ "name": "none" }))
        .send()
        .await;
    assert!(
        unknown.text().contains("lost-rotation"),
        "{}",
        unknown.text()
    );
    post(format!("{base}/__mock/reset")).send().await;
    assert_eq!(token_request(&base).send().await.status, 200);
}

#[tokio::test]
async fn foreign_web_page_controls_nothing() {
    let ups = MockUps::start().await.unwrap();
    let url = format!("{}/__mock/reset", ups.base_url());
    let foreign = post(&url)
        .header("origin", "https://evil.example")
        .send()
        .await;
    assert_eq!(foreign.status, 403);
    let own = post(&url).header("origin", ups.base_url()).send().await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn unknown_control_path_or_method_is_told() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    assert_eq!(
        get(format!("{base}/__mock/nothing")).send().await.status,
        404
    );
    assert_eq!(get(format!("{base}/__mock/reset")).send().await.status, 405);
}

/// The description and the server agree: every operation described is answered, by its method only.
#[tokio::test]
async fn openapi_describes_operations_that_exist() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let document = get(format!("{base}/__mock/openapi.json"))
        .send()
        .await
        .json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 15, "{}", paths.len());
    for (path, operations) in paths {
        let url = format!("{base}{}", path.replace(['{', '}'], ""));
        for method in operations.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            let answer = Call::new(method.clone(), &url).send().await;
            assert_ne!(answer.status, 405, "{method} {path}");
            let text = answer.text();
            assert!(
                !text.contains("no such control path"),
                "{method} {path}: {text}"
            );
        }
        assert_eq!(
            Call::new(Method::OPTIONS, &url).send().await.status,
            405,
            "{path}"
        );
    }
}

#[tokio::test]
async fn page_and_its_parts_come_from_the_mock_alone() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let page = get(format!("{base}/")).send().await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("content-security-policy"), "default-src 'self'");
    let text = page.text();
    for part in text
        .split(['"', '\''])
        .filter(|part| part.starts_with("/__mock/"))
    {
        assert_eq!(
            get(format!("{base}{part}")).send().await.status,
            200,
            "{part}"
        );
    }
    assert!(!text.contains("://"), "nothing from elsewhere");
    let credentials = get(format!("{base}/__mock/credentials"))
        .send()
        .await
        .json();
    assert_eq!(credentials["apps"][0]["client_secret"], "mock-secret");
}
