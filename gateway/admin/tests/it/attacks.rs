//! Attacks on the web interface, one line and one test each.
//!
//! | Attack | Test |
//! |---|---|
//! | a session that the attacker chose (fixation) | `session_of_an_attacker_becomes_nobody_elses` |
//! | a cookie of a neighbour or of plain HTTP in the place of the session's (tossing) | `cookie_that_is_not_the_listeners_own_is_none` |
//! | a stolen cookie after *sign out everywhere*, after another master key | `stolen_cookie_is_worth_nothing_after_signing_out_everywhere`; `ui::session_ends_with_its_token_by_signing_out_and_when_it_is_idle` |
//! | a session that somebody writes into the database | the store's own tests of sessions |
//! | a form of another site: without a text, with one of another session, with one of an invitation | `ui::form_of_another_site_or_session_changes_nothing`, `form_with_the_text_of_another_session_changes_nothing` |
//! | somebody is signed in with the attacker's token, or gets the attacker's invitation | `page_of_another_site_signs_nobody_in` |
//! | a change by GET, HEAD or another method | `change_by_another_method_is_none` |
//! | another name in `Host`, a name that resolves to this listener (DNS rebinding), `X-Forwarded-Host` | `foreign_host_reaches_no_page_and_is_in_no_answer` |
//! | another `Origin` that looks like the listener's | `origin_that_only_looks_like_the_listeners_own_is_foreign` |
//! | reading by a page of another site (CORS) | `page_of_another_site_may_read_nothing` |
//! | the pages in a frame (clickjacking) | `no_answer_may_be_framed_kept_or_sniffed` |
//! | markup in everything that the store holds | `markup_in_the_store_is_text_on_every_page`; in addresses: `ui::text_of_anybody_is_shown_as_text` |
//! | line ends in what becomes a field of an answer (header injection) | `line_ends_reach_no_field_of_an_answer` |
//! | a link to another site after the sign-in | `ui::right_token_signs_in_and_a_wrong_one_does_not`, `kept::sign_in_leads_to_own_pages_only` |
//! | an invitation that was used, ended, was taken back or is guessed | `tests/it/invitations.rs`, `code_of_an_invitation_that_is_guessed_opens_nothing_and_is_counted` |
//! | huge, cut and broken uploads | `ui_pages::huge_upload_is_read_to_its_end_and_gets_a_page`, `ui_pages::upload_that_is_no_list_gets_a_page_that_says_so`, `broken_form_gets_a_page_and_changes_nothing` |
//! | secrets in an address, in the source of a page, in the browser's history | `no_secret_is_in_an_address_or_in_a_page` |

use crate::{
    harness::Reply,
    plane::{Managed, managed},
    ui::{Browser, CHANGES, FORMS, PAGES, hidden},
};
use gateway_model::{GrantKind, ManagedBy, NoticeKind, Role, Secret};
use gateway_store::{
    AccountRecord, AdminTokenRecord, AppRecord, InvitationRecord, LegacyKeyRecord, MigrationRecord,
    NoticeRecord, RenewalEntry, SecretDigest, Timestamp,
};
use serde_json::json;
use std::time::Duration;

const HOST: &str = "localhost:8081";
const OWN: &str = "http://localhost:8081";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Time passes before each request, so that no limit is met by accident.
async fn send(
    managed: &Managed,
    (method, path): (&str, &str),
    fields: &[(&str, &str)],
    body: &str,
) -> Reply {
    managed.server.clock.advance(Duration::from_secs(10));
    managed.server.exchange(method, path, fields, body).await
}

/// The value of the cookie that a browser holds.
fn value(cookie: Option<&String>) -> String {
    let (_, value) = cookie.expect("a cookie").split_once('=').expect("a value");
    value.to_owned()
}

