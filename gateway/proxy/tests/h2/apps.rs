//! Apps that speak HTTP/2 or TLS: what they get is what HTTP/1 apps get.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use gateway_proxy::{Drain, Limits};
use http_body_util::BodyExt as _;
use tokio::net::TcpStream;

use crate::carrier::{Act, Carrier};
use crate::frames::{END_HEADERS, END_STREAM, Outcome, Raw, block, fields, frame, kind};
use crate::world::{Gateway, Identity, Wants, ask, http1, http2, request, tls};

const HTTP1: &[&str] = &["http/1.1"];
const BOTH: &[&str] = &["h2", "http/1.1"];

/// A carrier that echoes, over TLS with HTTP/1.
async fn echo() -> (Identity, Carrier) {
    let identity = Identity::new("localhost", HTTP1);
    let carrier = Carrier::start(&identity, 100, |_, _| Act::Echo(200)).await;
    (identity, carrier)
}

fn wants(carrier: &Carrier, of_carrier: &Identity) -> Wants {
    Wants {
        origin: carrier.origin(),
        trust: Arc::clone(&of_carrier.trust),
        upstream_http2: false,
        tls: None,
        trust_loopback: true,
        limits: Limits::default(),
    }
}

#[tokio::test]
async fn tls_listener_serves_both_protocols() {
    let (of_carrier, carrier) = echo().await;
    let ours = Identity::new("localhost", BOTH);
    let gateway = Gateway::start(Wants {
        tls: Some(Arc::clone(&ours.server)),
        ..wants(&carrier, &of_carrier)
    });
    let mut sender = http2(gateway.addr, Some(&ours)).await;
    let (head, body) = ask(&mut sender, request("POST", "/2", "two"))
        .await
        .expect("served");
    assert_eq!((head.status().as_u16(), &body[..]), (200, &b"two"[..]));
    assert_eq!(head.headers()["waybill-account"], "main");

    let mut sender = http1(gateway.addr, &ours).await;
    let mut plain = request("POST", "/1", "one");
    *plain.uri_mut() = "/1".parse().expect("a path");
    plain
        .headers_mut()
        .insert("host", "localhost".parse().expect("a value"));
    let answer = sender.send_request(plain).await.expect("served");
    assert_eq!(answer.status(), 200);
    let body = answer
        .into_body()
        .collect()
        .await
        .expect("whole")
        .to_bytes();
    assert_eq!(&body[..], b"one");

    let seen = carrier.seen();
    let said = |at: usize, name: &str| seen[at].headers[name].to_str().expect("text").to_owned();
    assert_eq!(
        (said(0, "via"), said(1, "via")),
        ("2 waybill".into(), "1.1 waybill".into())
    );
    assert_eq!(said(0, "authorization"), "Bearer carrier-1");
    assert_eq!(
        (seen[0].method.as_str(), seen[0].uri.as_str()),
        ("POST", "/2")
    );
}

// A client that speaks neither is told so in the handshake.
#[tokio::test]
async fn tls_connection_that_rested_serves_again() {
    let (of_carrier, carrier) = echo().await;
    let ours = Identity::new("localhost", BOTH);
    let gateway = Gateway::start(Wants {
        tls: Some(Arc::clone(&ours.server)),
        ..wants(&carrier, &of_carrier)
    });
    let mut sender = http1(gateway.addr, &ours).await;
    // The last body is several records long.
    for size in [1, 2_000, 100_000] {
        while gateway.running.metrics().snapshot().connections_parked == 0 {
            tokio::task::yield_now().await;
        }
        let mut request = request("POST", "/1", vec![b'x'; size]);
        *request.uri_mut() = "/1".parse().expect("a path");
        let host = "localhost".parse().expect("a value");
        request.headers_mut().insert("host", host);
        let answer = sender.send_request(request).await.expect("served");
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.expect("whole");
        assert_eq!(body.to_bytes().len(), size);
    }
}

