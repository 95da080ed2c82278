//! Somebody outside, such as the owner of a branch, with one link for all accounts of a login.

use super::{
    axe::Axe,
    check,
    world::{UiWorld, browser, reads, signs_in},
};
use serde_json::json;
use tests::{Browser, Look, MERCHANT, OTHER};

/// The accounts that wait, each with a number that the merchant owns.
const ACCOUNTS: [(&str, &str); 3] = [
    ("north", "D4E5F6"),
    ("north-2", "D4E5F6"),
    ("south", "A1B2C3"),
];

async fn world() -> UiWorld {
    let world = UiWorld::start().await;
    for (name, number) in &ACCOUNTS[1..] {
        let account = json!({
            "name": name, "carrier": "ups", "environment": "test", "grant": "authorization_code",
            "client_id": "mock-client", "client_secrets": ["mock-secret"], "numbers": [number],
        });
        world.operator.post("accounts", account).await;
    }
    world
}

/// Goes on from the page of the invitation to the carrier, and signs in there.
async fn sign_in(browser: &Browser, login: (&str, &str)) {
    to_carrier(browser).await;
    signs_in(browser, login).await;
    browser.click("#approve").await;
}

async fn to_carrier(browser: &Browser) {
    browser.click("button.primary").await;
    browser.click("a[rel=noreferrer]").await;
}

#[tokio::test]
async fn owner_of_a_branch_signs_in_for_all_accounts_of_a_login_with_one_link() {
    for scripts in [true, false] {
        let Some(browser) = browser(scripts).await else {
            return;
        };
        let (world, axe) = (world().await, Axe::none());
        // The administrator chooses two logins on the page, and says that they are one person's.
        world.sign_in(&browser).await;
        browser.open(&world.url("/ui/invitations")).await;
        for value in ["north,north-2", "south"] {
            browser.click(&format!("input[value='{value}']")).await;
        }
        browser.click("button[value=one]").await;
        reads(&browser, "north, north-2, south").await;
        let link = browser
            .run("return document.querySelector('dd code').textContent")
            .await;
        let link = link.as_str().expect("a link").to_owned();
        browser.forget_cookies().await;

        browser.open(&link).await;
        if !scripts {
            browser.type_into("#secret", &link).await;
        }
        browser.click("form button.primary").await;
        reads(&browser, "for 0 of 3 accounts").await;
        for look in [Look::DESK, Look::PHONE] {
            check::page(&browser, look, &axe, "the invitation").await;
        }
        sign_in(&browser, OTHER).await;
        reads(&browser, "wrong_login").await;
        browser.click("a[href='/ui/invitation/account']").await;
        // The carrier remembers the wrong login, and lets the person change it.
        to_carrier(&browser).await;
        reads(&browser, "You are signed in as other").await;
        browser.click("#another").await;
        browser.type_into("#user", MERCHANT.0).await;
        browser.type_into("#password", MERCHANT.1).await;
        browser.click("#sign-in").await;
        browser.click("#approve").await;
        reads(&browser, "2 accounts of the same login still wait").await;
        browser.click("a[href='/ui/invitation/account']").await;
        reads(&browser, "for 1 of 3 accounts").await;
        // From here on nobody types a password.
        to_carrier(&browser).await;
        browser.click("#approve").await;
        reads(&browser, "1 account of the same login still waits").await;
        browser.click("a[href='/ui/invitation/account']").await;
        reads(&browser, "for 2 of 3 accounts").await;
        to_carrier(&browser).await;
        browser.click("#approve").await;
        reads(&browser, "you can close this page").await;
        let all = world.operator.get("invitations").await;
        assert_eq!(all[0]["state"], "used", "{all}");
        for (name, _) in ACCOUNTS {
            let account = world.operator.get(&format!("accounts/{name}")).await;
            assert_eq!(account["state"], "ready", "{name}: {account}");
        }
    }
}

/// The pages of who was invited, by all rules.
#[tokio::test]
async fn pages_of_an_invitation_are_accessible() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let (world, axe) = (world().await, Axe::get().await);
    for also in [json!([]), json!(["north-2", "south"])] {
        let invitation = json!({ "account": "north", "also": also, "days": 1 });
        let made = world.operator.post("invitations", invitation).await;
        browser.open(made["link"].as_str().expect("a link")).await;
        browser.click("form button.primary").await;
        reads(&browser, "The invitation ends").await;
        for step in ["the invitation", "its sign-in"] {
            for look in [Look::DESK, Look::DESK.dark(), Look::PHONE] {
                check::page(&browser, look, &axe, step).await;
            }
            check::keyboard(&browser, step).await;
            if step == "the invitation" {
                browser.click("button.primary").await;
                reads(&browser, "Go to the carrier").await;
            }
        }
    }
}