#[tokio::test]
async fn session_of_an_attacker_becomes_nobody_elses() {
    let managed = managed().await;
    let mut attacker = Browser::signed_in(&managed, &managed.read_only).await;
    let theirs = value(attacker.cookie.as_ref());
    for planted in [theirs.as_str(), "chosen-by-the-attacker", "x"] {
        let mut victim = Browser::new(&managed);
        victim.cookie = Some(format!("__Host-waybill-8081={planted}"));
        let reply = victim.sign_in(managed.admin.expose(), "/ui").await;
        assert_eq!(reply.status, 303, "{planted}");
        assert_ne!(value(victim.cookie.as_ref()), planted);
        assert_eq!(victim.get("/ui/new-app").await.status, 200, "an admin");
        // What was planted is what it was before: the attacker's own session, or none.
        let mut again = Browser::new(&managed);
        again.cookie = Some(format!("__Host-waybill-8081={planted}"));
        assert_ne!(again.get("/ui/new-app").await.status, 200, "{planted}");
    }
    let page = attacker.get("/ui/session").await.body;
    assert!(page.contains("viewer") && !page.contains("root"), "{page}");
}

#[tokio::test]
async fn cookie_that_is_not_the_listeners_own_is_none() {
    let managed = managed().await;
    let browser = Browser::signed_in(&managed, &managed.admin).await;
    let right = value(browser.cookie.as_ref());
    for cookie in [
        // Anybody on the way could have set these.
        format!("waybill-8081={right}"),
        format!("waybill={right}"),
        // Of a gateway on another port of this machine.
        format!("__Host-waybill-8082={right}"),
        format!("__host-waybill-8081={right}"),
        // Which of two is meant?
        format!("__Host-waybill-8081={right}; __Host-waybill-8081=x"),
        format!("__Host-waybill-8081=x; __Host-waybill-8081={right}"),
        format!("__Host-waybill-8081-invitation={right}"),
        format!("__Host-waybill-8081=\"{right}\""),
        format!("__Host-waybill-8081={right}x"),
        format!("__Host-waybill-8081={}", right.to_lowercase()),
        format!("__Host-waybill-8081={}", "x".repeat(100_000)),
    ] {
        let fields = [("Host", HOST), ("Cookie", cookie.as_str())];
        let reply = send(&managed, ("GET", "/ui"), &fields, "").await;
        let short: String = cookie.chars().take(80).collect();
        assert!(
            [303, 431].contains(&reply.status),
            "{short}: {}",
            reply.status
        );
    }
    // And the session is no invitation.
    let cookie = format!("__Host-waybill-8081-invitation={right}");
    let fields = [("Host", HOST), ("Cookie", cookie.as_str())];
    let reply = send(&managed, ("GET", "/ui/invitation/account"), &fields, "").await;
    assert_eq!(reply.status, 404, "{}", reply.body);
}

