//! Pages of other sites, and names that are not the listener's.

use super::{FORM, HOST, OWN, send};
use crate::{
    plane::managed,
    ui::{Browser, CHANGES, FORMS, PAGES},
};

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
}

#[tokio::test]
async fn names_that_a_proxy_or_an_attacker_adds_change_no_address() {
    let managed = managed().await;
    let browser = Browser::signed_in(&managed, &managed.admin).await;
    let cookie = browser.cookie.clone().expect("a cookie");
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
