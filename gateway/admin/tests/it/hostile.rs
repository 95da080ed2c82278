//! Requests that nobody should send.

use crate::harness::start;

const HOST: (&str, &str) = ("Host", "localhost");

#[tokio::test]
async fn api_without_control_plane_says_so() {
    let server = start().await;
    for (method, path) in [
        ("GET", "/api/v1/accounts"),
        ("POST", "/api/v1/backup"),
        ("DELETE", "/api/v1/accounts/main"),
    ] {
        let reply = server.ask(method, path, &[HOST], "").await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (503, "no_control_plane")
        );
    }
    let page = server
        .ask(
            "GET",
            "/oauth/callback?code=planted&state=planted",
            &[HOST],
            "",
        )
        .await;
    assert_eq!(page.status, 503);
    assert!(
        page.field("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    assert!(!page.body.contains("planted"), "{}", page.body);
}

#[tokio::test]
async fn api_paths_that_are_none_get_json() {
    let server = start().await;
    for (method, path, status) in [
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api/v2/accounts", 404),
        ("GET", "/api/v1/accounts/", 404),
        ("GET", "/api/v1/accounts/a/b", 404),
        ("PUT", "/api/v1/accounts", 405),
        ("PATCH", "/api/v1/accounts", 405),
        ("POST", "/openapi.json", 405),
        ("POST", "/oauth/callback", 405),
        ("DELETE", "/oauth/callback", 405),
    ] {
        let reply = server.ask(method, path, &[HOST], "").await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(["not_found", "method_not_allowed"].contains(&reply.code().as_str()));
    }
}

/// A preview of a link must not use the code up.
#[tokio::test]
async fn callback_counts_for_get_only() {
    let server = start().await;
    let reply = server
        .ask("HEAD", "/oauth/callback?code=a&state=b", &[HOST], "")
        .await;
    assert_eq!(reply.status, 405);
}

/// U1
#[tokio::test]
async fn foreign_host_reaches_no_route_of_the_api() {
    let server = start().await;
    for path in [
        "/api/v1/accounts",
        "/openapi.json",
        "/oauth/callback?code=a&state=b",
    ] {
        let reply = server
            .ask("GET", path, &[("Host", "evil.example")], "")
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (421, "foreign_host"),
            "{path}"
        );
    }
}

/// U1
#[tokio::test]
async fn page_of_another_site_reaches_no_change() {
    let server = start().await;
    for field in [
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let reply = server
            .ask("POST", "/api/v1/key/rotate", &[HOST, field], "")
            .await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "cross_site"));
        // The carrier's redirect is such a request, and changes what the state allows.
        let reply = server
            .ask("GET", "/oauth/callback?code=a&state=b", &[HOST, field], "")
            .await;
        assert_eq!(reply.status, 503);
    }
}

/// One address may not keep the listener busy; the wait that is named is enough.
#[tokio::test]
async fn too_many_requests_of_one_address_have_to_wait() {
    let server = start().await;
    let mut refused = None;
    for _ in 0..200 {
        let reply = server.ask("GET", "/openapi.json", &[HOST], "").await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "rate_limited")
    );
    let seconds = refused.field("retry-after").and_then(|s| s.parse().ok());
    let wait = std::time::Duration::from_secs(seconds.expect("how long to wait"));
    // Health checks and metrics are not part of it.
    assert_eq!(server.get("/healthz").await.0, 200);
    server.clock.advance(wait);
    assert_eq!(server.get("/openapi.json").await.0, 200);
}
