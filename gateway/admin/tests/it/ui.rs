//! The web interface, as a browser sees it.

use crate::{
    harness::Reply,
    plane::{Managed, managed, token},
};
use gateway_control::Actor;
use gateway_model::{Role, Secret};
use std::time::Duration;

/// Every page that shows something. A new page is one line here.
pub(crate) const PAGES: &[&str] = &[
    "/ui",
    "/ui/accounts",
    "/ui/accounts?q=x&sort=token&page=3",
    "/ui/invitations",
    "/ui/apps",
    "/ui/apps?q=shop&sort=-used",
    "/ui/requests",
    "/ui/requests?failed=true&account=main&app=shop",
    "/ui/requests?q=rating&sort=-time",
    "/ui/notices",
    "/ui/notices?sort=since",
    "/ui/audit",
    "/ui/audit?before=1",
    "/ui/audit?q=img&sort=who",
    "/ui/plugins",
    "/ui/session",
    "/ui/migration",
    "/ui/migration?sort=-state",
    "/ui/backup",
    "/ui/admin-tokens",
    "/ui/configuration",
];

/// The pages that load the script. They work without it.
const LIVE: &[&str] = &["/ui", "/ui/requests", "/ui/doctor"];

/// Every page with a form for administrators.
pub(crate) const FORMS: &[&str] = &[
    "/ui/doctor",
    "/ui/new-account",
    "/ui/new-app",
    "/ui/new-migration",
];

/// Every change. A new one is one line here.
pub(crate) const CHANGES: &[&str] = &[
    "/ui/doctor",
    "/ui/new-account",
    "/ui/new-app",
    "/ui/accounts/main/renew",
    "/ui/accounts/main/probe",
    "/ui/accounts/main/change",
    "/ui/accounts/main/settings",
    "/ui/accounts/main/remove",
    "/ui/accounts/main/connect",
    "/ui/accounts/main/paste",
    "/ui/invitations/add",
    "/ui/invitations/x/revoke",
    "/ui/apps/shop/rotate",
    "/ui/apps/shop/remove",
    "/ui/plugins/ups/reload",
    "/ui/plugins/ups/roll-back",
    "/ui/new-migration",
    "/ui/migration/apply",
    "/ui/migration/undo",
    "/ui/backup",
    "/ui/admin-tokens",
    "/ui/admin-tokens/viewer/remove",
];

/// A browser with one cookie.
pub(crate) struct Browser<'m> {
    pub(crate) managed: &'m Managed,
    pub(crate) cookie: Option<String>,
}

impl<'m> Browser<'m> {
    pub(crate) fn new(managed: &'m Managed) -> Self {
        Self {
            managed,
            cookie: None,
        }
    }

