//! Tables that are searched, sorted and turned over, as a browser asks for them.

use crate::{
    plane::{Managed, managed},
    ui::Browser,
};
use gateway_model::{ManagedBy, Role};
use gateway_store::{AdminTokenRecord, AppRecord, SecretDigest, Timestamp};

/// Each table: its page, and a column by which it sorts.
const TABLES: &[(&str, &str)] = &[
    ("/ui/accounts", "token"),
    ("/ui/apps", "used"),
    ("/ui/requests", "time"),
    ("/ui/notices", "since"),
    ("/ui/audit", "who"),
    ("/ui/invitations", "end"),
    ("/ui/admin-tokens", "made"),
    ("/ui/plugins", "state"),
    ("/ui/configuration", "from"),
    ("/ui/migration", "state"),
];

async fn with_apps(count: u32) -> Managed {
    let managed = managed().await;
    for n in 0..count {
        let app = AppRecord {
            name: format!("app-{n:03}").parse().expect("a name"),
            client_id: Some(format!("client-{n}")),
            secret: None,
            key: None,
            accounts: Vec::new(),
            rate: None,
            managed_by: ManagedBy::Operator,
            created_at: Timestamp(1),
            rotated_at: None,
        };
        managed.store.put_app(&app).await.expect("a new app");
    }
    managed
}

/// The names of the apps that a page shows.
fn apps(page: &str) -> Vec<&str> {
    let rows = page.split("<td data-label=\"App\">").skip(1);
    rows.filter_map(|row| row.split('<').next()).collect()
}

