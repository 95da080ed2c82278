//! The web interface of the real gateway, for what needs a carrier's plugin: a migration without a terminal.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use std::fs;
use tests::{Answer, Client, MERCHANT, OTHER, Operator, World, approve, carrier_plugin, local};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";
const LIST: &str = "name,account_number,access_key,user_id,environment\n\
                    Branch,D4E5F6,PLANTED7C1D5A9E3,merchant,test\n\
                    Depot,D4E5F6,,,test\n\
                    Outlet,X9Y8Z7,,other,test\n";

/// An administrator's browser.
pub(crate) struct Browser {
    client: Client,
    origin: String,
    cookie: String,
}

impl Browser {
    pub(crate) async fn signed_in(world: &World) -> Self {
        let file = world.gateway.process.folder().join("waybill-admin.token");
        let token = fs::read_to_string(file).expect("the gateway wrote its first admin token");
        let mut browser = Self {
            client: Client::new(world.gateway.admin),
            origin: format!("http://{}", world.gateway.admin),
            cookie: String::new(),
        };
        let body = format!("token={}&next=/ui", token.trim());
        let reply = browser.send(Method::POST, "/ui/sign-in", body).await;
        assert_eq!(reply.status(), 303, "{}", reply.text());
        let cookie = reply.field("set-cookie").split(';').next();
        browser.cookie = cookie.expect("a cookie").to_owned();
        browser
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", &self.origin)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .expect("a request");
        self.client.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let reply = self.send(Method::GET, path, String::new()).await;
        assert_eq!(reply.status(), 200, "{path}: {}", reply.text());
        reply.text().to_owned()
    }

    /// Sends a form of this session.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/ui/session").await;
        let (csrf, seen) = (field(&page, "csrf"), field(&page, "seen"));
        let mut body = format!("csrf={csrf}&seen={seen}");
        for (name, value) in fields {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            body.push_str(&format!("&{name}={encoded}"));
        }
        self.send(Method::POST, path, body).await
    }

    /// Sends a form, and shows the page to which it leads.
    pub(crate) async fn follow(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let reply = self.post(path, fields).await;
        assert_eq!(reply.status(), 303, "{path}: {}", reply.text());
        self.get(reply.field("location")).await
    }
}

/// The value of a page's hidden field.
pub(crate) fn field(page: &str, name: &str) -> String {
    between(page, &format!("name=\"{name}\" value=\""), "\"")
}

fn between(page: &str, start: &str, end: &str) -> String {
    let (_, rest) = page.split_once(start).expect(page);
    rest.split_once(end).expect(page).0.to_owned()
}

async fn world() -> World {
    let world = World::builder().more(STORE).start().await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    world
}

async fn plan(browser: &Browser, list: &str) -> String {
    let fields = [
        ("carrier", "ups"),
        ("client_id", "mock-client"),
        ("secret", "mock-secret"),
        ("list", list),
    ];
    browser.follow("/ui/new-migration", &fields).await
}

/// Signs in at the carrier with the link of the page, and comes back.
async fn sign_in(world: &World, browser: &Browser, account: &str, user: (&str, &str)) -> String {
    let path = format!("/ui/accounts/{account}/connect");
    let page = browser.post(&path, &[]).await;
    let link = between(page.text(), "class=\"button primary\" href=\"", "\"");
    let redirected = approve(&world.mock, &link.replace("&#38;", "&"), user).await;
    browser.get(&local(&redirected)).await
}

