//! Phases 6 and 7: what reaches the carrier, and what comes back.

use super::harness::{Upstream, Wants, World, answer, ok, post};
use crate::Limits;
use std::time::Duration;

#[test]
fn request_reaches_the_carrier_with_our_token_and_nothing_of_the_clients_credentials() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let fields = "authorization: Bearer foreign\r\ncookie: a=b\r\nx-api-key: k\r\n\
                  accesslicensenumber: 1\r\nproxy-authorization: Basic eA==\r\n\
                  connection: x-private, authorization, host\r\nx-private: 1\r\nkeep-alive: 5\r\n\
                  te: trailers\r\nupgrade: websocket\r\nx-forwarded-for: 1.2.3.4\r\nx-kept: yes\r\n";
    let got = world.send(&post("/api/rating/v2409/Shop?a=b", fields, "{\"a\":1}"));
    assert_eq!(got.status(), 200);
    let seen = upstream.seen().remove(0);
    assert_eq!(seen.start, "POST /api/rating/v2409/Shop?a=b HTTP/1.1");
    assert_eq!(seen.one("authorization"), "Bearer carrier-1");
    assert_eq!(seen.one("host"), upstream.addr.to_string());
    assert_eq!(seen.one("via"), "1.1 waybill");
    assert_eq!(seen.one("x-kept"), "yes");
    assert_eq!(seen.one("transactionsrc"), "waybill");
    assert_eq!(seen.one("content-length"), "7");
    assert_eq!(seen.body, b"{\"a\":1}");
    for gone in [
        "cookie",
        "x-api-key",
        "accesslicensenumber",
        "proxy-authorization",
        "x-private",
        "keep-alive",
        "te",
        "upgrade",
        "x-forwarded-for",
        "connection",
    ] {
        assert!(seen.all(gone).is_empty(), "{gone} in {seen:?}");
    }
    assert_eq!(got.one("waybill-account"), "main");
    assert_eq!(got.one("waybill-environment"), "test");
    assert_eq!(got.one("waybill-request-id"), seen.one("transid"));
    assert_eq!(got.one("via"), "1.1 waybill");
}

#[test]
fn fields_the_app_sent_are_not_overwritten() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    world.send(&post(
        "/api",
        "transId: mine\r\ntransactionSrc: shop\r\n",
        "{}",
    ));
    let seen = upstream.seen().remove(0);
    assert_eq!(
        (seen.one("transid"), seen.one("transactionsrc")),
        ("mine", "shop")
    );
}

#[test]
fn prefix_selects_the_route_and_is_removed() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    world.send(&post("/ups/api/x?q", "", "{}"));
    world.send(&post("/ups", "", "{}"));
    world.send(&post("/upsy/api", "", "{}"));
    let starts: Vec<_> = upstream
        .seen()
        .into_iter()
        .map(|message| message.start)
        .collect();
    assert_eq!(
        starts,
        [
            "POST /api/x?q HTTP/1.1",
            "POST / HTTP/1.1",
            "POST /upsy/api HTTP/1.1"
        ]
    );
}

#[test]
fn connections_are_kept_and_reused_on_both_sides() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    for _ in 0..50 {
        client.write(post("/api", "", "{}").as_bytes());
        assert_eq!(client.read().status(), 200);
    }
    assert_eq!((upstream.seen().len(), upstream.connections()), (50, 1));
}

#[test]
fn chunked_body_is_streamed_and_framed_anew() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(
        "POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
         5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n",
    );
    assert_eq!(got.status(), 200);
    let seen = upstream.seen().remove(0);
    assert_eq!(
        (seen.body.as_slice(), seen.one("transfer-encoding")),
        (&b"hello world"[..], "chunked")
    );
    assert!(seen.all("content-length").is_empty());
}

#[test]
fn body_over_the_limit_is_413_whether_announced_or_found_out() {
    let limits = || Limits {
        body_bytes: 100,
        ..Limits::default()
    };
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        Wants {
            limits: limits(),
            ..Wants::default()
        },
    );
    let got = world.send(&post("/api", "", &"x".repeat(101)));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (413, "body_too_large")
    );
    let chunk = "x".repeat(64);
    let got = world.send(&format!(
        "POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
         40\r\n{chunk}\r\n40\r\n{chunk}\r\n0\r\n\r\n"
    ));
    assert_eq!((got.status(), got.one("connection")), (413, "close"));
    assert!(upstream.seen().is_empty());
}

