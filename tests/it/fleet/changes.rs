//! A change made at one gateway is served by all.

use super::world::{Fleet, shop};
use http::Method;
use serde_json::{Value, json};
use std::fs;
use tests::{Client, MERCHANT, eventually, local};

/// An account, an app with its token, an admin token; then their removal.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn change_at_one_gateway_serves_at_the_others() {
    let Some(fleet) = Fleet::start("changes in a fleet", 2).await else {
        return;
    };
    let (first, second) = (fleet.operator(0), fleet.operator(1));
    let account = json!({
        "name": "branch", "carrier": "ups", "environment": "test", "numbers": ["D4E5F6"],
        "grant": "client_credentials", "client_id": "mock-client", "client_secrets": ["mock-secret"],
    });
    first.post("accounts", account).await;
    eventually("the account at the other gateway", async || {
        fleet.shop(1, "branch").await.status() == 200
    })
    .await;
    let app = json!({"name": "shop", "accounts": ["branch"], "with_key": true});
    let app = second.post("apps", app).await;
    let key = app["key"].as_str().expect("a key").to_owned();
    let by_key = async |index: usize| {
        let mut request = tests::rate_request();
        let value = key.parse().expect("a field value");
        request.headers_mut().insert("waybill-key", value);
        let answer = Client::new(fleet.gateway(index).apps).send(request).await;
        answer.field("waybill-account").to_owned()
    };
    eventually("the app at the other gateway", async || {
        by_key(0).await == "branch"
    })
    .await;
    let gone = first
        .call(Method::DELETE, "accounts/branch", Value::Null)
        .await;
    assert!(gone.status().is_success(), "{}", gone.text());
    eventually("the removal at the other gateway", async || {
        fleet.shop(1, "branch").await.status() != 200
    })
    .await;
    let replicas = first.get("replicas").await;
    let replicas = replicas.as_array().expect("a list").iter();
    let names: Vec<_> = replicas.map(|replica| &replica["name"]).collect();
    assert_eq!(names, ["gateway-0", "gateway-1"]);
}

/// The person's browser comes back to another gateway than the one that sent it away, which has just heard of the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consent_may_come_back_to_any_gateway() {
    let Some(fleet) = Fleet::start("a consent in a fleet", 2).await else {
        return;
    };
    let (first, second) = (fleet.operator(0), fleet.operator(1));
    second.add_consent_account("web", "A1B2C3").await;
    let redirected = first.sign_in(&fleet.mock, "web", MERCHANT).await;
    let browser = Client::new(fleet.gateway(1).admin);
    let page = browser.get(&local(&redirected)).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    for index in 0..2 {
        let app = Client::new(fleet.gateway(index).apps);
        eventually("the login at both gateways", async || {
            shop(&app, "web").await.status() == 200
        })
        .await;
    }
    for operator in [first, second] {
        let token = operator.get("accounts/web/token").await;
        assert_eq!(token["refresh"]["standing"], "held", "{token}");
    }
    let again = Client::new(fleet.gateway(0).admin)
        .get(&local(&redirected))
        .await;
    assert_ne!(
        again.status(),
        200,
        "a state is used once in the whole fleet"
    );
}

/// What the doctor of a gateway warns of, as far as it concerns the fleet.
async fn warned(fleet: &Fleet, index: usize) -> Vec<String> {
    let report = fleet.operator(index).post("doctor", json!({})).await;
    let checks = report["checks"].as_array().expect("a list").iter();
    let warnings = checks.filter(|check| check["name"] == "fleet" && check["verdict"] == "warning");
    warnings.map(|check| check["message"].to_string()).collect()
}

/// A gateway whose file was changed and reloaded differs, until the other one has the same file.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_with_different_files_are_told_apart_until_both_have_reloaded() {
    let Some(fleet) = Fleet::start("different files in a fleet", 2).await else {
        return;
    };
    assert!(warned(&fleet, 0).await.is_empty());
    let app = "\n[[app]]\nname = \"shop\"\nkey = { value = \"a-key-that-is-long-enough\" }\naccounts = [\"main\"]\n";
    for (index, different) in [(0, true), (1, false)] {
        let file = fleet.gateway(index).process.folder().join("waybill.toml");
        let text = fs::read_to_string(&file).expect("the gateway read it");
        fs::write(&file, text + app).expect("the test owns the file");
        fleet.operator(index).post("reload", json!({})).await;
        eventually("what the other gateway's doctor says", async || {
            let warnings = warned(&fleet, 1 - index).await;
            let told = |warning: &String| warning.contains(&format!("gateway-{index} has other"));
            warnings.iter().any(told) == different
        })
        .await;
    }
}