#[tokio::test]
async fn migration_is_planned_begun_signed_in_for_and_undone_without_a_terminal() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let planned = plan(&browser, LIST).await;
    for part in [
        "2 sign-ins for 2 numbers",
        "Branch, Depot",
        "Begin the migration",
    ] {
        assert!(planned.contains(part), "{part}: {planned}");
    }
    assert!(
        !planned.contains("PLANTED") && !planned.contains("mock-secret"),
        "{planned}"
    );
    let begin = |page: &str| field(page, "plan");
    let page = browser
        .follow("/ui/migration/apply", &[("plan", &begin(&planned))])
        .await;
    for part in [
        "The migration has begun",
        "Next: 1 of 2 sign-ins",
        "value=\"0\"",
        ".passphrase",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let done = sign_in(&world, &browser, "Branch", MERCHANT).await;
    assert!(done.contains("Signed in"), "{done}");
    let page = browser.get("/ui/migration").await;
    assert!(
        page.contains("Next: 2 of 2 sign-ins") && page.contains("value=\"1\""),
        "{page}"
    );
    sign_in(&world, &browser, "Outlet", OTHER).await;
    let page = browser.get("/ui/migration").await;
    assert!(page.contains("No sign-in is left"), "{page}");
    let id = between(&page, "<h2>Migration ", "</h2>");
    let page = browser
        .follow("/ui/migration/undo", &[("confirm", "no")])
        .await;
    assert!(page.contains("nothing was removed"), "{page}");
    let page = browser
        .follow("/ui/migration/undo", &[("confirm", &id)])
        .await;
    assert!(
        page.contains(&format!("The migration {id} is undone")),
        "{page}"
    );
    assert!(
        !page.contains("Undo the migration"),
        "nothing is left to undo: {page}"
    );
    let accounts = browser.get("/ui/accounts").await;
    assert!(!accounts.contains("Branch"), "{accounts}");
}

/// Nobody begins what the page did not show.
#[tokio::test]
async fn plan_that_another_administrator_has_changed_is_shown_again() {
    let world = world().await;
    let (one, two) = (
        Browser::signed_in(&world).await,
        Browser::signed_in(&world).await,
    );
    let first = plan(&one, LIST).await;
    let second = plan(&two, LIST).await;
    two.follow("/ui/migration/apply", &[("plan", &field(&second, "plan"))])
        .await;
    let page = one
        .follow("/ui/migration/apply", &[("plan", &field(&first, "plan"))])
        .await;
    assert!(
        page.contains("something has changed since this plan"),
        "{page}"
    );
    assert!(page.contains("Begin the migration"), "{page}");

    // A list with rows that cannot be used is shown with all of them, and cannot be begun.
    let broken = "name,account_number,environment\n<i>Shop,A1,test\nYard,A2,test\n";
    let page = plan(&one, broken).await;
    assert!(
        page.contains("row 1 (&#60;i&#62;Shop)") && page.contains("row 2 (Yard)"),
        "{page}"
    );
    assert!(
        !page.contains("Begin the migration") && !page.contains("<i>"),
        "{page}"
    );
}

#[tokio::test]
async fn configuration_shows_each_value_with_its_source_and_no_secret() {
    let world = World::builder()
        .more("[limits]\nbody = \"3MiB\"\n")
        .start()
        .await;
    let browser = Browser::signed_in(&world).await;
    let page = browser.get("/ui/configuration").await;
    for part in [
        "&#34;3MiB&#34;",
        "[[route]] 1",
        "line ",
        "default",
        "waybill.toml",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains("mock-secret") && !page.contains("waits for a restart"),
        "{page}"
    );

    // A reload takes one setting, and the other waits.
    let file = world.gateway.process.folder().join("waybill.toml");
    let text = fs::read_to_string(&file).expect("written");
    let text = text
        .replace("count = 1", "count = 2")
        .replace("3MiB", "4MiB");
    fs::write(&file, text).expect("the test owns the folder");
    Operator::of(&world.gateway)
        .post("reload", Value::Null)
        .await;
    let page = browser.get("/ui/configuration").await;
    assert!(page.contains("&#34;4MiB&#34;"), "{page}");
    assert_eq!(page.matches("waits for a restart").count(), 1, "{page}");
}

/// A carrier whose plugin has settings, and takes them without asking anybody.
async fn with_settings() -> World {
    let route = "[[route]]\ncarrier = \"static-header\"\nenvironment = \"test\"\nprefix = \"/other\"\n\
                 origin = \"http://127.0.0.1:9\"\ndanger_plaintext_upstream = true\n";
    World::builder()
        .more(&format!("{STORE}{route}"))
        .prepare(|folder| {
            let file = folder.join("plugins/static-header.so");
            fs::copy(carrier_plugin("static-header"), file).expect("the test owns the folder");
        })
        .start()
        .await
}

