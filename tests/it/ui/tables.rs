//! Tables that are searched, sorted and turned over: with scripts and without, with the mouse, the keyboard and on a
//! phone.

use super::{
    axe::Axe,
    check,
    world::{UiWorld, browser, reads},
};
use serde_json::json;
use tests::{Browser, Look};

/// Enough for a second page.
const APPS: usize = 60;

async fn world() -> UiWorld {
    let world = UiWorld::start().await;
    for n in 0..APPS {
        let app = json!({ "name": format!("till-{n:02}"), "accounts": ["main"], "rate": {
            "per_second": 100 - n, "burst": 100 } });
        world.operator.post("apps", app).await;
    }
    world
}

/// What stands in the first column, row by row.
async fn first_column(browser: &Browser) -> Vec<String> {
    let cells = browser
        .run(
            "return [...document.querySelectorAll('tbody tr')].map((it) => \
             it.cells[0].textContent.trim().split(' ')[0])",
        )
        .await;
    let cells = cells.as_array().expect("a list").iter();
    cells
        .map(|it| it.as_str().expect("text").to_owned())
        .collect()
}

/// The column by which the table says that it is sorted, and the direction.
async fn sorted_by(browser: &Browser) -> String {
    let head = browser
        .run(
            "return [...document.querySelectorAll('th[aria-sort]')].map((it) => \
             it.textContent.trim() + ' ' + it.ariaSort).join()",
        )
        .await;
    head.as_str().expect("text").to_owned()
}

async fn shows(browser: &Browser, first: &str, count: usize) {
    let rows = first_column(browser).await;
    assert_eq!(
        (rows.first().map(String::as_str), rows.len()),
        (Some(first), count),
        "{}",
        browser.url().await
    );
}

#[tokio::test]
async fn long_table_is_searched_sorted_and_turned_over() {
    for scripts in [true, false] {
        let Some(browser) = browser(scripts).await else {
            return;
        };
        let world = world().await;
        world.sign_in(&browser).await;
        browser.click("nav a[href='/ui/apps']").await;
        reads(&browser, "1 to 50 of").await;
        assert_eq!(sorted_by(&browser).await, "App ascending");
        browser.click("a[rel=next]").await;
        reads(&browser, "51 to").await;
        browser.click("a[rel=prev]").await;
        reads(&browser, "1 to 50").await;
        browser.type_into("#q", "till-5").await;
        browser.click("form[role=search] button").await;
        reads(&browser, "1 to 10 of 10 that match").await;
        shows(&browser, "till-50", 10).await;
        browser.click("th a[href*='sort=-name']").await;
        reads(&browser, "till-59").await;
        assert_eq!(sorted_by(&browser).await, "App descending");
        shows(&browser, "till-59", 10).await;
        // Numbers are sorted as numbers, and the search goes on.
        browser.click("th a[href*='sort=rate']").await;
        reads(&browser, "41 a second").await;
        assert_eq!(sorted_by(&browser).await, "Rate ascending");
        shows(&browser, "till-59", 10).await;
        browser.click(".pages a[href='/ui/apps']").await;
        reads(&browser, "1 to 50 of").await;
    }
}

#[tokio::test]
async fn table_is_sorted_on_a_phone_and_searched_with_the_keyboard() {
    let Some(browser) = browser(true).await else {
        return;
    };
    let (world, axe) = (world().await, Axe::get().await);
    world.sign_in(&browser).await;
    browser.look(Look::PHONE).await;
    browser.open(&world.url("/ui/apps")).await;
    // The head of the table is not there, so the form has the orders.
    browser.click("#sort option[value='-name']").await;
    browser.click("form[role=search] button").await;
    reads(&browser, "web-shop").await;
    shows(&browser, "web-shop", 50).await;
    check::keyboard(&browser, "a sorted table on a phone").await;
    check::page(&browser, Look::PHONE.dark(), &axe, "a sorted table").await;
    browser.look(Look::DESK).await;
    browser.open(&world.url("/ui/apps?sort=-name&page=1")).await;
    check::page(&browser, Look::DESK, &axe, "a page of a sorted table").await;
    browser.run("document.querySelector('#q').focus()").await;
    browser.press("till-07").await;
    browser.enter().await;
    reads(&browser, "1 to 1 of 1 that match").await;
    shows(&browser, "till-07", 1).await;
    for page in [
        "/ui/configuration?sort=from&q=listen",
        "/ui/audit?q=app.add&sort=who",
    ] {
        browser.open(&world.url(page)).await;
        for look in [Look::DESK, Look::DESK.dark(), Look::PHONE] {
            check::page(&browser, look, &axe, page).await;
        }
    }
}

/// Whatever stands in the address, there is a page, and nothing of the address runs.
#[tokio::test]
async fn hostile_address_shows_a_page_and_runs_nothing() {
    for scripts in [true, false] {
        let Some(browser) = browser(scripts).await else {
            return;
        };
        let (world, axe) = (UiWorld::start().await, Axe::none());
        world.sign_in(&browser).await;
        let mark = "%3Cimg%20src=x%20onerror=%22document.title='ran'%22%3E";
        let long = "long%20".repeat(1_000);
        for (path, says) in [
            (format!("/ui/audit?q={mark}"), "Nothing here has “<img"),
            (format!("/ui/apps?q={mark}&sort={mark}"), "no column “<img"),
            (format!("/ui/requests?q={mark}&account={mark}"), "<img"),
            (
                format!("/ui/accounts?q={long}"),
                "Only the first 100 characters",
            ),
            (
                "/ui/audit?sort=colour&page=900".to_owned(),
                "no column “colour”",
            ),
            (
                "/ui/notices?page=900&sort=since".to_owned(),
                "this is the last one",
            ),
        ] {
            browser.open(&world.url(&path)).await;
            reads(&browser, says).await;
            let title = browser.run("return document.title").await;
            assert_ne!(title, "ran", "{path}");
            for look in [Look::DESK, Look::PHONE] {
                check::page(&browser, look, &axe, &path).await;
            }
        }
    }
}
