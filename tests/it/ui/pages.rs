//! Every page, in each theme and width, with scripts and without.

use super::{
    axe::{Axe, Rules},
    check,
    world::UiWorld,
};
use tests::{Browser, Look};

/// A page: its address and its heading. `{request}` stands for the id of a request.
pub(super) struct Page(pub(super) &'static str, pub(super) &'static str);

/// Every page of the interface. A new page is one line here.
pub(super) const PAGES: &[Page] = &[
    Page("/ui", "Overview"),
    Page("/ui/accounts", "Accounts"),
    Page("/ui/accounts?q=nobody", "Accounts"),
    Page("/ui/accounts/main", "main"),
    Page("/ui/accounts/north", "north"),
    Page("/ui/accounts/refused", "refused"),
    Page("/ui/new-account", "Add an account"),
    Page("/ui/invitations", "Invitations"),
    Page("/ui/invitation", "You are invited to sign in"),
    Page("/ui/apps", "Apps"),
    Page("/ui/apps?q=nobody&sort=colour", "Apps"),
    Page("/ui/new-app", "Add an app"),
    Page("/ui/requests", "Requests"),
    Page("/ui/requests?failed=true", "Requests"),
    Page("/ui/requests/{request}", "One request"),
    Page("/ui/notices", "Notices"),
    Page("/ui/doctor", "Doctor"),
    Page("/ui/plugins", "Plugins"),
    Page("/ui/audit", "Audit"),
    Page("/ui/audit?q=account.add&sort=-when", "Audit"),
    Page("/ui/migration", "Migration"),
    Page("/ui/new-migration", "Plan a migration"),
    Page("/ui/backup", "Backup"),
    Page("/ui/admin-tokens", "Admin tokens"),
    Page("/ui/configuration", "Configuration"),
    Page("/ui/session", "Your session"),
    Page("/ui/nowhere", "That did not work"),
];

const HEADING: &str = "return document.querySelector('h1').textContent.trim()";

async fn heading(browser: &Browser) -> String {
    browser
        .run(HEADING)
        .await
        .as_str()
        .expect("text")
        .to_owned()
}

#[tokio::test]
async fn every_page_is_accessible_in_both_themes_and_on_a_phone() {
    let Some(browser) = super::world::browser(true).await else {
        return;
    };
    let (world, axe) = (UiWorld::start().await, Axe::get().await);
    browser.open(&world.url("/ui/sign-in")).await;
    check::page(&browser, Look::DESK, &axe, "the sign-in").await;
    check::page(&browser, Look::PHONE.dark(), &axe, "the sign-in").await;
    check::keyboard(&browser, "the sign-in").await;
    world.sign_in(&browser).await;
    for Page(path, title) in PAGES {
        browser.look(Look::DESK).await;
        browser.open(&world.page(path).await).await;
        assert_eq!(heading(&browser).await, *title, "{path}");
        check::page(&browser, Look::DESK, &axe, path).await;
        check::keyboard(&browser, path).await;
        // By all rules again in the full form only: they take most of the time of this test.
        let (dark, phone) = (Rules::Colours.again(), Rules::Layout.again());
        check::by(&browser, Look::DESK.dark(), &axe, dark, path).await;
        check::by(&browser, Look::PHONE, &axe, phone, path).await;
    }
}

#[tokio::test]
async fn every_page_works_without_scripts_in_one_column() {
    let Some(browser) = super::world::browser(false).await else {
        return;
    };
    let (world, axe) = (UiWorld::start().await, Axe::none());
    world.sign_in(&browser).await;
    for Page(path, title) in PAGES {
        browser.open(&world.page(path).await).await;
        assert_eq!(heading(&browser).await, *title, "{path}");
        for look in [Look::DESK, Look::PHONE] {
            check::page(&browser, look, &axe, path).await;
        }
    }
}

/// What a first visit transfers, in bytes: less than 60 KB even before compression.
#[tokio::test]
async fn first_visit_transfers_little() {
    let world = UiWorld::start().await;
    let cookie = world.cookie().await;
    let mut bytes = 0;
    let mut seen = Vec::new();
    for path in ["/ui/sign-in", "/ui"] {
        let text = world.get(path, &cookie).await;
        bytes += text.len();
        // Each address once: a browser keeps what it has.
        for part in text.split(['"', '\'']).filter(|it| it.starts_with("/ui/")) {
            let asset = [".css", ".js", ".svg"].iter().any(|it| part.contains(it));
            if asset && !seen.contains(&part.to_owned()) {
                bytes += world.get(part, &cookie).await.len();
                seen.push(part.to_owned());
            }
        }
    }
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(bytes <= 60_000, "{bytes} bytes: {seen:?}");
}