    /// A browser of who has signed in.
    pub(crate) async fn signed_in(managed: &'m Managed, token: &Secret) -> Self {
        let mut browser = Self::new(managed);
        let reply = browser.sign_in(token.expose(), "/ui").await;
        assert_eq!(
            (reply.status, reply.field("location")),
            (303, Some("/ui")),
            "{}",
            reply.body
        );
        browser
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        origin: &str,
        body: &str,
    ) -> Reply {
        // Time passes, so that no limit is met by accident.
        self.managed.server.clock.advance(Duration::from_secs(10));
        let mut fields = vec![("Host", "localhost:8081")];
        if method != "GET" {
            fields.push(("Origin", origin));
            fields.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let cookie = self.cookie.clone().unwrap_or_default();
        if !cookie.is_empty() {
            fields.push(("Cookie", &cookie));
        }
        let server = &self.managed.server;
        let reply = server.exchange(method, path, &fields, body).await;
        if let Some(pair) = reply
            .field("set-cookie")
            .and_then(|it| it.split(';').next())
        {
            // The zone has a cookie of its own, beside that of the session.
            self.cookie = match &self.cookie {
                Some(known) if pair.starts_with("waybill-zone") => Some(format!("{known}; {pair}")),
                Some(_) | None => Some(pair.to_owned()),
            };
        }
        reply
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, "", "").await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Reply {
        self.send("POST", path, "http://localhost:8081", body).await
    }

    pub(crate) async fn sign_in(&mut self, token: &str, next: &str) -> Reply {
        let body = format!("token={token}&next={next}");
        self.post("/ui/sign-in", &body).await
    }

    /// What the forms of a page send back.
    pub(crate) async fn csrf(&mut self) -> String {
        let page = self.get("/ui/session").await.body;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        let (csrf, _) = rest.split_once('"').expect("an end");
        csrf.to_owned()
    }

    /// A change by a form of this session.
    pub(crate) async fn change(&mut self, path: &str, fields: &str) -> Reply {
        let page = self.get("/ui/session").await.body;
        let (csrf, seen) = (hidden(&page, "csrf"), hidden(&page, "seen"));
        self.post(path, &format!("csrf={csrf}&seen={seen}&{fields}"))
            .await
    }
}

#[tokio::test]
async fn page_without_a_session_leads_to_the_sign_in_and_from_there_back() {
    let managed = managed().await;
    let mut browser = Browser::new(&managed);
    for page in PAGES.iter().chain(FORMS) {
        let reply = browser.get(page).await;
        assert_eq!(reply.status, 303, "{page}");
        let to = reply.field("location").expect("a place").to_owned();
        let form = browser.get(&to).await;
        assert_eq!(form.status, 200, "{to}");
        let next = page.replace('&', "&#38;");
        assert!(form.body.contains(&format!("value=\"{next}\"")), "{to}");
    }
    let root = browser.get("/").await;
    assert_eq!((root.status, root.field("location")), (307, Some("/ui")));
}

#[tokio::test]
async fn right_token_signs_in_and_a_wrong_one_does_not() {
    let managed = managed().await;
    let mut browser = Browser::new(&managed);
    let wrong = browser.sign_in("wrong", "/ui").await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.body.contains("unknown") && wrong.field("set-cookie").is_none());
    let token = managed.admin.expose().to_owned();
    let reply = browser.sign_in(&token, "/ui/audit").await;
    assert_eq!(
        (reply.status, reply.field("location")),
        (303, Some("/ui/audit"))
    );
    let cookie = reply.field("set-cookie").expect("a cookie");
    assert!(
        cookie.starts_with("__Host-waybill-8081=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert!(!cookie.contains(&token));
    assert_eq!(browser.get("/ui").await.status, 200);
    // Signing in leads to own pages only.
    let elsewhere = browser.sign_in(&token, "https://evil.example/").await;
    assert_eq!(elsewhere.field("location"), Some("/ui"));
}

#[tokio::test]
async fn guesses_are_limited_and_the_right_token_still_signs_in() {
    let managed = managed().await;
    let mut browser = Browser::new(&managed);
    let mut refused = 0;
    for _ in 0..40 {
        // Time stands still between them.
        let fields = [
            ("Host", "localhost:8081"),
            ("Origin", "http://localhost:8081"),
        ];
        let server = &managed.server;
        let reply = server
            .exchange("POST", "/ui/sign-in", &fields, "token=wrong")
            .await;
        refused += u32::from(reply.status == 429);
    }
    assert_eq!(refused, 30);
    let reply = browser.sign_in(managed.admin.expose(), "/ui").await;
    assert_eq!(reply.status, 303);
}

#[tokio::test]
async fn every_page_is_html_without_code_and_styles_of_its_own_and_other_servers() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    for page in PAGES.iter().chain(FORMS) {
        let reply = browser.get(page).await;
        assert_eq!(reply.status, 200, "{page}: {}", reply.body);
        let policy = reply.field("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"));
        assert!(!policy.contains("unsafe"), "{page}");
        let live = LIVE.contains(&page.split('?').next().expect("a path"));
        for allowed in ["script-src 'self';", "connect-src 'self';"] {
            assert_eq!(policy.contains(allowed), live, "{page}: {policy}");
        }
        assert_eq!(policy.matches("script-src").count(), usize::from(live));
        let script = "<script src=\"/ui/live.js?";
        assert_eq!(
            reply.body.matches(script).count(),
            usize::from(live),
            "{page}"
        );
        assert_eq!(reply.field("cache-control"), Some("no-store"), "{page}");
        let text = reply.body.replace(script, "").to_lowercase();
        for forbidden in [
            "<script",
            "<style",
            " style=",
            " onclick",
            "javascript:",
            "//",
        ] {
            // The document type has no address, and neither has anything else.
            assert!(!text.contains(forbidden), "{page} has {forbidden}");
        }
        assert!(
            text.contains("<h1>") && text.contains("lang=\"en\""),
            "{page}"
        );
        assert!(!text.contains(managed.admin.expose()), "{page}");
    }
    let style = browser.get("/ui/style.css").await;
    assert!(
        style
            .field("cache-control")
            .is_some_and(|it| it.contains("immutable"))
    );
    assert!(!style.body.contains("url("));
    let script = browser.get("/ui/live.js").await;
    assert_eq!(
        script.field("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    for forbidden in ["eval", "Function(", "import", "://", "localStorage"] {
        assert!(!script.body.contains(forbidden), "{forbidden}");
    }
    assert!(script.body.lines().count() < 150);
}

#[tokio::test]
async fn read_only_session_sees_every_page_and_changes_nothing() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.read_only).await;
    let before = managed.audited().await;
    for page in PAGES {
        let reply = browser.get(page).await;
        assert_eq!(reply.status, 200, "{page}");
        let forms = reply.body.matches("method=\"post\"").count();
        let own = reply.body.matches("action=\"/ui/session/").count();
        assert_eq!(forms, own, "{page} has a form that would be refused");
    }
    for form in FORMS {
        assert_eq!(browser.get(form).await.status, 403, "{form}");
    }
    for change in CHANGES {
        assert_eq!(browser.change(change, "").await.status, 403, "{change}");
    }
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn form_of_another_site_or_session_changes_nothing() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let before = managed.audited().await;
    let csrf = browser.csrf().await;
    for change in CHANGES
        .iter()
        .chain(&["/ui/session/end", "/ui/session/end-all"])
    {
        for wrong in ["", "csrf=", "csrf=x", &format!("csrf={csrf}x")] {
            let reply = browser.post(change, wrong).await;
            assert_eq!(reply.status, 400, "{change} {wrong}");
        }
        let right = format!("csrf={csrf}");
        for origin in ["https://evil.example", "null"] {
            let reply = browser.send("POST", change, origin, &right).await;
            assert_eq!(reply.status, 403, "{change} from {origin}");
        }
    }
    let mut other = Browser::signed_in(&managed, &managed.admin).await;
    assert_ne!(other.csrf().await, csrf);
    assert_eq!(managed.audited().await, before);
    assert_eq!(
        browser.get("/ui").await.status,
        200,
        "it is still signed in"
    );
}

