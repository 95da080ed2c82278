//! A person without a mouse.

use super::world::{UiWorld, browser, reads};
use tests::Browser;

const FOCUSED: &str = "const it = document.activeElement; return it.id || it.textContent.trim();";

/// Presses Tab until something with this id or text has the focus.
async fn go_to(browser: &Browser, wanted: &str) {
    for _ in 0..80 {
        if browser.run(FOCUSED).await == wanted {
            return;
        }
        browser.tab(1).await;
    }
    unreachable!("{wanted} is not reached with Tab");
}

async fn fill(browser: &Browser, field: &str, text: &str) {
    go_to(browser, field).await;
    browser.press(text).await;
}

#[tokio::test]
async fn account_is_added_with_the_keyboard_alone() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let world = UiWorld::start().await;
    browser.open(&world.url("/ui")).await;
    // The only field of the page has the focus already.
    browser.press(&world.token()).await;
    browser.enter().await;
    reads(&browser, "What needs a person").await;
    go_to(&browser, "Skip to the content").await;
    go_to(&browser, "Accounts").await;
    browser.enter().await;
    go_to(&browser, "Add an account").await;
    browser.enter().await;
    reads(&browser, "How it gets tokens").await;
    fill(&browser, "name", "by-keyboard").await;
    fill(&browser, "numbers", "A1B2C3").await;
    fill(&browser, "client_id", "mock-client").await;
    fill(&browser, "secret", "mock-secret").await;
    browser.enter().await;
    reads(&browser, "The account by-keyboard is added.").await;
}