#[tokio::test]
async fn stolen_cookie_is_worth_nothing_after_signing_out_everywhere() {
    let managed = managed().await;
    let mut owner = Browser::signed_in(&managed, &managed.admin).await;
    let mut thief = Browser::new(&managed);
    thief.cookie.clone_from(&owner.cookie);
    let form = thief.get("/ui/session").await.body;
    let own_fields = format!(
        "csrf={}&seen={}",
        hidden(&form, "csrf"),
        hidden(&form, "seen")
    );
    owner.change("/ui/session/end-all", "").await;
    let before = managed.audited().await;
    for page in PAGES.iter().chain(FORMS).chain(&["/ui/requests/live"]) {
        assert_eq!(thief.get(page).await.status, 303, "{page}");
    }
    for change in CHANGES {
        let reply = thief.post(change, &own_fields).await;
        assert_eq!(reply.status, 403, "{change}");
    }
    assert_eq!(managed.audited().await, before);
    // The cookie is no admin token, either.
    let bearer = Secret::new(value(thief.cookie.as_ref()));
    let reply = managed
        .call(Some(&bearer), "GET", "/api/v1/status", "")
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn form_with_the_text_of_another_session_changes_nothing() {
    let managed = managed().await;
    let mut victim = Browser::signed_in(&managed, &managed.admin).await;
    let mut attacker = Browser::signed_in(&managed, &managed.admin).await;
    let mut reader = Browser::signed_in(&managed, &managed.read_only).await;
    let (theirs, weak) = (attacker.csrf().await, reader.csrf().await);
    let before = managed.audited().await;
    for change in CHANGES.iter().chain(&["/ui/session/end-all"]) {
        for foreign in [&theirs, &weak] {
            let reply = victim.post(change, &format!("csrf={foreign}")).await;
            assert_eq!(reply.status, 400, "{change}");
        }
    }
    // In the address, in a field of the request, or twice: only the form's own first field counts.
    let own = victim.csrf().await;
    let change = "/ui/session/end-all";
    for (path, body) in [
        (format!("{change}?csrf={own}"), String::new()),
        (change.to_owned(), format!("csrf={theirs}&csrf={own}")),
        (change.to_owned(), format!("CSRF={own}")),
        (change.to_owned(), format!("{{\"csrf\":\"{own}\"}}")),
    ] {
        assert_eq!(victim.post(&path, &body).await.status, 400, "{path} {body}");
    }
    assert_eq!(managed.audited().await, before);
    assert_eq!(victim.get("/ui").await.status, 200);
}

#[tokio::test]
async fn page_of_another_site_signs_nobody_in() {
    let managed = managed().await;
    let token = managed.read_only.expose();
    for (path, body) in [
        ("/ui/sign-in", format!("token={token}")),
        ("/ui/invitation", "secret=of-the-attacker".to_owned()),
        ("/ui/invitation/begin", String::new()),
        ("/ui/invitation/paste", "redirected=x".to_owned()),
    ] {
        for foreign in [
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let fields = [("Host", HOST), FORM, foreign];
            let reply = send(&managed, ("POST", path), &fields, &body).await;
            assert_eq!(reply.status, 403, "{path} {foreign:?}");
            assert!(reply.field("set-cookie").is_none(), "{path} {foreign:?}");
        }
    }
    // And no address signs in: it would stay in the history, and a link could be sent to somebody.
    let path = format!("/ui/sign-in?token={token}");
    let reply = send(&managed, ("GET", &path), &[("Host", HOST)], "").await;
    assert!(reply.field("set-cookie").is_none() && !reply.body.contains(token));
}

#[tokio::test]
async fn change_by_another_method_is_none() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let own = browser.csrf().await;
    let cookie = browser.cookie.clone().expect("a cookie");
    let before = managed.audited().await;
    let ends = ["/ui/session/end", "/ui/session/end-all", "/ui/session/zone"];
    for change in CHANGES.iter().chain(&ends) {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            let fields = [
                ("Host", HOST),
                ("Origin", OWN),
                FORM,
                ("Cookie", cookie.as_str()),
                ("X-HTTP-Method-Override", "POST"),
            ];
            let path = format!("{change}?csrf={own}&_method=POST&confirm=main");
            let body = format!("csrf={own}&confirm=main");
            let reply = send(&managed, (method, &path), &fields, &body).await;
            // Some have a page of their own at the same address. Each says what it is.
            assert!(
                method == "HEAD" || reply.status == 303 || reply.body.contains("<h1>"),
                "{method} {change}: {}",
                reply.body
            );
            assert!(
                [200, 303, 404, 405].contains(&reply.status),
                "{method} {change}: {}",
                reply.status
            );
        }
    }
    assert_eq!(managed.audited().await, before);
    assert_eq!(browser.get("/ui").await.status, 200, "still signed in");
}

#[tokio::test]
async fn foreign_host_reaches_no_page_and_is_in_no_answer() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let own = browser.csrf().await;
    let cookie = browser.cookie.clone().expect("a cookie");
    let before = managed.audited().await;
    // A browser sends the cookie, too, if the name resolves to this listener by now.
    for host in [
        "evil.example:8081",
        "localhost.evil.example:8081",
        "127.0.0.1.evil.example:8081",
        "localhost:8081.evil.example",
        "evil.example#localhost:8081",
        "169.254.169.254",
        "localhost:8081@evil.example",
        "",
    ] {
        let origin = format!("http://{host}");
        let fields = [
            ("Host", host),
            ("Origin", origin.as_str()),
            FORM,
            ("Cookie", cookie.as_str()),
        ];
        for page in PAGES
            .iter()
            .chain(FORMS)
            .chain(&["/ui/sign-in", "/ui/invitation", "/"])
        {
            let reply = send(&managed, ("GET", page), &fields, "").await;
            assert!(
                [400, 421].contains(&reply.status),
                "{host:?} {page}: {}",
                reply.status
            );
            // A page that says so, and nothing of the name.
            assert!(
                reply.body.contains("<h1>"),
                "{host:?} {page}: {}",
                reply.body
            );
            assert!(!reply.body.contains("evil.example") && !reply.body.contains("root"));
        }
        for change in CHANGES {
            let reply = send(&managed, ("POST", change), &fields, &format!("csrf={own}")).await;
            assert!(
                [400, 421].contains(&reply.status),
                "{host:?} {change}: {}",
                reply.status
            );
        }
    }
    assert_eq!(managed.audited().await, before);
    // What a proxy or an attacker adds beside a right one changes no address that a page leads to.
    for field in [
        "X-Forwarded-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Forwarded",
    ] {
        let fields = [
            ("Host", HOST),
            (field, "host=evil.example"),
            ("Cookie", cookie.as_str()),
        ];
        for page in PAGES {
            let reply = send(&managed, ("GET", page), &fields, "").await;
            assert_eq!(reply.status, 200, "{field} {page}");
            assert!(
                !reply.head.contains("evil") && !reply.body.contains("evil"),
                "{page}"
            );
        }
        let reply = send(&managed, ("GET", "/ui"), &fields[..2], "").await;
        let to = reply.field("location").expect("the sign-in");
        assert!(to.starts_with("/ui/sign-in?"), "{to}");
    }
}