#[tokio::test]
async fn session_ends_with_its_token_by_signing_out_and_when_it_is_idle() {
    let managed = managed().await;
    let extra = token(&managed.control, "extra", Role::Admin).await;
    let mut removed = Browser::signed_in(&managed, &extra).await;
    let gateway = Actor::gateway();
    (managed.control.remove_admin_token(&gateway, "extra").await).expect("it is there");
    assert_eq!(removed.get("/ui").await.status, 303);

    let mut one = Browser::signed_in(&managed, &managed.admin).await;
    let mut two = Browser::signed_in(&managed, &managed.admin).await;
    let mut viewer = Browser::signed_in(&managed, &managed.read_only).await;
    assert_eq!(viewer.get("/ui").await.status, 200);
    let old = one.cookie.clone();
    assert_eq!(one.change("/ui/session/end", "").await.status, 303);
    one.cookie = old;
    assert_eq!(
        one.get("/ui").await.status,
        303,
        "the cookie is worth nothing"
    );
    assert_eq!(two.get("/ui").await.status, 200);
    let mut three = Browser::signed_in(&managed, &managed.admin).await;
    three.change("/ui/session/end-all", "").await;
    assert_eq!(two.get("/ui").await.status, 303);
    assert_eq!(viewer.get("/ui").await.status, 200, "another token's");
    managed.server.clock.advance(Duration::from_secs(3 * 3_600));
    assert_eq!(viewer.get("/ui").await.status, 303);
}

