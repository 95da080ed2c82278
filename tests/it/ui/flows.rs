//! What the walk-throughs do in a terminal, done in the browser: with scripts and without.

use super::world::{UiWorld, browser, reads};
use tests::{Browser, MERCHANT, OTHER};

/// Fills in the form for a new account, and sends it.
async fn add(browser: &Browser, world: &UiWorld, name: &str, numbers: &str, grant: &str) {
    browser.open(&world.url("/ui/new-account")).await;
    for (field, text) in [
        ("#name", name),
        ("#numbers", numbers),
        ("#client_id", "mock-client"),
        ("#secret", "mock-secret"),
    ] {
        browser.type_into(field, text).await;
    }
    browser
        .click(&format!("#grant option[value={grant}]"))
        .await;
    browser.click("form.card button.primary").await;
    reads(browser, &format!("The account {name} is added.")).await;
}

/// Goes to the carrier's page, and signs in there.
async fn go_to_carrier(browser: &Browser, (user, password): (&str, &str)) {
    browser.click("form[action$='/connect'] button").await;
    browser.click("a[rel=noreferrer]").await;
    browser.type_into("#user", user).await;
    browser.type_into("#password", password).await;
    browser.click("#sign-in").await;
}

async fn connects_each_login(browser: &Browser) {
    let world = UiWorld::start().await;
    world.sign_in(browser).await;
    add(
        browser,
        &world,
        "shop",
        "A1B2C3, D4E5F6",
        "authorization_code",
    )
    .await;
    // Refused, then the wrong login, then the right one.
    go_to_carrier(browser, MERCHANT).await;
    browser.click("#refuse").await;
    reads(browser, "Reason").await;
    browser.open(&world.url("/ui/accounts/shop")).await;
    go_to_carrier(browser, OTHER).await;
    browser.click("#approve").await;
    reads(browser, "wrong_login").await;
    browser.open(&world.url("/ui/accounts/shop")).await;
    go_to_carrier(browser, MERCHANT).await;
    browser.click("#approve").await;
    reads(browser, "The account shop now uses the new login.").await;
    browser.click("a[href='/ui/accounts/shop']").await;
    reads(browser, "Sign in again before").await;
    add(browser, &world, "depot", "X9Y8Z7", "authorization_code").await;
    go_to_carrier(browser, OTHER).await;
    browser.click("#approve").await;
    reads(browser, "The account depot now uses the new login.").await;
    // Everything that can be done with an account.
    browser.open(&world.url("/ui/accounts/depot")).await;
    browser.click("form[action$='/probe'] button").await;
    reads(browser, "negotiated rates").await;
    browser.click("form[action$='/renew'] button").await;
    reads(browser, "A new token was issued.").await;
    browser.click("form[action$='/change'] button").await;
    reads(browser, "The account is off").await;
    browser.click("form[action$='/change'] button").await;
    reads(browser, "The account is on.").await;
    browser.type_into("#confirm", "depot").await;
    browser.click("button.bad").await;
    reads(browser, "The account depot is removed.").await;
}

#[tokio::test]
async fn administrator_connects_each_login_and_needs_no_terminal() {
    if let Some(browser) = browser(true).await {
        connects_each_login(&browser).await;
    }
}

#[tokio::test]
async fn administrator_connects_each_login_without_scripts() {
    if let Some(browser) = browser(false).await {
        connects_each_login(&browser).await;
    }
}

/// What was typed before the session was over is there again after the next sign-in, but for secrets.
#[tokio::test]
async fn form_of_a_lost_session_is_sent_again_after_the_sign_in() {
    let Some(browser) = browser(false).await else {
        return;
    };
    let world = UiWorld::start().await;
    world.sign_in(&browser).await;
    browser.open(&world.url("/ui/new-account")).await;
    for (field, text) in [
        ("#name", "typed-before"),
        ("#numbers", "A1B2C3"),
        ("#client_id", "mock-client"),
        ("#secret", "mock-secret"),
    ] {
        browser.type_into(field, text).await;
    }
    browser.forget_cookies().await;
    browser.click("form.card button.primary").await;
    reads(&browser, "Your session is over").await;
    browser.type_into("#token", &world.token()).await;
    browser.click("form button.primary").await;
    reads(&browser, "This is what you typed").await;
    browser.type_into("input[name=secret]", "mock-secret").await;
    browser.click("form button.primary").await;
    reads(&browser, "The account typed-before is added.").await;
}

/// The secrets of an app are shown once, and the app works with them.
#[tokio::test]
async fn app_gets_its_secrets_once() {
    let Some(browser) = browser(false).await else {
        return;
    };
    let world = UiWorld::start().await;
    world.sign_in(&browser).await;
    browser.open(&world.url("/ui/new-app")).await;
    browser.type_into("#name", "till").await;
    browser.type_into("#accounts", "main").await;
    browser.type_into("#rate", "50").await;
    browser.click("form.card button.primary").await;
    reads(&browser, "Copy these secrets now").await;
    let shown = browser.text().await;
    let secret = shown
        .split_once("Client secret")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    let secret = secret.expect("it is shown").to_owned();
    browser.click("a.primary").await;
    reads(&browser, "50 a second").await;
    assert!(!browser.text().await.contains(&secret));
    let page = browser
        .run("return document.documentElement.outerHTML")
        .await;
    assert!(!page.as_str().expect("text").contains(&secret));
}