#[tokio::test]
async fn origin_that_only_looks_like_the_listeners_own_is_foreign() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let own = format!("csrf={}&seen=999&name=x&role=admin", browser.csrf().await);
    let before = managed.audited().await;
    for origin in [
        "http://localhost",
        "http://localhost:80810",
        "http://localhost:8081.evil.example",
        "http://evil.example/localhost:8081",
        "http://localhost:8081@evil.example",
        "http://localhost:8081/",
        "HTTP://LOCALHOST:8081x",
        "http://127.0.0.1:8081",
        "ws://localhost:8081",
        "file://",
        "null",
        "",
    ] {
        let reply = browser.send("POST", "/ui/admin-tokens", origin, &own).await;
        assert_eq!(reply.status, 403, "{origin:?}");
    }
    assert_eq!(managed.audited().await, before);
    let reply = browser.send("POST", "/ui/admin-tokens", OWN, &own).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn page_of_another_site_may_read_nothing() {
    let managed = managed().await;
    let browser = Browser::signed_in(&managed, &managed.admin).await;
    let cookie = browser.cookie.clone().expect("a cookie");
    let others = [
        "/ui/live.js",
        "/api/v1/accounts",
        "/metrics",
        "/openapi.json",
        "/readyz",
    ];
    for page in PAGES.iter().chain(&others) {
        for method in ["GET", "OPTIONS"] {
            let fields = [
                ("Host", HOST),
                ("Origin", "https://evil.example"),
                ("Access-Control-Request-Method", "POST"),
                ("Cookie", cookie.as_str()),
            ];
            let reply = send(&managed, (method, page), &fields, "").await;
            let head = reply.head.to_lowercase();
            assert!(
                !head.contains("access-control-allow"),
                "{method} {page}: {head}"
            );
        }
    }
}

#[tokio::test]
async fn no_answer_may_be_framed_kept_or_sniffed() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let anybody = [
        "/",
        "/ui/sign-in",
        "/ui/invitation",
        "/ui/invitation/account",
        "/oauth/callback",
    ];
    let others = [
        "/ui/nowhere",
        "/nowhere",
        "/ui/accounts/none",
        "/ui/accounts/%ff",
        "/metrics",
    ];
    let mut replies = Vec::new();
    for page in PAGES.iter().chain(FORMS).chain(&anybody).chain(&others) {
        replies.push((*page, browser.get(page).await));
    }
    for change in CHANGES {
        // Refused, carried out, or overtaken: each is a page or leads to one.
        replies.push((*change, browser.post(change, "").await));
        replies.push((*change, browser.change(change, "what=x").await));
        replies.push((*change, Browser::new(&managed).post(change, "").await));
    }
    assert!(replies.len() > 80);
    for (path, reply) in replies {
        let head = &reply.head;
        let policy = reply.field("content-security-policy").expect(path);
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{path}: {policy}"
        );
        assert_eq!(
            reply.field("x-content-type-options"),
            Some("nosniff"),
            "{path}: {head}"
        );
        assert_eq!(
            reply.field("cache-control"),
            Some("no-store"),
            "{path}: {head}"
        );
        let referrer = reply.field("referrer-policy");
        assert!(
            [Some("same-origin"), Some("no-referrer")].contains(&referrer),
            "{path}: {head}"
        );
        // A blank page says nothing.
        let leads = (300..400).contains(&reply.status);
        assert!(leads || !reply.body.is_empty(), "{path}: {head}");
    }
}