#[tokio::test]
async fn long_table_is_searched_sorted_and_turned_over() {
    let managed = with_apps(120).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    for (query, first, count, says) in [
        ("", "app-000", 50, "1 to 50 of 120"),
        ("?page=2", "app-100", 20, "101 to 120 of 120"),
        ("?sort=-name", "app-119", 50, "1 to 50 of 120"),
        ("?sort=-name&page=1", "app-069", 50, "51 to 100 of 120"),
        ("?q=client-11", "app-011", 11, "1 to 11 of 11 that match"),
        (
            "?q=APP-01+client",
            "app-010",
            10,
            "1 to 10 of 10 that match",
        ),
        (
            "?q=app-0&sort=-name&page=1",
            "app-049",
            50,
            "51 to 100 of 100 that match",
        ),
        ("?page=77", "app-100", 20, "There is no such page any more"),
    ] {
        let page = browser.get(&format!("/ui/apps{query}")).await.body;
        let shown = apps(&page);
        assert_eq!(
            (shown.first().copied(), shown.len()),
            (Some(first), count),
            "{query}"
        );
        assert!(page.contains(says), "{query}: {page}");
    }
    let page = browser.get("/ui/apps?q=app-0&sort=-name").await.body;
    for part in [
        "aria-sort=\"descending\"",
        "href=\"/ui/apps?q=app-0&#38;sort=-name&#38;page=1\"",
        "<option value=\"-name\" selected>App, descending</option>",
        "value=\"app-0\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let nothing = browser.get("/ui/apps?q=nobody").await.body;
    assert!(
        nothing.contains("Nothing here has “nobody” in it."),
        "{nothing}"
    );
    assert!(nothing.contains("<a href=\"/ui/apps\">Show all</a>"));
}

/// Admin tokens, requests and the audit trail come from other places than apps.
#[tokio::test]
async fn each_table_sorts_both_ways_and_says_so() {
    let managed = managed().await;
    for n in 0..6 {
        let token = AdminTokenRecord {
            name: format!("person-{n}"),
            token: SecretDigest([n; 32]),
            role: Role::ReadOnly,
            created_at: Timestamp(i64::from(n)),
        };
        managed.store.add_admin_token(&token).await.expect("new");
        let (at, actor) = (Timestamp(i64::from(n)), format!("person-{n}"));
        let fact = r#"{"rate": "a-fact"}"#;
        let entry = (managed.store).audit_begin(at, &actor, "app.add", "app:x", fact);
        entry.await.expect("an entry");
    }
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let order = |page: &str| {
        let place = |n| page.find(&format!("person-{n}")).expect("it is there");
        place(1) < place(4)
    };
    for (page, up) in [
        ("/ui/admin-tokens", true),
        ("/ui/admin-tokens?sort=-name", false),
        ("/ui/admin-tokens?sort=made", true),
        ("/ui/admin-tokens?sort=-made", false),
        ("/ui/audit", false),
        ("/ui/audit?sort=when", true),
        ("/ui/audit?sort=who", true),
        ("/ui/audit?sort=-who", false),
        ("/ui/audit?q=a-fact+APP.ADD&sort=who", true),
    ] {
        let reply = browser.get(page).await;
        assert_eq!(order(&reply.body), up, "{page}");
        assert_eq!(reply.body.matches("aria-sort=").count(), 1, "{page}");
    }
    let one = browser.get("/ui/audit?q=person-3&before=900").await.body;
    assert!(
        one.contains("person-3") && !one.contains("person-4"),
        "{one}"
    );
    assert!(one.contains("name=\"before\" value=\"900\""), "{one}");
}

/// An address is whatever somebody has made of it. The answer is a page that says what it does not know.
#[tokio::test]
async fn hostile_address_of_a_table_gets_a_page() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let mark = "%3Cimg%20src=x%20onerror=alert(1)%3E%22'";
    let long = "a%00%0d%0a".repeat(400);
    for (path, column) in TABLES {
        for query in [
            format!("q={mark}&sort={mark}&page={mark}&before={mark}&failed={mark}"),
            format!("q={long}"),
            format!("sort={long}&page={long}&account={long}&app={long}"),
            format!("sort={column}&sort=-{column}&q=1&q=2&page=1&page=2"),
            format!("sort=-{column}&page=18446744073709551615"),
            "sort=--&page=-1&q=%ff%fe".to_owned(),
            "&&&===&q&sort&page".to_owned(),
            "q=%25%5f%2a%5c%27%3b--&before=9223372036854775807".to_owned(),
        ] {
            let shown: String = query.chars().take(60).collect();
            let reply = browser.get(&format!("{path}?{query}")).await;
            assert_eq!(reply.status, 200, "{path} {shown}: {}", reply.body);
            assert!(reply.body.contains("<h1>"), "{path} {shown}");
            assert!(!reply.body.contains("<img"), "{path} {shown}");
            // Nothing that long comes back.
            assert!(reply.body.len() < 40_000, "{path} {shown}");
        }
    }
    let said = browser.get("/ui/audit?sort=colour").await.body;
    assert!(said.contains("no column “colour”"), "{said}");
    assert!(said.contains("root"), "and the rows are there: {said}");
    let cut = browser
        .get(&format!("/ui/audit?q={}", "x".repeat(101)))
        .await;
    assert!(cut.body.contains("Only the first 100 characters"));
}

/// Only the form of an order that exists is offered, and the address of a table has nothing of the session.
#[tokio::test]
async fn addresses_of_a_table_have_only_what_a_table_asks_for() {
    let managed = with_apps(60).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let page = browser
        .get("/ui/apps?csrf=planted&seen=1&token=planted&q=app")
        .await;
    assert_eq!(apps(&page.body).len(), 50);
    assert!(!page.body.contains("planted"), "{}", page.body);
    let requests = browser
        .get("/ui/requests?account=main&failed=true&app=shop&sort=time")
        .await;
    for part in [
        "account=main&#38;app=shop&#38;failed=true&#38;sort=-time\"",
        "account=main&#38;app=shop&#38;failed=true&#38;sort=status\"",
        "value=\"true\" checked",
    ] {
        assert!(requests.body.contains(part), "{part}: {}", requests.body);
    }
    assert!(
        !requests.body.contains("data-live=\""),
        "news would come to the wrong place"
    );
    let beginning = browser.get("/ui/requests?failed=true").await.body;
    assert!(beginning.contains("data-live=\""), "{beginning}");
}
