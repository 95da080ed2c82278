//! An operator with the admin token, and the person who signs in at the carrier.

use crate::{Answer, Client, Gateway};
use bytes::Bytes;
use http::{Method, Request};
use mock_ups::MockUps;
use serde_json::{Value, json};
use std::fs;

/// Calls the admin API with the first admin token.
#[derive(Clone, Debug)]
pub struct Operator {
    client: Client,
    token: String,
}

impl Operator {
    /// Takes the token that the gateway wrote at its first start.
    ///
    /// # Panics
    /// When it wrote none.
    pub fn of(gateway: &Gateway) -> Self {
        let file = gateway.process.folder().join("waybill-admin.token");
        let token = fs::read_to_string(file).expect("the gateway wrote its first admin token");
        Self {
            client: Client::new(gateway.admin),
            token: token.trim().to_owned(),
        }
    }

    /// Calls a path below `/api/v1`; null as the body sends none.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        self.try_call(method, path, body).await.expect("an answer")
    }

    /// Panics as [`Operator::call`] does.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Answer, String> {
        let content = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(content)
            .expect("a request");
        self.client.try_send(request).await
    }

    /// Gets what must be there.
    ///
    /// # Panics
    /// When the answer is not 200.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Posts what must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.call(Method::POST, path, body).await;
        assert!(
            answer.status().is_success(),
            "{path}: {} {}",
            answer.status(),
            answer.text()
        );
        answer.json()
    }

    /// Adds an account that a person signs in for.
    pub async fn add_consent_account(&self, name: &str, number: &str) -> Value {
        let account = json!({
            "name": name, "carrier": "ups", "environment": "test", "numbers": [number],
            "grant": "authorization_code", "client_id": "mock-client",
            "client_secrets": ["mock-secret"],
        });
        self.post("accounts", account).await
    }

    /// Begins a consent and [approves](approve) it; the address that the mock redirects to.
    ///
    /// # Panics
    /// When one of the steps does not work.
    pub async fn sign_in(&self, mock: &MockUps, account: &str, user: (&str, &str)) -> String {
        let path = format!("accounts/{account}/authorize");
        let started = self.post(&path, Value::Null).await;
        approve(mock, started["url"].as_str().expect("a URL"), user).await
    }

    /// Signs in and lets the browser follow the redirect to the gateway.
    ///
    /// # Panics
    /// When the consent does not succeed.
    pub async fn consent(&self, mock: &MockUps, account: &str, user: (&str, &str)) {
        let redirected = self.sign_in(mock, account, user).await;
        let page = self.client.get(&local(&redirected)).await;
        assert_eq!(page.status(), 200, "{}", page.text());
    }
}

/// Follows the link of a consent, signs in at the mock and approves; the address that the mock
/// redirects to.
///
/// # Panics
/// When one of the steps does not work.
pub async fn approve(mock: &MockUps, url: &str, user: (&str, &str)) -> String {
    let carrier = Client::new(mock.address());
    // The mock has another port in each test, so only path and query of the address are used.
    let sign_in = carrier.get(&local(url)).await;
    assert_eq!(sign_in.status(), 302, "{}", sign_in.text());
    let (_, query) = sign_in.field("location").split_once('?').expect("a query");
    let form = format!(
        "{query}&user={}&password={}&decision=approve",
        user.0, user.1
    );
    let request = Request::post("/lasso/signin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .expect("a request");
    let answer = carrier.send(request).await;
    let redirected = answer.field("location").to_owned();
    assert!(
        redirected.contains("code="),
        "{} {redirected}",
        answer.text()
    );
    redirected
}

/// Path and query of a URL.
pub fn local(url: &str) -> String {
    let (_, rest) = url.split_once("://").expect("a URL");
    rest[rest.find('/').unwrap_or(rest.len())..].to_owned()
}

/// The user who owns the accounts `A1B2C3` and `D4E5F6`.
pub const MERCHANT: (&str, &str) = ("merchant", "parcel-1");
/// The user who owns the account `X9Y8Z7`.
pub const OTHER: (&str, &str) = ("other", "parcel-2");