const MARK: &str = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>";

/// Puts markup into every text that the store can hold, past all checks of what comes in.
async fn fill(managed: &Managed) {
    let (store, now) = (&managed.store, Timestamp(1_000_000));
    let digest = |n| SecretDigest([n; 32]);
    let account: AccountRecord = account(now);
    store.add_account(&account).await.expect("a new account");
    let app = AppRecord {
        name: "shop".parse().expect("a name"),
        client_id: Some(MARK.to_owned()),
        secret: Some(digest(1)),
        key: Some(digest(2)),
        accounts: vec![account.name.clone()],
        rate: None,
        managed_by: ManagedBy::Operator,
        created_at: now,
        rotated_at: Some(now),
    };
    store.put_app(&app).await.expect("a new app");
    let key = LegacyKeyRecord {
        key: digest(3),
        hint: MARK.to_owned(),
        app: Some(app.name.clone()),
        account: account.name.clone(),
        created_at: now,
    };
    store.put_legacy_key(&key).await.expect("a new key");
    let token = AdminTokenRecord {
        name: MARK.to_owned(),
        token: digest(4),
        role: Role::ReadOnly,
        created_at: now,
    };
    store.add_admin_token(&token).await.expect("a new token");
    let invitation = InvitationRecord {
        id: format!("a1{MARK}"),
        code: digest(5),
        account: account.name.clone(),
        actor: MARK.to_owned(),
        created_at: now,
        expires_at: Timestamp(i64::MAX / 2_000_000),
        used_at: None,
        revoked_at: None,
        revision: 0,
    };
    let added = store.add_invitation(&[invitation]).await;
    added.expect("a new invitation");
    for kind in [NoticeKind::Refused, NoticeKind::Misconfigured] {
        let notice = NoticeRecord {
            id: 0,
            account: account.name.clone(),
            kind,
            day: MARK.to_owned(),
            created_at: now,
            message: MARK.to_owned(),
            webhook_at: None,
            mail_at: None,
            closed_at: None,
        };
        store.put_notice(&notice).await.expect("a new notice");
    }
    let renewal = RenewalEntry {
        account: account.name.clone(),
        at: now,
        reason: MARK.to_owned(),
        outcome: MARK.to_owned(),
        code: Some(MARK.to_owned()),
        message: Some(MARK.to_owned()),
    };
    store.note_renewal(&renewal).await.expect("a new renewal");
    let detail = json!({ MARK: MARK, "list": [MARK], "map": { MARK: MARK } }).to_string();
    let entry = store.audit_begin(now, MARK, MARK, MARK, &detail).await;
    let ended = store.audit_end(entry.expect("a new entry"), MARK).await;
    ended.expect("it is there");
    let items = json!({
        "carrier": "ups", "passphrase_file": MARK, "items": [{
            "account": "main", "numbers": ["A1B2C3"], "environment": "test",
            "profiles": [MARK], "users": [MARK],
        }],
        "apps": [{ "name": "shop", "profile": MARK, "added_at": 1 }],
    });
    let migration = MigrationRecord {
        id: MARK.to_owned(),
        created_at: now,
        ended_at: None,
        backup: Some(MARK.to_owned()),
        items: items.to_string(),
    };
    store.put_migration(&migration).await.expect("a migration");
}

fn account(now: Timestamp) -> AccountRecord {
    AccountRecord {
        name: "main".parse().expect("a name"),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: gateway_model::Environment::Test,
        numbers: vec!["A1B2C3".parse().expect("a number")],
        grant: GrantKind::AuthorizationCode,
        client_id: MARK.to_owned(),
        client_secrets: vec![Secret::new("planted-client-secret".to_owned())],
        settings: [("child_key".parse().expect("a name"), MARK.into())].into(),
        secret_settings: [(
            "child_secret".parse().expect("a name"),
            Secret::new("planted-child-secret".to_owned()),
        )]
        .into(),
        active: true,
        default: true,
        managed_by: ManagedBy::Operator,
        created_at: now,
        updated_at: now,
        revision: 1,
    }
}