#[tokio::test]
async fn tls_client_with_a_foreign_protocol_is_refused() {
    let (of_carrier, carrier) = echo().await;
    let ours = Identity::new("localhost", BOTH);
    let gateway = Gateway::start(Wants {
        tls: Some(Arc::clone(&ours.server)),
        ..wants(&carrier, &of_carrier)
    });
    let stream = TcpStream::connect(gateway.addr).await.expect("it listens");
    let refused = tls(stream, &ours, &["spdy/3"]).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn many_streams_on_one_connection_get_their_own_answers() {
    let (of_carrier, carrier) = echo().await;
    let gateway = Gateway::start(wants(&carrier, &of_carrier));
    let sender = http2(gateway.addr, None).await;
    let asked = (0..300).map(|at| {
        let mut sender = sender.clone();
        async move {
            let text = format!("body {at}").repeat(at + 1);
            let request = request("POST", &format!("/{at}"), text.clone());
            let (head, body) = ask(&mut sender, request).await.expect("served");
            assert_eq!(head.status(), 200, "{at}");
            assert_eq!(&body[..], text.as_bytes(), "{at}");
        }
    });
    join_all(asked).await;
    assert_eq!(carrier.seen().len(), 300);
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    let (of_carrier, carrier) = echo().await;
    let gateway = Gateway::start(wants(&carrier, &of_carrier));
    let mut sender = http2(gateway.addr, None).await;
    let large: Bytes = (0..8_u32 << 20).map(|at| (at % 251) as u8).collect();
    let (head, body) = ask(&mut sender, request("POST", "/", large.clone()))
        .await
        .expect("served");
    assert_eq!(head.status(), 200);
    assert!(body == large, "{} bytes came back", body.len());
    // One byte too many of what a gateway takes.
    let (head, _) = ask(&mut sender, request("POST", "/", vec![0; (10 << 20) + 1]))
        .await
        .expect("answered");
    assert_eq!(head.status(), 413);
}

// A callers' identity counts on every stream anew.
#[tokio::test]
async fn app_is_asked_for_its_key_on_every_stream() {
    let (of_carrier, carrier) = echo().await;
    let gateway = Gateway::start(Wants {
        trust_loopback: false,
        ..wants(&carrier, &of_carrier)
    });
    let mut sender = http2(gateway.addr, None).await;
    for (key, status) in [
        (None, 401),
        (Some("shop-key"), 200),
        (None, 401),
        (Some("other"), 401),
    ] {
        let mut request = request("GET", "/", "");
        if let Some(key) = key {
            request
                .headers_mut()
                .insert("waybill-key", key.parse().expect("a value"));
        }
        let (head, body) = ask(&mut sender, request).await.expect("answered");
        assert_eq!(head.status(), status, "{key:?}");
        if status == 401 {
            let said =
                br#"{"code":"250002","message":"no. Waybill, not UPS, refused this request: "#;
            assert!(body.starts_with(said), "{body:?}");
            assert_eq!(head.headers()["waybill-error"], "app_unauthenticated");
        }
    }
    for seen in carrier.seen() {
        assert!(!seen.headers.contains_key("waybill-key"));
    }
}

#[tokio::test]
async fn draining_finishes_open_streams_and_takes_no_new_ones() {
    let of_carrier = Identity::new("localhost", &["h2"]);
    let carrier = Carrier::start(&of_carrier, 100, |_, _| {
        Act::Late(Duration::from_millis(500))
    })
    .await;
    let gateway = Gateway::start(Wants {
        upstream_http2: true,
        ..wants(&carrier, &of_carrier)
    });
    let mut sender = http2(gateway.addr, None).await;
    let mut first = sender.clone();
    let open = tokio::spawn(async move { ask(&mut first, request("POST", "/", "a")).await });
    while carrier.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let drained = tokio::spawn(
        gateway
            .running
            .shutdown(Drain::within(Duration::from_secs(5))),
    );
    let (head, body) = open.await.expect("no panic").expect("finished");
    assert_eq!((head.status().as_u16(), &body[..]), (200, &b"a"[..]));
    let report = drained.await.expect("no panic");
    assert_eq!((report.finished, report.cut), (1, 0));
    assert!(ask(&mut sender, request("GET", "/", "")).await.is_err());
}

#[tokio::test]
async fn rejected_credential_is_replaced_and_the_request_replayed() {
    let of_carrier = Identity::new("localhost", &["h2"]);
    let carrier = Carrier::start(&of_carrier, 100, |_, request| {
        let stale = request.headers()["authorization"] == "Bearer carrier-1";
        Act::Echo(if stale { 401 } else { 200 })
    })
    .await;
    let gateway = Gateway::start(Wants {
        upstream_http2: true,
        ..wants(&carrier, &of_carrier)
    });
    let mut sender = http2(gateway.addr, None).await;
    for body in ["small".to_owned(), "x".repeat(100_000)] {
        let (head, echoed) = ask(&mut sender, request("POST", "/", body.clone()))
            .await
            .expect("served");
        assert_eq!(head.status(), 200);
        assert!(echoed == body.as_bytes(), "{} bytes", echoed.len());
    }
    assert_eq!(carrier.seen().len(), 3);
}

/// A web page's name that resolves to this machine must not get a token, whatever another stream of
/// the connection says meanwhile.
#[test]
fn host_of_another_stream_does_not_help_a_token_request() {
    let gateway = Gateway::start(Wants {
        origin: "http://127.0.0.1:9".into(),
        trust: Identity::new("localhost", HTTP1).trust,
        upstream_http2: false,
        tls: None,
        trust_loopback: true,
        limits: Limits::default(),
    });
    let ask = |authority: &str, texts: &[&str]| {
        let mut all = vec![
            ":scheme: http".to_owned(),
            format!(":authority: {authority}"),
        ];
        all.extend(texts.iter().map(|text| (*text).to_owned()));
        block(&fields(&all))
    };
    let post = [
        ":method: POST",
        ":path: /token",
        "authorization: Basic YTpi",
    ];
    let mut raw = Raw::connect(gateway.addr, &[]);
    for (authority, status, stream) in [("evil.example", 403, 1), ("localhost", 200, 5)] {
        let open = frame(kind::HEADERS, END_HEADERS, stream, &ask(authority, &post));
        raw.send(&open).expect("takes it");
        let other = ask("localhost", &[":method: OPTIONS", ":path: *"]);
        let flags = END_HEADERS | END_STREAM;
        raw.send(&frame(kind::HEADERS, flags, stream + 2, &other))
            .expect("takes it");
        assert_eq!(raw.outcome(stream + 2), Outcome::Answered(204, true));
        let form = b"grant_type=client_credentials";
        raw.send(&frame(kind::DATA, END_STREAM, stream, form))
            .expect("takes it");
        assert_eq!(
            raw.outcome(stream),
            Outcome::Answered(status, true),
            "{authority}"
        );
    }
}

// `close_notify` ends one direction only (RFC 8446 section 6.1).
#[tokio::test]
async fn app_that_closes_for_writing_under_tls_gets_its_answer() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let identity = Identity::new("localhost", BOTH);
    let late = |_, _: &_| Act::Late(Duration::from_millis(150));
    let carrier = Carrier::start(&identity, 100, late).await;
    let ours = Identity::new("localhost", HTTP1);
    let gateway = Gateway::start(Wants {
        tls: Some(Arc::clone(&ours.server)),
        upstream_http2: true,
        ..wants(&carrier, &identity)
    });
    for requests in 1..=2 {
        let stream = TcpStream::connect(gateway.addr).await.expect("connected");
        let mut stream = tls(stream, &ours, HTTP1).await.expect("a handshake");
        let one = "POST /api HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";
        let bytes = one.repeat(requests);
        stream.write_all(bytes.as_bytes()).await.expect("written");
        stream.shutdown().await.expect("open");
        let mut answers = String::new();
        stream
            .read_to_string(&mut answers)
            .await
            .expect("closed in order");
        let served = answers.matches("HTTP/1.1 200 OK").count();
        assert_eq!(served, requests, "{answers}");
    }
}