#[tokio::test]
async fn settings_of_a_carriers_plugin_are_fields_of_the_form_with_its_own_words() {
    let world = with_settings().await;
    let browser = Browser::signed_in(&world).await;
    let choice = browser.get("/ui/new-account").await;
    assert!(
        choice.contains("Continue") && choice.contains("API key"),
        "{choice}"
    );
    let form = browser.get("/ui/new-account?carrier=static-header").await;
    for part in [
        "name=\"setting.fields\"",
        "the header fields that carry the key",
        "type=\"password\"",
    ] {
        assert!(form.contains(part), "{part}: {form}");
    }
    let account = |fields: &'static str| {
        [
            ("name", "keyed"),
            ("carrier", "static-header"),
            ("environment", "test"),
            ("client_id", "my-id"),
            ("secret", "planted-key"),
            ("secret_setting.second_secret", "planted-second"),
            ("setting.fields", fields),
        ]
    };
    for (fields, words) in [
        ("{x", "it is no JSON"),
        ("{\"not a field\": \"{client_secret}\"}", "fields"),
    ] {
        let refused = browser.post("/ui/new-account", &account(fields)).await;
        let page = refused.text();
        assert_eq!(refused.status(), 400, "{page}");
        assert!(
            page.contains("aria-invalid") && page.contains(words),
            "{page}"
        );
        assert!(
            page.contains("value=\"my-id\"") && !page.contains("planted"),
            "{page}"
        );
    }
    let page = browser
        .follow(
            "/ui/new-account",
            &account("{\"X-Key\": \"{client_secret}\"}"),
        )
        .await;
    assert!(
        page.contains("The account keyed is added") && page.contains("X-Key"),
        "{page}"
    );
    assert!(
        page.contains("set, and secret") && !page.contains("planted"),
        "{page}"
    );
}

#[tokio::test]
async fn second_administrator_sees_what_the_first_has_changed() {
    let world = with_settings().await;
    let (one, two) = (
        Browser::signed_in(&world).await,
        Browser::signed_in(&world).await,
    );
    let old = "{\"X-Key\":\"{client_secret}\"}";
    let account = [
        ("name", "keyed"),
        ("carrier", "static-header"),
        ("environment", "test"),
        ("client_id", "my-id"),
        ("secret", "planted-key"),
        ("setting.fields", old),
    ];
    one.follow("/ui/new-account", &account).await;
    let path = "/ui/accounts/keyed/settings";
    let form = two.get(path).await;
    assert!(form.contains("name=\"seen.fields\""), "{form}");
    let change = |new: &'static str| [("seen.fields", old), ("setting.fields", new)];
    let page = one
        .follow(path, &change("{\"X-First\":\"{client_secret}\"}"))
        .await;
    assert!(
        page.contains("The settings are changed") && page.contains("X-First"),
        "{page}"
    );
    let late = two
        .post(path, &change("{\"X-Second\":\"{client_secret}\"}"))
        .await;
    let page = late.text();
    assert_eq!(late.status(), 400, "{page}");
    for part in ["somebody has changed it to", "X-First", "X-Second"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let kept = one.get("/ui/accounts/keyed").await;
    assert!(
        kept.contains("X-First") && !kept.contains("X-Second"),
        "{kept}"
    );
}

#[tokio::test]
async fn account_page_says_whether_it_gets_negotiated_rates_and_how_to() {
    let world = World::start().await;
    let browser = Browser::signed_in(&world).await;
    let page = browser.get("/ui/accounts/main").await;
    assert!(page.contains("not known: make a test call"), "{page}");
    browser.follow("/ui/accounts/main/probe", &[]).await;
    let page = browser.get("/ui/accounts/main").await;
    assert!(
        page.contains("Negotiated rates</dt><dd><span class=\"badge good\">"),
        "{page}"
    );
}
