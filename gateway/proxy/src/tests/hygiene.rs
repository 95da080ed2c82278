//! Phase 1: what a request must look like.

use super::harness::{Upstream, Wants, World, post};
use crate::Limits;

#[test]
fn malformed_heads_are_refused_and_the_connection_closes() {
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

/// RFC 3986 allows these bytes in no URI, so another server could read the query in another way. Brackets are
/// allowed in a part of it, and every server reads them alike.
#[test]
fn raw_bytes_in_a_query_are_refused_in_the_carriers_envelope_or_forwarded_unchanged() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for (byte, escape) in [
        ('"', "%22"),
        ('#', "%23"),
        ('<', "%3C"),
        ('>', "%3E"),
        ('\\', "%5C"),
        ('^', "%5E"),
        ('`', "%60"),
        ('{', "%7B"),
        ('|', "%7C"),
        ('}', "%7D"),
    ] {
        let raw = format!("GET /api?a={byte}b HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let got = world.send(&raw);
        assert_eq!(
            (got.status(), got.one("waybill-error")),
            (400, "bad_request"),
            "{byte}"
        );
        let json: serde_json::Value = serde_json::from_str(&got.text()).expect("JSON");
        let error = &json["response"]["errors"][0];
        assert_eq!(error["code"], "bad_request", "{byte}");
        let message = error["message"].as_str().expect("a message");
        assert!(
            message.contains(&format!("{byte} as {escape}")),
            "{byte}: {message}"
        );
    }
    assert!(upstream.seen().is_empty());
    let allowed = "/api?a[]=b&c[d]=e&f='!$()*,;:@/?~";
    let got = world.send(&format!(
        "GET {allowed} HTTP/1.1\r\nhost: localhost\r\n\r\n"
    ));
    assert_eq!(got.status(), 200);
    assert_eq!(upstream.seen()[0].start, format!("GET {allowed} HTTP/1.1"));
}

#[rustfmt::skip] // a table
#[test]
fn empty_fields_that_the_carrier_requires_count_as_absent() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    // The values that reach the carrier; `None`: one that the gateway makes.
    for (fields, id, source) in [
        ("", None, "waybill"),
        ("transId:\r\ntransactionSrc:\r\n", None, "waybill"),
        ("transid:  \t\r\ntransactionsrc: \r\n", None, "waybill"),
        ("transId:\r\ntransId:\r\ntransactionSrc: shop\r\n", None, "shop"),
        ("transId: a\r\ntransactionSrc:\r\n", Some("a"), "waybill"),
        ("transId:\r\ntransId: a\r\ntransactionSrc: shop\r\ntransactionSrc:\r\n", Some("a"), "shop"),
    ] {
        assert_eq!(world.send(&post("/api", fields, "{}")).status(), 200);
        let seen = upstream.seen().pop().expect("a request");
        match id {
            Some(id) => assert_eq!(seen.one("transid"), id, "{fields:?}"),
            None => assert_eq!(seen.one("transid").len(), 32, "{fields:?}"),
        }
        assert_eq!(seen.one("transactionsrc"), source, "{fields:?}");
    }
}

#[test]
fn absolute_form_is_accepted_for_our_own_name_and_rewritten() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send("GET http://localhost/a?b HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(got.status(), 200);
    assert_eq!(upstream.seen()[0].start, "GET /a?b HTTP/1.1");
}

#[test]
fn options_are_answered_here_when_they_are_about_this_server() {
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

// Both bounds hold as they are set, below and above what they are by default.
#[test]
fn heads_and_targets_are_bounded_as_configured() {
    let upstream = Upstream::fine();
    let limits = |head_bytes, target_bytes| Limits {
        head_bytes,
        target_bytes,
        ..Limits::default()
    };
    let get = |target: usize, field: usize| {
        let (target, field) = ("t".repeat(target - 5), "f".repeat(field));
        format!("GET /ups/{target} HTTP/1.1\r\nhost: localhost\r\nx-a: {field}\r\n\r\n")
    };
    let cases = [
        (limits(2048, 512), get(512, 1000), 200),
        (limits(2048, 512), get(513, 1000), 414),
        (limits(2048, 512), get(300, 2048), 431),
        (limits(2048, 8192), get(3000, 10), 431),
        (limits(600_000, 20_000), get(19_000, 500_000), 200),
        (limits(600_000, 20_000), get(20_001, 10), 414),
        (limits(600_000, 20_000), get(100, 600_000), 431),
    ];
    for (limits, request, status) in cases {
        let shown = format!("{limits:?}: {} bytes", request.len());
        let wants = Wants {
            limits,
            ..Wants::default()
        };
        let world = World::new(upstream.addr, wants);
        assert_eq!(world.send(&request).status(), status, "{shown}");
    }
}

// The carrier's heads have the same bound.
#[test]
fn head_of_an_answer_is_bounded_as_configured() {
    let upstream = Upstream::start(Box::new(|_, _| {
        let field = "f".repeat(3000);
        format!("HTTP/1.1 200 OK\r\nx-a: {field}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    }));
    for (head_bytes, status) in [(2048, 502), (4096, 200)] {
        let wants = Wants {
            limits: Limits {
                head_bytes,
                ..Limits::default()
            },
            ..Wants::default()
        };
        let world = World::new(upstream.addr, wants);
        let answer = world.send(&post("/ups/a", "", "{}"));
        assert_eq!(answer.status(), status, "{head_bytes}");
    }
}

#[test]
fn trailers_over_their_bounds_are_431() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let trailers = "a: b\r\n".repeat(33);
    let answer = world.send(&format!(
        "POST /ups/a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
         2\r\n{{}}\r\n0\r\n{trailers}\r\n"
    ));
    assert_eq!(answer.status(), 431);
    assert_eq!(answer.one("waybill-error"), "head_too_large");
}
