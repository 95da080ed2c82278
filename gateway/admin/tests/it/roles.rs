//! Who may do what: every route of the document, with every kind of caller.

use crate::{
    document::{Route, routes},
    harness::{Reply, json},
    plane::{Managed, managed, token},
};
use gateway_model::{Role, Secret};
use std::time::Duration;

async fn all_routes(managed: &Managed) -> Vec<Route> {
    let (status, text) = managed.server.get("/openapi.json").await;
    assert_eq!(status, 200);
    let mut routes = routes(&json(&text));
    // Its answer goes on; `live.rs` listens to it.
    routes.retain(|route| route.path != "/api/v1/requests/live");
    routes
}

/// Calls a route on a name that nothing has, and checks that the document knows of the answer.
async fn call(managed: &Managed, token: Option<&Secret>, route: &Route) -> Reply {
    let path = route.path.replace("{name}", "nothing");
    let reply = managed.call(token, &route.method, &path, "{}").await;
    route.check(&reply);
    assert!(
        ![500, 504].contains(&reply.status),
        "{} {path}: {}",
        route.method,
        reply.body
    );
    reply
}

#[tokio::test]
async fn routes_with_a_role_refuse_who_has_no_token() {
    let managed = managed().await;
    let wrong = Secret::new("x".repeat(43));
    let before = managed.audited().await;
    let mut bodies = std::collections::BTreeSet::new();
    for route in all_routes(&managed).await {
        for token in [None, Some(&wrong)] {
            let reply = call(&managed, token, &route).await;
            if route.role.is_none() {
                assert_ne!(reply.status, 401, "{}", route.path);
                continue;
            }
            assert_eq!(reply.status, 401, "{} {}", route.method, route.path);
            assert!(
                reply
                    .field("www-authenticate")
                    .is_some_and(|c| c.starts_with("Bearer"))
            );
            bodies.insert(reply.body);
        }
    }
    // One answer for no token and one for a wrong one, whatever was asked for.
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn read_only_token_looks_and_changes_nothing() {
    let managed = managed().await;
    let before = managed.audited().await;
    let mut refusals = std::collections::BTreeSet::new();
    for route in all_routes(&managed).await {
        let reply = call(&managed, Some(&managed.read_only), &route).await;
        let place = format!("{} {}", route.method, route.path);
        match route.role.as_deref() {
            Some("admin") => {
                assert_eq!(
                    (reply.status, reply.code().as_str()),
                    (403, "read_only"),
                    "{place}"
                );
                refusals.insert(reply.body);
            }
            Some("read_only") => assert!(![401, 403].contains(&reply.status), "{place}"),
            _ => assert_ne!(reply.status, 403, "{place}"),
        }
    }
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn admin_token_reaches_every_handler() {
    let managed = managed().await;
    for route in all_routes(&managed).await {
        let reply = call(&managed, Some(&managed.admin), &route).await;
        let place = format!("{} {}", route.method, route.path);
        assert!(
            ![401, 403, 405, 429].contains(&reply.status),
            "{place}: {}",
            reply.body
        );
        if reply.status == 404 && reply.body.starts_with('{') {
            assert_ne!(reply.code(), "not_found", "{place}");
        }
    }
}

#[tokio::test]
async fn token_that_is_not_exactly_one_bearer_is_refused() {
    let managed = managed().await;
    let good = managed.admin.expose();
    let bearer = format!("Bearer {good}");
    let long = format!("Bearer {}", "x".repeat(10_000));
    for values in [
        &[format!("Basic {good}").as_str()][..],
        &[good],
        &["Bearer"],
        &["Bearer "],
        &[&format!("Bearer {good} {good}")],
        &[&format!("Bearer {good},")],
        &[&format!("Bearer {}", good.to_uppercase())],
        &[&format!("Bearer {}", &good[1..])],
        &[&bearer, &bearer],
        &[&bearer, "Basic YTpi"],
        &[&long],
    ] {
        managed.server.clock.advance(Duration::from_secs(10));
        let mut fields = vec![("Host", "localhost")];
        fields.extend(values.iter().map(|value| ("Authorization", *value)));
        let reply = managed
            .server
            .ask("GET", "/api/v1/status", &fields, "")
            .await;
        assert!(
            [400, 401].contains(&reply.status),
            "{values:?}: {}",
            reply.status
        );
        assert!(!reply.body.contains(good), "{values:?}");
    }
    let lower = [
        ("Host", "localhost"),
        ("authorization", &format!("bearer {good}")),
    ];
    assert_eq!(
        managed
            .server
            .ask("GET", "/api/v1/status", &lower, "")
            .await
            .status,
        200
    );
    // A token in the query is none: it would be in logs.
    let path = format!("/api/v1/status?access_token={good}&token={good}");
    let reply = managed
        .server
        .ask("GET", &path, &[("Host", "localhost")], "")
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn removed_token_is_refused_at_once() {
    let managed = managed().await;
    let second = token(&managed.control, "second", Role::Admin).await;
    let status = "/api/v1/status";
    assert_eq!(
        managed.call(Some(&second), "GET", status, "").await.status,
        200
    );
    let gone = managed
        .admin("DELETE", "/api/v1/admin-tokens/second", "")
        .await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(
        managed.call(Some(&second), "GET", status, "").await.status,
        401
    );
    let again = managed
        .admin("DELETE", "/api/v1/admin-tokens/second", "")
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (404, "unknown_admin_token")
    );
    let last = managed
        .admin("DELETE", "/api/v1/admin-tokens/root", "")
        .await;
    assert_eq!((last.status, last.code().as_str()), (409, "last_admin"));
}

/// Guessing ends soon, and does not lock out who has a token, not even one that was never used.
#[tokio::test]
async fn guessing_is_stopped_and_locks_nobody_out() {
    let managed = managed().await;
    let server = &managed.server;
    let ask = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let fields = [("Host", "localhost"), ("Authorization", bearer.as_str())];
        server.ask("GET", "/api/v1/status", &fields, "").await
    };
    let mut guesses = 0;
    let refused = loop {
        let reply = ask(&format!("guess-{guesses}")).await;
        if reply.status != 401 {
            break reply;
        }
        guesses += 1;
        assert!(guesses < 50, "no limit");
    };
    assert_eq!(
        (guesses, refused.status, refused.code().as_str()),
        (10, 429, "rate_limited")
    );
    assert!(refused.field("retry-after").is_some());
    assert_eq!(ask(managed.admin.expose()).await.status, 200);
    let late = token(&managed.control, "late", Role::Admin).await;
    assert_eq!(ask(late.expose()).await.status, 200);
    assert_eq!(ask("another-guess").await.status, 429);
}
