//! Sign-ins that come to nothing: the old login serves on.

use super::{STORE, content, put, refused, world};
use serde_json::Value;
use tests::{MERCHANT, OTHER, Operator, World};

const BEGIN_AGAIN: &str = "begin the sign-in again";

/// Pastes, and expects the refusal; the account is as before.
async fn paste(world: &World, text: &str, says: &[&str]) {
    let before = content(&world.gateway).await;
    let done = world
        .gateway
        .waybill(text, &["account", "paste", "web"])
        .await;
    refused(&done, 5, says);
    let secret = text.split("code=").nth(1).unwrap_or(text);
    assert!(
        text.is_empty() || !done.stderr.contains(secret),
        "{}",
        done.stderr
    );
    assert_eq!(content(&world.gateway).await, before);
    let mut request = tests::rate_request();
    let account = http::HeaderValue::from_static("web");
    request.headers_mut().insert("waybill-account", account);
    world.app.send(request).await.assert_rates();
}

/// The value of a query parameter.
fn parameter<'u>(url: &'u str, name: &str) -> &'u str {
    let (_, rest) = url.split_once(&format!("{name}=")).expect("it is there");
    rest.split('&').next().expect("a value")
}

#[tokio::test]
async fn code_that_the_carrier_did_not_give_is_refused() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "web", MERCHANT).await;
    let code = parameter(&redirected, "code").to_owned();
    let wrong = redirected.replace(&code, "0123456789abcdefghijABCDEFGHIJ0123456789");
    paste(&world, &wrong, &["what to do: ", BEGIN_AGAIN]).await;
    // The right address still finishes the sign-in, and only then the link is used up.
    let done = world
        .gateway
        .waybill(&redirected, &["account", "paste", "web"])
        .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    paste(
        &world,
        &redirected,
        &["finished already", "waybill account authorize"],
    )
    .await;
    paste(&world, &code, &["waybill account authorize"]).await;
}

#[tokio::test]
async fn code_is_not_taken_twice() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    let first = operator.sign_in(&world.mock, "web", MERCHANT).await;
    let done = world
        .gateway
        .waybill(&first, &["account", "paste", "web"])
        .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let second = operator.sign_in(&world.mock, "web", MERCHANT).await;
    let used = parameter(&first, "code");
    let mixed = second.replace(parameter(&second, "code"), used);
    paste(&world, &mixed, &["what to do: ", BEGIN_AGAIN]).await;
}

#[tokio::test]
async fn code_that_came_too_late_is_refused() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "web", MERCHANT).await;
    world.mock.advance(std::time::Duration::from_secs(301));
    paste(&world, &redirected, &["what to do: ", BEGIN_AGAIN]).await;
}

#[tokio::test]
async fn foreign_state_is_refused() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("other", "X9Y8Z7").await;
    let others = operator.sign_in(&world.mock, "other", OTHER).await;
    paste(&world, &others, &["belongs to a consent for account other"]).await;
    let mine = operator.sign_in(&world.mock, "web", MERCHANT).await;
    let made_up = mine.replace(parameter(&mine, "state"), "made-up-state");
    paste(
        &world,
        &made_up,
        &["did not begin that sign-in", "waybill account authorize"],
    )
    .await;
    let without = mine.split("&state=").next().expect("a head");
    paste(&world, without, &["has no state", "copy the whole address"]).await;
    // As the browser would bring it.
    let answer = world
        .admin
        .get("/oauth/callback?code=x&state=made-up")
        .await;
    assert_eq!(answer.status(), 400, "{}", answer.text());
    assert!(
        answer.text().contains("begin a new sign-in"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn pasted_nonsense_is_refused() {
    let world = world(STORE).await;
    let huge = format!(
        "https://waybill.invalid/oauth/callback?code={}",
        "x".repeat(20_000)
    );
    for text in [
        "hello there",
        "http://127.0.0.1:8081/oauth/callback",
        "https://waybill.invalid/?code=1&code=2&state=3",
        "file:///etc/passwd",
        &huge,
    ] {
        paste(&world, text, &["cannot be used", "copy the whole address"]).await;
    }
    let before = content(&world.gateway).await;
    for (text, says) in [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a\nb", "more than one line"),
    ] {
        let done = world
            .gateway
            .waybill(text, &["account", "paste", "web"])
            .await;
        refused(&done, 2, &[says]);
    }
    assert_eq!(content(&world.gateway).await, before);
}

/// The operator mistyped the client secret: the sign-in finds out, and says what to compare.
#[tokio::test]
async fn wrong_client_secret_is_found_by_the_sign_in() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    assert!(
        world
            .mock
            .set_client_secret("mock-client", "another-secret")
    );
    let redirected = operator.sign_in(&world.mock, "web", MERCHANT).await;
    paste(
        &world,
        &redirected,
        &["10401", "check the account's client id and secret"],
    )
    .await;
    put(&world.gateway, "new.secret", "another-secret");
    let rotate = [
        "account",
        "rotate-secret",
        "web",
        "--secret-file",
        "new.secret",
    ];
    let done = world.gateway.waybill("", &rotate).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let redirected = operator.sign_in(&world.mock, "web", MERCHANT).await;
    let done = world
        .gateway
        .waybill(&redirected, &["account", "paste", "web"])
        .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

/// Programs are told the same as people.
#[tokio::test]
async fn login_of_another_user_is_refused() {
    let world = world(STORE).await;
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "web", OTHER).await;
    paste(
        &world,
        &redirected,
        &["A1B2C3 is not associated with this login", "what to do: "],
    )
    .await;
    let redirected = operator.sign_in(&world.mock, "web", OTHER).await;
    let args = ["account", "paste", "web", "--json"];
    let done = world.gateway.waybill(&redirected, &args).await;
    assert_eq!(done.code, Some(5));
    let said: Value = serde_json::from_str(&done.stdout).expect("JSON and nothing else");
    assert_eq!(said["error"]["code"], "wrong_login", "{said}");
}
