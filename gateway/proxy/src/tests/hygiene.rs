//! Phase 1: what a request must look like.

use super::harness::{Upstream, Wants, World, post};

#[test]
fn malformed_heads_are_refused_and_the_connection_closes() {
    // H1, H2, H5, H6, H7
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: user@localhost\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 010\r\n\r\n0123456789",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n0",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: ,chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nhost: localhost\r\nx_api_key: 1\r\n\r\n",
            400,
        ),
        ("GET http://other/ HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nhost: localhost\r\n\r\n", 405),
        (
            "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost:1\r\n\r\n",
            405,
        ),
        ("BREW / HTTP/1.1\r\nhost: localhost\r\n\r\n", 501),
    ];
    for (raw, status) in cases {
        let mut client = world.connect();
        client.write(raw.as_bytes());
        let got = client.read();
        assert_eq!(got.status(), status, "{raw:?}");
        assert!(!got.one("waybill-error").is_empty());
        assert!(got.text().starts_with('{'), "{raw:?}: {got:?}");
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn targets_that_others_could_read_differently_are_refused() {
    // H7
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for target in [
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/.",
        "/a/.%2e",
        "/%00",
        "/a\\b",
        "/%zz",
        "/a%",
        "*",
    ] {
        let got = world.send(&format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        assert_eq!(got.status(), 400, "{target}");
    }
    let long = format!(
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "a".repeat(9000)
    );
    assert_eq!(world.send(&long).status(), 414);
    assert!(upstream.seen().is_empty());
    let fine = "GET /a/..b/%2Ex/.well-known?x=../y HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert_eq!(world.send(fine).status(), 200);
    assert_eq!(
        upstream.seen()[0].start,
        "GET /a/..b/%2Ex/.well-known?x=../y HTTP/1.1"
    );
}

#[test]
fn absolute_form_is_accepted_for_our_own_name_and_rewritten() {
    // H6
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send("GET http://localhost/a?b HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(got.status(), 200);
    assert_eq!(upstream.seen()[0].start, "GET /a?b HTTP/1.1");
}

#[test]
fn options_are_answered_here_when_they_are_about_this_server() {
    // H6, H11
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send("OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(got.status(), 204);
    let got = world.send("OPTIONS /a HTTP/1.1\r\nhost: localhost\r\nmax-forwards: 0\r\n\r\n");
    assert_eq!(got.status(), 204);
    assert!(upstream.seen().is_empty());
    world.send("OPTIONS /a HTTP/1.1\r\nhost: localhost\r\nmax-forwards: 3\r\n\r\n");
    assert_eq!(upstream.seen()[0].one("max-forwards"), "2");
}

#[test]
fn malformed_bodies_are_the_apps_fault() {
    // H10
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(
        "POST /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    );
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (400, "body_malformed")
    );
    let metrics = world
        .running
        .as_ref()
        .expect("running")
        .metrics()
        .snapshot();
    assert!(
        metrics
            .errors
            .iter()
            .all(|(code, _)| !code.starts_with("carrier")),
        "{metrics:?}"
    );
}

#[test]
fn expectation_is_met_by_the_gateway() {
    // H9
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    client.write(
        b"POST /a HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n",
    );
    assert_eq!(client.read().status(), 100);
    client.write(b"{}");
    assert_eq!(client.read().status(), 200);
    assert!(upstream.seen()[0].all("expect").is_empty());
    assert_eq!(world.send(&post("/a", "", "{}")).status(), 200);
}
