//! The main job: a request without credentials gets rates.

use bytes::Bytes;
use http::{Request, StatusCode};
use mock_ups::{Endpoint, Filter};
use tests::{World, rate_request};

#[tokio::test]
async fn request_without_credentials_gets_rates() {
    let world = World::start().await;
    let answer = world.shop().await;
    answer.assert_rates();
    assert_eq!(answer.field("waybill-account"), "main");
    assert_eq!(answer.field("waybill-environment"), "test");
    assert_eq!(answer.field("waybill-error"), "");
    world.mock.exactly_one_token_request("mock-client").unwrap();
}

/// UPS wants `transId` and `transactionSrc`, and apps forget them.
#[tokio::test]
async fn missing_transaction_fields_are_added() {
    let world = World::start().await;
    let answer = world.shop().await;
    let id = answer.field("waybill-request-id").to_owned();
    assert_eq!(id.len(), 32, "{id}");
    let entry = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Rating))
        .remove(0);
    assert!(
        entry
            .head
            .to_lowercase()
            .contains(&format!("transid: {id}")),
        "{}",
        entry.head
    );
    assert!(
        entry
            .head
            .to_lowercase()
            .contains("transactionsrc: waybill"),
        "{}",
        entry.head
    );
}

#[tokio::test]
async fn transaction_fields_of_the_app_are_kept() {
    let world = World::start().await;
    let mut request = rate_request();
    request
        .headers_mut()
        .insert("transid", "theirs".parse().unwrap());
    request
        .headers_mut()
        .insert("transactionsrc", "shop".parse().unwrap());
    world.app.send(request).await.assert_rates();
    let entry = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Rating))
        .remove(0);
    assert!(
        entry.head.to_lowercase().contains("transid: theirs"),
        "{}",
        entry.head
    );
    assert!(
        entry.head.to_lowercase().contains("transactionsrc: shop"),
        "{}",
        entry.head
    );
}

/// Whatever a client sends as credentials never reaches the carrier, and never replaces ours.
#[tokio::test]
async fn client_credentials_are_stripped() {
    let world = World::start().await;
    let mut request = rate_request();
    for (name, value) in [
        ("authorization", "Bearer theirs-planted"),
        ("proxy-authorization", "Basic theirs-planted"),
        ("cookie", "session=theirs-planted"),
        ("x-api-key", "theirs-planted"),
        ("accesslicensenumber", "theirs-planted"),
        ("username", "theirs-planted"),
        ("password", "theirs-planted"),
        ("waybill-account", "main"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    world.app.send(request).await.assert_rates();
    let entry = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Rating))
        .remove(0);
    let head = entry.head.to_lowercase();
    for name in [
        "theirs-planted",
        "cookie:",
        "x-api-key:",
        "password:",
        "waybill-",
        "proxy-authorization:",
    ] {
        assert!(!head.contains(name), "{name} reached the carrier:\n{head}");
    }
}

#[tokio::test]
async fn errors_of_the_carrier_pass_unchanged() {
    let world = World::start().await;
    let empty = Request::post("/api/rating/v2409/Shop")
        .body(Bytes::from_static(b"{\"RateRequest\":{}}"))
        .unwrap();
    let answer = world.app.send(empty).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(!answer.ups_code().is_empty(), "{}", answer.text());
    assert_ne!(
        answer.field("apierrorcode"),
        "",
        "clients decide by the carrier's error fields"
    );
    assert_eq!(
        answer.field("waybill-error"),
        "",
        "the error is the carrier's"
    );
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let world = World::start().await;
    // Above what is kept for a replay, below what the mock refuses.
    let large = Bytes::from(vec![b' '; 900 << 10]);
    let request = Request::post("/api/rating/v2409/Shop").body(large).unwrap();
    let answer = world.app.send(request).await;
    assert_eq!(answer.field("waybill-error"), "", "{}", answer.text());
}

#[tokio::test]
async fn body_over_the_limit_is_refused() {
    let world = World::builder()
        .more("[limits]\nbody = \"64KiB\"")
        .start()
        .await;
    let request = Request::post("/api/rating/v2409/Shop")
        .body(Bytes::from(vec![b' '; 65537]))
        .unwrap();
    let answer = world.app.send(request).await;
    assert_eq!(
        answer.status(),
        StatusCode::PAYLOAD_TOO_LARGE,
        "{}",
        answer.text()
    );
    assert_eq!(
        world
            .mock
            .journal(&Filter::any().endpoint(Endpoint::Rating))
            .len(),
        0
    );
    world.shop().await.assert_rates();
}