#[test]
fn unreachable_carrier_is_502_in_its_envelope() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = closed.local_addr().expect("an address");
    drop(closed);
    let world = World::new(addr, Wants::default());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (502, "carrier_unreachable")
    );
    assert!(
        got.text()
            .starts_with(r#"{"response":{"errors":[{"code":"carrier_unreachable""#)
    );
}

#[test]
fn unanswered_post_is_sent_once_and_its_outcome_is_unknown() {
    let upstream = Upstream::start(Box::new(|_, _| Vec::new()));
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (502, "carrier_unreachable")
    );
    assert!(got.text().contains("outcome unknown"));
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn slow_carrier_is_504() {
    let upstream = Upstream::start(Box::new(|_, _| {
        std::thread::park_timeout(Duration::from_secs(10));
        ok("{}")
    }));
    let limits = Limits {
        first_byte: Duration::from_secs(2),
        ..Limits::default()
    };
    let world = World::new(
        upstream.addr,
        Wants {
            limits,
            ..Wants::default()
        },
    );
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (504, "carrier_timeout")
    );
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn answers_fields_that_end_here_do_not_reach_the_app() {
    let upstream = Upstream::start(Box::new(|_, _| {
        b"HTTP/1.1 200 OK\r\nconnection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n\
          waybill-account: spoofed\r\nproxy-authenticate: Basic\r\nx-end: 1\r\n\
          content-length: 2\r\n\r\n{}"
            .to_vec()
    }));
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&post("/api", "", "{}"));
    for gone in ["connection", "x-hop", "keep-alive", "proxy-authenticate"] {
        assert!(got.all(gone).is_empty(), "{gone} in {got:?}");
    }
    assert_eq!(
        (got.one("waybill-account"), got.one("x-end")),
        ("main", "1")
    );
}

#[test]
fn malformed_answers_are_502_and_their_connections_are_not_used_again() {
    for bad in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
        "garbage\r\n\r\n",
    ] {
        let upstream = Upstream::start(Box::new(move |_, _| bad.as_bytes().to_vec()));
        let world = World::new(upstream.addr, Wants::default());
        for _ in 0..2 {
            let got = world.send(&post("/api", "", "{}"));
            assert_eq!(
                (got.status(), got.one("waybill-error")),
                (502, "carrier_malformed"),
                "{bad:?}"
            );
        }
        assert_eq!(
            (upstream.seen().len(), upstream.connections()),
            (2, 2),
            "{bad:?}"
        );
    }
}

#[test]
fn truncated_answer_never_looks_complete() {
    let upstream = Upstream::start(Box::new(|_, _| {
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\nshort".to_vec()
    }));
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    client.write(post("/api", "", "{}").as_bytes());
    assert!(super::harness::read_message(&mut client.stream, false).is_err());
}

#[test]
fn head_and_bodiless_answers_stay_in_step() {
    let upstream = Upstream::start(Box::new(|_, message| {
        match message.start.split(' ').next() {
            Some("HEAD") => b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n".to_vec(),
            Some("DELETE") => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            _ => answer("404 Not Found", "{\"no\":1}"),
        }
    }));
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    client.write(b"HEAD /a HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let head = super::harness::read_message(&mut client.stream, true)
        .expect("read")
        .expect("one");
    assert_eq!((head.status(), head.one("content-length")), (200, "99"));
    client.write(b"DELETE /a HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(client.read().status(), 204);
    client.write(b"GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let got = client.read();
    assert_eq!((got.status(), got.text().as_str()), (404, "{\"no\":1}"));
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn redirects_are_passed_on_and_not_followed() {
    let elsewhere = Upstream::fine();
    let target = elsewhere.addr;
    let upstream = Upstream::start(Box::new(move |_, _| {
        format!("HTTP/1.1 302 Found\r\nlocation: http://{target}/x\r\ncontent-length: 0\r\n\r\n")
            .into_bytes()
    }));
    let world = World::new(upstream.addr, Wants::default());
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 302);
    assert_eq!(elsewhere.connections(), 0);
}
