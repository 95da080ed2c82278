//! The mock's own pages: its control page and the carrier's sign-in.

use super::{
    axe::Axe,
    check,
    world::{UiWorld, browser, reads},
};
use tests::{Browser, Look, MERCHANT};

async fn check_all(browser: &Browser, axe: &Axe, what: &str) {
    for look in [
        Look::DESK,
        Look::DESK.dark(),
        Look::PHONE,
        Look::PHONE.dark(),
    ] {
        check::page(browser, look, axe, what).await;
    }
    browser.look(Look::DESK).await;
    check::keyboard(browser, what).await;
}

#[tokio::test]
async fn pages_of_the_mock_are_accessible_in_both_themes_and_on_a_phone() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let (world, axe) = (UiWorld::start().await, Axe::get().await);
    let mock = world.world.mock.base_url();
    browser.open(&format!("{mock}/")).await;
    reads(&browser, "mock-client").await;
    check_all(&browser, &axe, "the mock's control page").await;
    world.sign_in(&browser).await;
    browser.open(&world.url("/ui/accounts/north")).await;
    browser.click("form[action$='/connect'] button").await;
    reads(&browser, "Go to the carrier").await;
    check::page(
        &browser,
        Look::PHONE.dark(),
        &axe,
        "the page before the sign-in",
    )
    .await;
    browser.click("a[rel=noreferrer]").await;
    reads(&browser, "Password").await;
    check_all(&browser, &axe, "the carrier's sign-in").await;
    browser.type_into("#user", MERCHANT.0).await;
    browser.type_into("#password", MERCHANT.1).await;
    browser.click("#sign-in").await;
    reads(&browser, "Allow access?").await;
    check_all(&browser, &axe, "the carrier's consent").await;
    browser.click("#approve").await;
    reads(&browser, "now uses the new login").await;
    check::page(&browser, Look::PHONE, &axe, "the page after the sign-in").await;
    check::page(
        &browser,
        Look::DESK.dark(),
        &axe,
        "the page after the sign-in",
    )
    .await;
}