/// Pages of one thing, beside those of `PAGES` and `FORMS`.
const OF_ONE: &[&str] = &[
    "/ui/accounts/main",
    "/ui/accounts/main/settings",
    "/ui/apps?q=shop",
    "/ui/migration/plan",
];

#[tokio::test]
async fn markup_in_the_store_is_text_on_every_page() {
    let managed = managed().await;
    fill(&managed).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let mut shown = 0;
    for page in PAGES.iter().chain(FORMS).chain(OF_ONE) {
        let reply = browser.get(page).await;
        assert!([200, 303].contains(&reply.status), "{page}: {}", reply.body);
        shown += inert(page, &reply);
    }
    // A page that shows a change that overtook another one has what its entry says.
    managed.server.clock.advance(Duration::from_secs(10));
    let own = browser.csrf().await;
    let stale = format!(
        "csrf={own}&seen=0&what=numbers&numbers={}",
        "%3Cimg%20src=x%3E"
    );
    let entry =
        managed
            .store
            .audit_begin(Timestamp(1), MARK, "account.change", "account:main", "{}");
    entry.await.expect("an entry");
    let reply = browser.post("/ui/accounts/main/change", &stale).await;
    assert_eq!(reply.status, 409, "{}", reply.body);
    shown += inert("overtaken", &reply);
    assert!(shown >= 20, "the texts were shown: {shown}");
}

/// No markup but the page's own; how often the planted text is shown.
fn inert(page: &str, reply: &Reply) -> usize {
    let text = reply.body.to_lowercase();
    for forbidden in ["<img", "<script>", "alert(1)</", "onerror=alert(1)>"] {
        assert!(
            !text.contains(forbidden),
            "{forbidden} on {page}:\n{}",
            reply.body
        );
    }
    assert!(!text.contains("planted-"), "a secret is on {page}");
    text.matches("&#60;img src=x onerror").count()
}

