//! Sessions, forms and codes that are chosen, stolen, forged or guessed.

use super::{FORM, HOST, OWN, send, value};
use crate::{
    plane::managed,
    ui::{Browser, CHANGES, FORMS, PAGES, hidden},
};
use gateway_model::Secret;
use std::time::Duration;

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
