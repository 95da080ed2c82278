//! What the pages' own script does: news as they come, and the code of an invitation out of the address.

use super::world::{UiWorld, browser, reads};
use serde_json::json;
use tests::MERCHANT;

#[tokio::test]
async fn requests_and_results_of_the_doctor_appear_as_they_come() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let world = UiWorld::start().await;
    world.sign_in(&browser).await;
    browser
        .open(&world.url("/ui/requests?app=web-shop&failed=true"))
        .await;
    reads(&browser, "No request matches.").await;
    reads(&browser, "New requests appear by themselves.").await;
    browser.open(&world.url("/ui/requests")).await;
    reads(&browser, "New requests appear by themselves.").await;
    let next = http::Request::get("/api/came-later/v1").body(bytes::Bytes::new());
    world.world.app.send(next.expect("a request")).await;
    reads(&browser, "/api/came-later/v1").await;
    // The last results are sorted, as without a script.
    browser.open(&world.url("/ui/doctor")).await;
    browser.click("form[data-live-form] button").await;
    reads(&browser, "Result: ").await;
    reads(&browser, "the gateway").await;
}

#[tokio::test]
async fn code_of_an_invitation_leaves_the_address_and_signs_in() {
    for scripts in [true, false] {
        let Some(browser) = browser(scripts).await else {
            return;
        };
        let world = UiWorld::start().await;
        let invitation = json!({ "account": "north", "days": 1 });
        let made = world.operator.post("invitations", invitation).await;
        let link = made["link"].as_str().expect("a link");
        browser.open(link).await;
        reads(&browser, "Your invitation").await;
        if scripts {
            assert!(!browser.url().await.contains('#'));
        } else {
            browser.type_into("#secret", link).await;
        }
        browser.click("form button.primary").await;
        reads(&browser, "D4E5F6").await;
        browser.click("form[action$='/begin'] button").await;
        browser.click("a[rel=noreferrer]").await;
        browser.type_into("#user", MERCHANT.0).await;
        browser.type_into("#password", MERCHANT.1).await;
        browser.click("#sign-in").await;
        browser.click("#approve").await;
        reads(&browser, "you can close this page").await;
    }
}
