//! Two administrators at once. The second one's page is older than what the first one did.

use super::world::UiWorld;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tests::{Answer, Operator};

/// A form, what an administrator types into it, and what another one does before it is sent, by the API. A new form that
/// changes something is one line here.
type Case = (
    &'static str,
    &'static str,
    (&'static str, &'static str, &'static str),
);

const ONE: &str = r#"{"numbers": ["A1B2C3"]}"#;
const OTHER: &str = r#"{"numbers": ["D4E5F6"]}"#;
const DEFAULT: &str = r#"{"default": true}"#;
const NOTHING: &str = "null";
const MIGRATION: &str = r#"{
    "carrier": "ups", "client_id": "mock-client", "client_secret": "mock-secret",
    "profiles": [{ "name": "Shop", "account_number": "A1B2C3", "environment": "test" }]
}"#;

const CASES: &[Case] = &[
    (
        "accounts/north/change",
        "what=numbers&numbers=X9Y8Z7",
        ("PATCH", "accounts/north", ONE),
    ),
    (
        "accounts/north/change",
        "what=secret&secret=typed-secret",
        ("PATCH", "accounts/north", OTHER),
    ),
    (
        "accounts/north/change",
        "what=switch-off",
        ("PATCH", "accounts/north", ONE),
    ),
    (
        "accounts/north/change",
        "what=default",
        ("PATCH", "accounts/north", OTHER),
    ),
    // Another account was made the default of the same carrier and environment.
    (
        "accounts/north/change",
        "what=default",
        ("PATCH", "accounts/refused", DEFAULT),
    ),
    (
        "new-account",
        "name=new&carrier=ups&environment=test&default=on",
        ("PATCH", "accounts/refused", DEFAULT),
    ),
    (
        "accounts/north/connect",
        "",
        ("PATCH", "accounts/north", ONE),
    ),
    (
        "accounts/north/paste",
        "redirected=typed-address",
        ("PATCH", "accounts/north", OTHER),
    ),
    (
        "accounts/north/remove",
        "confirm=north",
        ("PATCH", "accounts/north", ONE),
    ),
    (
        "invitations/add",
        "account=north&days=5",
        ("POST", "invitations", r#"{"account": "north"}"#),
    ),
    (
        "invitations/{invitation}/revoke",
        "",
        ("DELETE", "invitations/{invitation}", NOTHING),
    ),
    (
        "apps/web-shop/rotate",
        "",
        ("POST", "apps/web-shop/rotate", "{}"),
    ),
    (
        "apps/web-shop/remove",
        "confirm=web-shop",
        ("PATCH", "apps/web-shop", r#"{"accounts": ["north"]}"#),
    ),
    (
        "admin-tokens/extra/remove",
        "confirm=extra",
        ("DELETE", "admin-tokens/extra", NOTHING),
    ),
    (
        "plugins/ups/reload",
        "",
        ("POST", "plugins/ups/reload", NOTHING),
    ),
    (
        "plugins/ups/roll-back",
        "",
        ("POST", "plugins/ups/reload", NOTHING),
    ),
    (
        "migration/undo",
        "confirm=x",
        ("POST", "migration", MIGRATION),
    ),
];

/// A browser without a window.
struct Reader<'w> {
    world: &'w UiWorld,
    cookie: String,
    invitation: String,
}

impl Reader<'_> {
    /// What the forms of a page that is opened now send beside what is typed.
    async fn own_fields(&self) -> String {
        let page = self.world.get("/ui/session", &self.cookie).await;
        own_fields(&page)
    }

    async fn post(&self, form: &str, fields: &str) -> Answer {
        let path = format!("/ui/{}", form.replace("{invitation}", &self.invitation));
        let request = Request::post(path)
            .header("origin", self.world.world.gateway.admin_url())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie)
            .body(Bytes::from(fields.to_owned()));
        self.world
            .world
            .admin
            .send(request.expect("a request"))
            .await
    }
}

fn own_fields(page: &str) -> String {
    let value = |name: &str| {
        let (_, rest) = page
            .split_once(&format!("name=\"{name}\" value=\""))
            .expect("a form has it");
        rest.split('"').next().expect("an end").to_owned()
    };
    format!("csrf={}&seen={}", value("csrf"), value("seen"))
}

async fn audit(operator: &Operator) -> Value {
    operator.get("audit?limit=1").await[0]["id"].clone()
}

#[tokio::test]
async fn later_administrator_sees_what_the_other_has_changed_and_loses_nothing() {
    let world = UiWorld::start().await;
    let token = json!({ "name": "extra", "role": "read_only" });
    world.operator.post("admin-tokens", token).await;
    let made = json!({ "account": "north", "days": 1 });
    let made = world.operator.post("invitations", made).await;
    let reader = Reader {
        cookie: world.cookie().await,
        invitation: made["id"].as_str().expect("an id").to_owned(),
        world: &world,
    };
    for (form, typed, (method, path, body)) in CASES {
        let opened = reader.own_fields().await;
        let path = path.replace("{invitation}", &reader.invitation);
        let method = method.parse().expect("a method");
        let body = serde_json::from_str(body).expect("JSON");
        let done = world.operator.call(method, &path, body).await;
        assert!(done.status().is_success(), "{form}: {}", done.text());
        let before = audit(&world.operator).await;
        let page = reader.post(form, &format!("{opened}&{typed}")).await;
        assert_eq!(page.status(), 409, "{form}: {}", page.text());
        assert_eq!(
            audit(&world.operator).await,
            before,
            "{form} changed something"
        );
        assert!(
            page.text().contains("Somebody else has changed this"),
            "{form}"
        );
        // Who it was, and all that was typed but for secrets.
        assert!(
            page.text().contains("<td data-label=\"Who\">admin</td>"),
            "{form}"
        );
        for field in typed.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = field.split_once('=').expect("a field");
            assert!(
                page.text().contains(&format!("name=\"{name}\"")),
                "{form}: {name}"
            );
            let secret = ["secret", "redirected"].contains(&name);
            let shown = page.text().contains(&format!("value=\"{value}\""));
            assert_eq!(shown, !secret, "{form}: {name}");
        }
        // The page knows the change, so sending it again is a decision.
        let again = reader
            .post(
                form,
                &format!("{}&what=nothing&confirm=nothing", own_fields(page.text())),
            )
            .await;
        assert_ne!(again.status(), 409, "{form}");
    }
}

/// Both pages are as new; both forms come at one moment.
#[tokio::test]
async fn of_two_forms_at_one_moment_one_is_told_of_the_other() {
    let world = UiWorld::start().await;
    let reader = |cookie| Reader {
        cookie,
        invitation: String::new(),
        world: &world,
    };
    let (one, other) = (reader(world.cookie().await), reader(world.cookie().await));
    for round in 0..5 {
        let (first, second) = (one.own_fields().await, other.own_fields().await);
        let (first, second) = (
            format!("{first}&what=numbers&numbers=A1B2C3"),
            format!("{second}&what=numbers&numbers=X9Y8Z7"),
        );
        let (first, second) = tokio::join!(
            one.post("accounts/north/change", &first),
            other.post("accounts/north/change", &second),
        );
        let mut statuses = [first.status().as_u16(), second.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "round {round}");
    }
}