#[tokio::test]
async fn line_ends_reach_no_field_of_an_answer() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let injected = "%0d%0aSet-Cookie:%20planted=1%0d%0a%0d%0a<b>";
    let csrf = browser.csrf().await;
    let mut replies = Vec::new();
    for page in [
        format!("/ui/accounts?q={injected}"),
        format!("/ui/accounts/{injected}"),
        format!("/ui/requests/{injected}"),
        format!("/ui/{injected}"),
        format!("/ui/sign-in?next=/ui/{injected}"),
        format!("/ui/new-account?carrier={injected}"),
    ] {
        replies.push((page.clone(), Browser::new(&managed).get(&page).await));
        replies.push((page.clone(), browser.get(&page).await));
    }
    for (path, fields) in [
        ("/ui/session/zone", format!("zone=UTC{injected}")),
        ("/ui/backup", format!("recipient={injected}")),
        ("/ui/admin-tokens", format!("name={injected}&role=admin")),
        ("/ui/new-app", format!("name={injected}")),
        ("/ui/doctor", format!("account={injected}")),
        ("/ui/accounts/main/remove", format!("confirm={injected}")),
        ("/ui/invitations/add", format!("account={injected}")),
    ] {
        let body = format!("csrf={csrf}&seen=0&{fields}");
        replies.push((path.to_owned(), browser.post(path, &body).await));
    }
    let signed = browser
        .sign_in(managed.admin.expose(), &format!("/ui/{injected}"))
        .await;
    assert_eq!(signed.field("location"), Some("/ui"));
    replies.push(("the sign-in".to_owned(), signed));
    for (path, reply) in replies {
        let planted = reply.head.lines().any(|line| {
            let line = line.to_lowercase();
            line.starts_with("set-cookie: planted") || line.starts_with("<b>")
        });
        assert!(!planted, "{path}: {}", reply.head);
        assert!(!reply.body.starts_with("<b>"), "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn code_of_an_invitation_that_is_guessed_opens_nothing_and_is_counted() {
    let managed = managed().await;
    let fields = [("Host", HOST), ("Origin", OWN), FORM];
    let mut statuses = Vec::new();
    for n in 0..40 {
        let server = &managed.server;
        let guess = format!("secret=guess-{n}");
        // Time stands still between them.
        let reply = server
            .exchange("POST", "/ui/invitation", &fields, &guess)
            .await;
        assert!(reply.field("set-cookie").is_none());
        statuses.push(reply.status);
    }
    assert_eq!(statuses[0], 404, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    // What is no code at all, or somebody's session, is unknown as well.
    let browser = Browser::signed_in(&managed, &managed.admin).await;
    let session = value(browser.cookie.as_ref());
    for text in [
        "",
        "%00",
        "%ff",
        &session,
        managed.admin.expose(),
        &"x".repeat(5_000),
    ] {
        managed.server.clock.advance(Duration::from_secs(600));
        let body = format!("secret={text}");
        let reply = send(&managed, ("POST", "/ui/invitation"), &fields, &body).await;
        assert_eq!(reply.status, 404, "{}", reply.body);
        assert!(reply.field("set-cookie").is_none());
        assert!(text.len() < 3 || !reply.body.contains(text));
    }
}

#[tokio::test]
async fn broken_form_gets_a_page_and_changes_nothing() {
    let managed = managed().await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let csrf = browser.csrf().await;
    let cookie = browser.cookie.clone().expect("a cookie");
    let part = format!("--mark\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
    let many = part.repeat(5_000);
    let before = managed.audited().await;
    for (kind, body) in [
        ("multipart/form-data", part.as_str()),
        ("multipart/form-data; boundary=", part.as_str()),
        ("multipart/form-data; boundary=other", part.as_str()),
        ("multipart/form-data; boundary=mark", part.as_str()),
        ("multipart/form-data; boundary=mark", "--mark--"),
        (
            "multipart/form-data; boundary=mark",
            "--mark\r\nX: y\r\n\r\n",
        ),
        ("multipart/form-data; boundary=mark", many.as_str()),
        ("multipart/form-data; boundary=\u{e9}", part.as_str()),
        ("text/plain", "csrf=x"),
        ("application/x-www-form-urlencoded", "%%%&&&==&%ff=%00"),
    ] {
        for path in [
            "/ui/new-migration",
            "/ui/new-account",
            "/ui/admin-tokens",
            "/ui/backup",
        ] {
            let fields = [
                ("Host", HOST),
                ("Origin", OWN),
                ("Content-Type", kind),
                ("Cookie", cookie.as_str()),
            ];
            let reply = send(&managed, ("POST", path), &fields, body).await;
            assert!(
                [400, 413].contains(&reply.status),
                "{kind} {path}: {}",
                reply.status
            );
            assert!(reply.body.contains("<h1>"), "{kind} {path}: {}", reply.body);
        }
    }
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn no_secret_is_in_an_address_or_in_a_page() {
    let managed = managed().await;
    fill(&managed).await;
    let mut browser = Browser::signed_in(&managed, &managed.admin).await;
    let session = value(browser.cookie.as_ref());
    let admin = managed.admin.expose().to_owned();
    let mut replies = Vec::new();
    for page in PAGES.iter().chain(FORMS).chain(OF_ONE) {
        replies.push((*page, browser.get(page).await));
    }
    // A secret that was typed comes back in no page, and no redirection carries it.
    let typed = "secret=planted-typed&token=planted-typed&key=planted-typed&redirected=planted-typed\
                 &passphrase=planted-typed&passphrase_again=planted-other&secret_setting.x=planted-typed";
    for change in CHANGES {
        replies.push((*change, browser.change(change, typed).await));
        let mut lost = Browser::new(&managed);
        replies.push((*change, lost.post(change, typed).await));
    }
    for (path, reply) in &replies {
        for secret in [session.as_str(), admin.as_str(), "planted-"] {
            assert!(!reply.body.contains(secret), "{secret} in the page {path}");
            assert!(
                !reply.head.contains(secret),
                "{secret} in the head of {path}"
            );
        }
        // The form's own text is in forms only, never in an address.
        for address in addresses(&reply.body) {
            assert!(
                !address.contains("csrf") && !address.contains("seen="),
                "{path}: {address}"
            );
        }
    }
}

/// Where the links and the forms of a page lead.
fn addresses(page: &str) -> Vec<&str> {
    let of = |name: &'static str| {
        page.split(name)
            .skip(1)
            .filter_map(|it| it.split('"').next())
    };
    of("href=\"").chain(of("action=\"")).collect()
}