#[tokio::test]
async fn what_was_typed_survives_a_lost_session_but_for_secrets() {
    let managed = managed().await;
    let mut browser = Browser::new(&managed);
    let typed = "csrf=old&name=shop%3C1%3E&accounts=main&secret=hunter2";
    let lost = browser.post("/ui/new-app", typed).await;
    assert_eq!(lost.status, 403);
    assert!(!lost.body.contains("hunter2"));
    let kept = hidden(&lost.body, "kept-fields");
    let body = format!(
        "token={}&kept-path=%2Fui%2Fnew-app&kept-secrets=secret&kept-fields={}",
        managed.admin.expose(),
        kept.replace('%', "%25").replace('&', "%26")
    );
    let resumed = browser.post("/ui/sign-in", &body).await;
    assert_eq!(resumed.status, 200);
    assert!(resumed.body.contains("action=\"/ui/new-app\""));
    assert!(
        resumed.body.contains("value=\"shop&#60;1&#62;\""),
        "{}",
        resumed.body
    );
    assert!(resumed.body.contains("name=\"secret\" type=\"password\""));
    let csrf = hidden(&resumed.body, "csrf");
    let sent = browser
        .post("/ui/new-app", &format!("csrf={csrf}&name=a b"))
        .await;
    assert!(
        sent.body.contains("the field “name”"),
        "the form's own error: {}",
        sent.body
    );
}

/// The value of a hidden field, with its entities decoded.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect("the field");
    let (value, _) = rest.split_once('"').expect("an end");
    value.replace("&#38;", "&")
}

#[tokio::test]
async fn text_of_anybody_is_shown_as_text() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let mark = "%3Cimg+src%3Dx%3E%22";
    for page in [
        format!("/ui/accounts?q={mark}"),
        format!("/ui/requests?account={mark}&app={mark}"),
        format!("/ui/accounts/{mark}"),
        format!("/ui/requests/{mark}"),
    ] {
        let reply = browser.get(&page).await;
        assert!(!reply.body.contains("<img"), "{page}");
    }
    let reply = browser
        .change("/ui/new-account", &format!("name={mark}&carrier={mark}"))
        .await;
    assert_eq!(reply.status, 400);
    assert!(!reply.body.contains("<img") && reply.body.contains("&#60;img"));
}

#[tokio::test]
async fn audit_shows_what_was_done_and_by_whom() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let gone = browser.change("/ui/apps/shop/remove", "confirm=shop").await;
    assert_eq!(
        (gone.status, gone.field("location")),
        (303, Some("/ui/apps"))
    );
    let apps = browser.get("/ui/apps").await.body;
    assert!(apps.contains("role=\"alert\""), "there is no app: {apps}");
    assert!(
        !browser
            .get("/ui/apps")
            .await
            .body
            .contains("role=\"alert\"")
    );
    let trail = browser.get("/ui/audit").await.body;
    assert!(
        trail.contains("app.remove") && trail.contains("root"),
        "{trail}"
    );
}

#[tokio::test]
async fn times_are_in_the_zone_of_the_reader() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    assert!(
        browser
            .get("/ui/audit")
            .await
            .body
            .contains("1970-01-01 00:16 UTC")
    );
    let unknown = browser.change("/ui/session/zone", "zone=Mars/Base").await;
    assert_eq!(unknown.status, 303);
    let page = browser.get("/ui/session").await.body;
    assert!(page.contains("this time zone is unknown"), "{page}");
    browser.change("/ui/session/zone", "zone=Asia/Tokyo").await;
    assert!(
        browser
            .get("/ui/audit")
            .await
            .body
            .contains("1970-01-01 09:16 JST")
    );
}
