//! Requests that nobody should send.

use crate::{harness::start, plane::managed};

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
    // A person is told on a page, and the link is good for another time.
    let reply = server
        .ask("GET", "/oauth/callback?code=a&state=planted", &[HOST], "")
        .await;
    assert_eq!(reply.status, 429);
    let kind = reply.field("content-type").expect("a type");
    assert!(kind.starts_with("text/html"), "{kind}");
    let policy = reply.field("content-security-policy").expect("a policy");
    assert!(policy.contains("style-src 'self'"), "{policy}");
    assert!(reply.field("retry-after").is_some(), "{}", reply.head);
    assert!(reply.body.contains("try again in"), "{}", reply.body);
    assert!(!reply.body.contains("planted"), "{}", reply.body);
    // Health checks and metrics are not part of it.
    assert_eq!(server.get("/healthz").await.0, 200);
    server.clock.advance(wait);
    assert_eq!(server.get("/openapi.json").await.0, 200);
}

/// Names in a path are names, or refused; nothing of them reaches the answer's head.
#[tokio::test]
async fn hostile_names_are_refused() {
    let managed = managed().await;
    let long = "a".repeat(10_000);
    for name in [
        "a%2Fb",
        "..%2f..%2fetc",
        "a%0d%0aSet-Cookie:%20a=b",
        "a%00",
        "%ff%fe",
        "%",
        "a%20b",
        "%22%3E%3Csvg%20onload%3D1%3E",
        "%F0%9F%93%A6",
        &long,
    ] {
        for (method, path) in [
            ("GET", format!("/api/v1/accounts/{name}")),
            ("DELETE", format!("/api/v1/apps/{name}")),
            ("GET", format!("/api/v1/accounts/{name}/token")),
        ] {
            let reply = managed.admin(method, &path, "").await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (400, "bad_name"),
                "{path}"
            );
            assert!(reply.body.len() < 1000, "{path}");
            assert!(
                !reply.head.to_lowercase().contains("set-cookie"),
                "{}",
                reply.head
            );
            assert!(
                reply
                    .field("content-type")
                    .is_some_and(|kind| kind == "application/json")
            );
        }
        let path = format!("/api/v1/admin-tokens/{name}");
        let reply = managed.admin("DELETE", &path, "").await;
        assert!([400, 404].contains(&reply.status), "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn hostile_contents_are_refused_and_change_nothing() {
    let managed = managed().await;
    let before = managed.audited().await;
    let deep = format!("{{\"name\":{}", "[".repeat(100_000));
    let cases = [
        ("", 400, "bad_json"),
        ("null", 400, "bad_json"),
        ("[]", 400, "bad_json"),
        (
            "{\"name\":\"a\",\"name\":\"b\",\"role\":\"admin\"}",
            400,
            "bad_json",
        ),
        ("{\"name\":\"a\",\"role\":\"admin\"}{}", 400, "bad_json"),
        ("{\"name\":\"a\",\"role\":\"root\"}", 400, "bad_json"),
        (
            "{\"name\":\"a\",\"role\":\"admin\",\"sudo\":1}",
            400,
            "unknown_field",
        ),
        (deep.as_str(), 400, "bad_json"),
    ];
    for (content, status, code) in cases {
        let reply = managed.admin("POST", "/api/v1/admin-tokens", content).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{}",
            reply.body
        );
    }
    assert_eq!(managed.audited().await, before);
}

#[tokio::test]
async fn content_that_is_too_long_is_refused_however_it_is_sent() {
    let managed = managed().await;
    let token = managed.admin.expose();
    let announced = format!(
        "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    );
    let answer = managed.server.raw(&announced).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let chunk = "x".repeat(0x10000);
    let chunks = format!("10000\r\n{chunk}\r\n").repeat(20);
    let chunked = format!(
        "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    );
    let answer = managed.server.raw(&chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // Somebody without a token cannot make the listener read at all.
    let anonymous = announced.replace(token, "nobody");
    let answer = managed.server.raw(&anonymous).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn content_of_another_type_is_refused() {
    let managed = managed().await;
    let bearer = format!("Bearer {}", managed.admin.expose());
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let fields = [
            HOST,
            ("Authorization", bearer.as_str()),
            ("Content-Type", kind),
        ];
        let reply = managed
            .server
            .ask("POST", "/api/v1/apps", &fields, "{}")
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (415, "not_json"),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn hostile_queries_are_refused() {
    let managed = managed().await;
    for (query, code) in [
        ("limit=-1", "bad_query"),
        ("limit=many", "bad_query"),
        ("before=99999999999999999999", "bad_query"),
        ("colour=red", "unknown_field"),
    ] {
        let reply = managed
            .admin("GET", &format!("/api/v1/audit?{query}"), "")
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, code),
            "{}",
            reply.body
        );
    }
    let reply = managed
        .admin("POST", "/api/v1/doctor?account=a%2Fb", "")
        .await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "bad_query"),
        "{}",
        reply.body
    );
    let reply = managed
        .admin("GET", "/api/v1/audit?limit=18446744073709551615", "")
        .await;
    assert_eq!(reply.status, 200);
}

/// Missing, foreign and hostile states; the page repeats nothing of the query.
#[tokio::test]
async fn callback_without_a_consent_explains_itself() {
    let managed = managed().await;
    for query in [
        "",
        "?",
        "?code=planted",
        "?state=planted",
        "?code=planted&state=planted",
        "?code=planted&code=planted&state=planted&state=planted",
        "?error=access_denied&error_description=%3Cscript%3Eplanted%3C/script%3E&state=planted",
        "?code=%FF%00%0d%0aplanted&state=%3Csvg%20onload%3Dplanted%3E",
        &format!("?code={}&state=planted", "planted".repeat(1000)),
    ] {
        managed
            .server
            .clock
            .advance(std::time::Duration::from_secs(1));
        let path = format!("/oauth/callback{query}");
        let reply = managed.server.ask("GET", &path, &[HOST], "").await;
        assert!(
            (400..500).contains(&reply.status),
            "{query}: {}",
            reply.status
        );
        let kind = reply.field("content-type");
        assert!(
            kind.is_some_and(|kind| kind.starts_with("text/html")),
            "{query}"
        );
        let policy = reply.field("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'"),
            "{policy}"
        );
        assert!(!reply.body.contains("planted"), "{query}\n{}", reply.body);
        assert!(reply.body.contains("Not signed in"), "{}", reply.body);
    }
}
