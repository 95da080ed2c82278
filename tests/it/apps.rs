//! Apps that prove who they are.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, StatusCode};
use mock_ups::{Endpoint, Filter};
use tests::{Answer, Client, World, rate_request};

const APP: &str = r#"
[[app]]
name = "shop"
client_id = "shop-id"
client_secret = { value = "shop-secret-0123456789" }
key = { value = "shop-key-0123456789" }
accounts = ["main"]
"#;

async fn world() -> World {
    World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .start()
        .await
}

async fn token(world: &World, id: &str, secret: &str) -> Answer {
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    let request = Request::post("/security/v1/oauth/token")
        .header("authorization", format!("Basic {basic}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-merchant-id", "A1B2C3")
        .body(Bytes::from_static(
            b"grant_type=client_credentials&scope=public",
        ));
    world.app.send(request.expect("a request")).await
}

/// The app keeps its UPS code: it asks for a token where it thinks UPS is, and sends that.
#[tokio::test]
async fn app_with_the_carriers_token_dance_gets_rates() {
    let world = world().await;
    let answer = token(&world, "shop-id", "shop-secret-0123456789").await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    // As UPS writes it: numbers are strings.
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["client_id"], "shop-id");
    assert_eq!(json["status"], "approved");
    assert!(json["expires_in"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(json["issued_at"].as_str().unwrap().len(), 13);
    let mut request = rate_request();
    let bearer = format!("Bearer {}", json["access_token"].as_str().unwrap());
    request
        .headers_mut()
        .insert("authorization", bearer.parse().unwrap());
    world.app.send(request).await.assert_rates();
    // The gateway's own token, and no other, was asked for at the carrier.
    world.mock.token_requests_of("shop-id").none().unwrap();
    world.mock.exactly_one_token_request("mock-client").unwrap();
}

#[tokio::test]
async fn app_with_a_key_gets_rates() {
    let world = world().await;
    let mut request = rate_request();
    request
        .headers_mut()
        .insert("waybill-key", "shop-key-0123456789".parse().unwrap());
    world.app.send(request).await.assert_rates();
}

#[tokio::test]
async fn wrong_app_secret_is_refused_as_the_carrier_would() {
    let world = world().await;
    for (id, secret) in [
        ("shop-id", "wrong"),
        ("nobody", "shop-secret-0123456789"),
        ("mock-client", "mock-secret"),
    ] {
        let answer = token(&world, id, secret).await;
        assert_eq!(
            (answer.status(), answer.ups_code().as_str()),
            (StatusCode::UNAUTHORIZED, "10401"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn caller_without_credentials_is_refused() {
    let world = world().await;
    for (name, value) in [
        ("accept", "*/*"),
        ("authorization", "Bearer nonsense"),
        ("waybill-key", "wrong"),
    ] {
        let mut request = rate_request();
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = world.app.send(request).await;
        assert_eq!(
            (answer.status(), answer.ups_code().as_str()),
            (StatusCode::UNAUTHORIZED, "250002"),
            "{name}"
        );
        assert_eq!(answer.field("waybill-error"), "app_unauthenticated");
    }
}

/// The log tells the operator what the app's developer cannot see.
#[rustfmt::skip] // a table
#[tokio::test]
async fn credentials_that_resemble_an_apps_are_said_in_the_log() {
    for (trusted, id, secret, status, words) in [
        (false, "shop-id", "wrong-0123456789", 401, "has the client id of this app and a wrong secret"),
        (true, "Shop-ID", "shop-secret-0123456789", 200, "has almost the client id of this app"),
        (true, "shop", "shop-secret-0123456789", 200, "has the name of this app as its client id"),
        (false, "nobody", "shop-secret-0123456789", 401, "has the secret of this app"),
    ] {
        let world = World::builder()
            .config(move |config| config.trust_loopback = trusted)
            .more(APP)
            .start()
            .await;
        let answer = token(&world, id, secret).await;
        assert_eq!(answer.status().as_u16(), status, "{}", answer.text());
        tests::eventually(words, async || world.gateway.process.output().contains(words)).await;
        let log = world.gateway.process.output();
        assert!(!log.contains(secret) && !log.contains("Shop-ID"), "{log}");
    }
}

/// An app learns nothing about accounts that it may not use.
#[tokio::test]
async fn foreign_and_unknown_accounts_are_told_apart_by_nobody() {
    let other = r#"
[[account]]
name = "other"
carrier = "ups"
environment = "test"
client_id = "other-client"
client_secret = { value = "other-secret" }
"#;
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .more(other)
        .start()
        .await;
    let mut answers = Vec::new();
    for account in ["other", "unknown"] {
        let mut request = rate_request();
        request
            .headers_mut()
            .insert("waybill-key", "shop-key-0123456789".parse().unwrap());
        request
            .headers_mut()
            .insert("waybill-account", account.parse().unwrap());
        let answer = world.app.send(request).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{}", answer.text());
        answers.push(answer.text().replace(account, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
}

/// A web page in somebody's browser must not ship parcels through a trusted loopback listener.
#[tokio::test]
async fn browser_requests_are_refused_on_a_trusted_listener() {
    let world = World::start().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut request = rate_request();
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(
            world.app.send(request).await.status(),
            StatusCode::FORBIDDEN,
            "{name}"
        );
    }
    let mut rebound = rate_request();
    rebound
        .headers_mut()
        .insert("host", "evil.example".parse().unwrap());
    assert_eq!(
        world.app.send(rebound).await.status(),
        StatusCode::FORBIDDEN
    );
}

/// Real clients do their token dance even where none is needed.
#[tokio::test]
async fn unregistered_client_on_a_trusted_listener_is_served() {
    let world = World::start().await;
    let answer = token(&world, "whoever", "whatever").await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
    let bearer = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
    for bearer in [bearer.as_str(), "Bearer something-old"] {
        let mut request = rate_request();
        request
            .headers_mut()
            .insert("authorization", bearer.parse().unwrap());
        world.app.send(request).await.assert_rates();
    }
}

/// An app that asks for a token before every call costs the carrier nothing.
#[tokio::test]
async fn token_before_every_call_never_reaches_the_carrier() {
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .start()
        .await;
    for _ in 0..100 {
        let answer = token(&world, "shop-id", "shop-secret-0123456789").await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
        let bearer = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
        let mut request = rate_request();
        request
            .headers_mut()
            .insert("authorization", bearer.parse().unwrap());
        world.app.send(request).await.assert_rates();
    }
    let tokens = Filter::any().endpoint(Endpoint::Token);
    world.mock.expect(tokens).exactly(1).unwrap();
}

/// An app that asks without end is told so in the carrier's words.
#[tokio::test]
async fn app_that_asks_for_too_many_tokens_is_told() {
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .more("[tokens]\napp_token_requests_per_minute = 3")
        .start()
        .await;
    let mut refused = None;
    for _ in 0..5 {
        let answer = token(&world, "shop-id", "shop-secret-0123456789").await;
        if answer.status() != StatusCode::OK {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("the limit is 3");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.ups_code(), "10429");
}

fn with_bearer(token: &str) -> Request<Bytes> {
    let mut request = rate_request();
    let bearer = format!("Bearer {token}").parse().expect("a field value");
    request.headers_mut().insert("authorization", bearer);
    request
}

/// The same gateway after a crash, and an app of it.
async fn crashed(world: World) -> World {
    let gateway = world.gateway.crash().await;
    World {
        app: Client::new(gateway.apps),
        admin: Client::new(gateway.admin),
        gateway,
        mock: world.mock,
        faults: world.faults,
    }
}

async fn durable(url: &str) -> (World, String) {
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .more(&format!("[store]\nurl = \"{url}\""))
        .start()
        .await;
    let answer = token(&world, "shop-id", "shop-secret-0123456789").await;
    let token = answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    world.app.send(with_bearer(&token)).await.assert_rates();
    (world, token)
}

/// Apps notice nothing of a restart: the key of their tokens grows from the store's master key.
#[tokio::test]
async fn app_token_is_accepted_after_a_crash() {
    let (world, token) = durable("sqlite://waybill.db").await;
    let world = crashed(world).await;
    world.app.send(with_bearer(&token)).await.assert_rates();
    // Whoever changes a letter of it is nobody.
    let forged = format!(
        "{}A{}",
        &token[..token.len() - 2],
        &token[token.len() - 1..]
    );
    let other = format!(
        "{}B{}",
        &token[..token.len() - 2],
        &token[token.len() - 1..]
    );
    let forged = if forged == token { other } else { forged };
    let answer = world.app.send(with_bearer(&forged)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// A store in memory has another key with each start.
#[tokio::test]
async fn app_token_ends_with_a_store_in_memory() {
    let (world, token) = durable("memory:").await;
    let world = crashed(world).await;
    let answer = world.app.send(with_bearer(&token)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// A new master key is a clean cut: after the next start an app fetches a new token.
#[tokio::test]
async fn app_token_ends_with_the_master_key() {
    let (world, token) = durable("sqlite://waybill.db").await;
    let folder = world.gateway.process.folder();
    let rotated = world
        .gateway
        .waybill("", &["key", "rotate", "--to", "new.key"])
        .await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    world.app.send(with_bearer(&token)).await.assert_rates();
    let config = folder.join("waybill.toml");
    let text = std::fs::read_to_string(&config).expect("the test owns the file");
    let store = "[store]\nmaster_key = { file = \"new.key\" }";
    std::fs::write(&config, text.replace("[store]", store)).expect("the test owns the file");
    let world = crashed(world).await;
    let answer = world.app.send(with_bearer(&token)).await;
    assert_eq!(
        answer.status(),
        StatusCode::UNAUTHORIZED,
        "{}",
        answer.text()
    );
}
