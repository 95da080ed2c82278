//! What the walk-throughs do in a terminal, done in the browser: with scripts and without.

use super::world::{UiWorld, browser, reads, signs_in};
use mock_ups::{SeedAccount, SeedData};
use tests::{Browser, MERCHANT, OTHER, rate_request};

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
async fn go_to_carrier(browser: &Browser, login: (&str, &str)) {
    browser.click("form[action$='/connect'] button").await;
    browser.click("a[rel=noreferrer]").await;
    signs_in(browser, login).await;
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

/// The rows of older software: seven numbers of one login, five of another.
fn rows() -> Vec<(String, &'static str, String)> {
    let of = |login: &'static str, count: usize| {
        (1..=count).map(move |n| {
            let letter = if login == "merchant" { 'M' } else { 'T' };
            (format!("{login}-{n}"), login, format!("{letter}0000{n}"))
        })
    };
    of("merchant", 7).chain(of("other", 5)).collect()
}

/// The carrier as its users have it: the usual people, with these numbers as well.
fn carrier() -> SeedData {
    let mut data = SeedData::default();
    for (_, login, number) in rows() {
        let user = data.users.iter_mut().find(|user| user.name == login);
        user.expect("the usual people").accounts.push(SeedAccount {
            number,
            negotiated_rates: false,
            discount_per_mille: 0,
        });
    }
    data
}

/// From the list of the older software to twelve numbers that work, on the pages alone.
#[tokio::test]
async fn administrator_connects_twelve_numbers_of_two_logins_and_needs_no_terminal() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let world = UiWorld::start_with(carrier()).await;
    world.sign_in(&browser).await;
    browser.click("nav a[href='/ui/migration']").await;
    browser.click("a[href='/ui/new-migration']").await;
    reads(&browser, "Plan a migration").await;
    browser.type_into("#client_id", "mock-client").await;
    browser.type_into("#secret", "mock-secret").await;
    let mut list = "name,account_number,user_id,environment\n".to_owned();
    for (name, login, number) in rows() {
        list.push_str(&format!("{name},{number},{login},test\n"));
    }
    browser.type_into("#list", &list).await;
    browser.click("form.card button.primary").await;
    reads(&browser, "2 sign-ins for 12 numbers").await;
    browser.click("form[action$='/apply'] button").await;
    for next in ["Next: 1 of 2 sign-ins", "Next: 2 of 2 sign-ins"] {
        reads(&browser, next).await;
        browser.click("form[action$='/connect'] button").await;
        reads(&browser, "Go to the carrier").await;
        let who = if browser.text().await.contains("Connect merchant-1") {
            MERCHANT
        } else {
            OTHER
        };
        browser.click("a[rel=noreferrer]").await;
        signs_in(&browser, who).await;
        browser.click("#approve").await;
        reads(&browser, "now uses the new login").await;
        browser.open(&world.url("/ui/migration")).await;
    }
    reads(&browser, "No sign-in is left").await;
    let accounts = world.operator.get("accounts").await;
    let of_migration = (accounts.as_array().expect("a list").iter())
        .filter(|it| it["grant"] == "authorization_code" && it["state"] == "ready")
        .flat_map(|it| it["numbers"].as_array().expect("numbers"));
    let connected: Vec<&str> = of_migration.filter_map(|it| it.as_str()).collect();
    assert_eq!(connected.len(), 12, "{accounts}");
    for (name, _, number) in rows() {
        assert!(connected.contains(&number.as_str()), "{connected:?}");
        // Each login ships with its own numbers.
        let mut request = rate_request().map(|body| {
            let body = String::from_utf8(body.to_vec()).expect("JSON");
            body.replace("A1B2C3", &number).into()
        });
        let account = name.parse().expect("a field value");
        request.headers_mut().insert("waybill-account", account);
        let answer = world.world.app.send(request).await;
        assert_eq!(answer.status(), 200, "{name}: {}", answer.text());
    }
}
