//! Carriers over TLS, HTTP/2 or HTTP/1, that behave and misbehave.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use gateway_proxy::Limits;
use h2::Reason;
use rustls::HandshakeKind;

use crate::carrier::{Act, Carrier};
use crate::world::{Gateway, Http2, Identity, Wants, ask, http2, request};

const HTTP1: &[&str] = &["http/1.1"];
const HTTP2: &[&str] = &["h2"];
const BOTH: &[&str] = &["h2", "http/1.1"];

/// A gateway before this carrier, and an app's connection.
async fn gateway(carrier: &Carrier, trust: &Identity, limits: Limits) -> (Gateway, Http2) {
    let gateway = Gateway::start(Wants {
        origin: carrier.origin(),
        trust: Arc::clone(&trust.trust),
        upstream_http2: true,
        tls: None,
        trust_loopback: true,
        limits,
    });
    let sender = http2(gateway.addr, None).await;
    (gateway, sender)
}

/// A carrier with a script, a gateway, an app.
async fn world(
    streams: u32,
    script: impl Fn(usize, &http::Request<()>) -> Act + Send + Sync + 'static,
) -> (Carrier, Gateway, Http2) {
    let identity = Identity::new("localhost", HTTP2);
    let carrier = Carrier::start(&identity, streams, script).await;
    let (gateway, sender) = gateway(&carrier, &identity, Limits::default()).await;
    (carrier, gateway, sender)
}

async fn status(sender: &mut Http2, method: &str, body: &'static str) -> (u16, String) {
    let (head, text) = ask(sender, request(method, "/", body))
        .await
        .expect("answered");
    let error = head.headers().get("waybill-error");
    let error = error.map_or("", |error| error.to_str().expect("text"));
    let text = String::from_utf8_lossy(&text);
    (head.status().as_u16(), format!("{error} {text}"))
}

#[tokio::test]
async fn protocol_is_the_one_that_both_sides_want() {
    for (alpn, scheme) in [
        (HTTP1, ""),
        (HTTP2, "https"),
        (BOTH, "https"),
        (&[][..], ""),
    ] {
        let identity = Identity::new("localhost", alpn);
        let carrier = Carrier::start(&identity, 100, |_, _| Act::Echo(200)).await;
        let (_gateway, mut sender) = gateway(&carrier, &identity, Limits::default()).await;
        assert_eq!(status(&mut sender, "POST", "a").await, (200, " a".into()));
        let seen = carrier.seen();
        // HTTP/2 names the scheme and the authority, HTTP/1 only the path.
        assert!(seen[0].uri.starts_with(scheme), "{alpn:?} {}", seen[0].uri);
        assert_eq!(seen[0].uri.starts_with('/'), scheme.is_empty());
        assert_eq!(seen[0].headers.contains_key("host"), scheme.is_empty());
        assert_eq!(seen[0].headers["authorization"], "Bearer carrier-1");
    }
}

#[tokio::test]
async fn second_connection_resumes_the_session() {
    let identity = Identity::new("localhost", HTTP2);
    // Every answer is the last of its connection.
    let carrier = Carrier::start(&identity, 100, |_, _| Act::Goodbye).await;
    let (_gateway, mut sender) = gateway(&carrier, &identity, Limits::default()).await;
    while carrier.handshakes.lock().expect("no poison").len() < 3 {
        assert_eq!(status(&mut sender, "GET", "").await.0, 200);
    }
    let handshakes = carrier.handshakes.lock().expect("no poison").clone();
    assert!(
        matches!(
            handshakes[..2],
            [HandshakeKind::Full, HandshakeKind::Resumed]
        ),
        "{handshakes:?}"
    );
}

// Nothing is sent to whom the gateway does not know.
#[tokio::test]
async fn carrier_with_a_foreign_certificate_gets_no_request() {
    for name in ["localhost", "other.example"] {
        let theirs = Identity::new(name, HTTP2);
        let trusted = match name {
            // The right name from an unknown authority, or the wrong name from a known one.
            "localhost" => Identity::new("localhost", HTTP2),
            _ => theirs.clone(),
        };
        let carrier = Carrier::start(&theirs, 100, |_, _| Act::Echo(200)).await;
        let (_gateway, mut sender) = gateway(&carrier, &trusted, Limits::default()).await;
        let (code, text) = status(&mut sender, "POST", "a").await;
        assert_eq!((code, &text[..20]), (502, "carrier_unreachable "));
        for inside in ["ertificate", "rustls", "localhost", "example", "127.0.0.1"] {
            assert!(!text.contains(inside), "{text}");
        }
        assert_eq!(carrier.seen().len(), 0);
    }
}

#[tokio::test]
async fn carrier_that_gives_up_before_its_answer_is_told_apart_and_not_asked_twice() {
    for act in [
        Act::Reset(Reason::INTERNAL_ERROR),
        Act::Reset(Reason::CANCEL),
        Act::GoAway(Reason::INTERNAL_ERROR),
        Act::Vanish,
    ] {
        let again = act.clone();
        let script = move |count, _: &_| match count {
            1 => again.clone(),
            _ => Act::Echo(200),
        };
        let (carrier, _gateway, mut sender) = world(100, script).await;
        let (code, text) = status(&mut sender, "POST", "a").await;
        assert_eq!(code, 502, "{act:?} {text}");
        assert!(text.contains("outcome unknown"), "{act:?} {text}");
        assert_eq!(carrier.seen().len(), 1, "{act:?}");
        // The next request finds a carrier.
        assert_eq!(
            status(&mut sender, "POST", "b").await,
            (200, " b".into()),
            "{act:?}"
        );
    }
}

#[tokio::test]
async fn request_on_a_kept_connection_that_ends_is_sent_once_more_if_it_is_safe() {
    // How the carrier gives up at the second request, and how often it then gets a GET and a POST.
    for (act, gets, posts) in [
        (Act::Vanish, 2, 1),
        (Act::GoAway(Reason::ENHANCE_YOUR_CALM), 2, 1),
        (Act::Reset(Reason::REFUSED_STREAM), 2, 1),
        // A kind of response: the carrier has seen the request and failed.
        (Act::Reset(Reason::INTERNAL_ERROR), 1, 1),
    ] {
        for (method, times) in [("GET", gets), ("POST", posts)] {
            let ends = act.clone();
            let script = move |count, _: &_| match count {
                2 => ends.clone(),
                _ => Act::Echo(200),
            };
            let (carrier, gateway, mut sender) = world(100, script).await;
            assert_eq!(status(&mut sender, "GET", "").await.0, 200);
            let (code, text) = status(&mut sender, method, "").await;
            let expected = if times == 2 { 200 } else { 502 };
            assert_eq!(code, expected, "{method} {act:?} {text}");
            let seen = carrier.seen();
            assert_eq!(seen.len(), 1 + times, "{method} {act:?}");
            assert!(
                times == 1 || seen[2].connection > seen[1].connection,
                "not over a new connection"
            );
            drop(gateway);
        }
    }
}

#[tokio::test]
async fn answer_that_breaks_off_does_not_look_complete() {
    for act in [Act::HalfThenReset, Act::WrongLength] {
        let bad = act.clone();
        let script = move |count, _: &_| match count {
            1 => bad.clone(),
            _ => Act::Echo(200),
        };
        let (_carrier, _gateway, mut sender) = world(100, script).await;
        let broken = ask(&mut sender, request("GET", "/", "")).await;
        assert!(
            broken
                .as_ref()
                .map_or(true, |(head, _)| head.status() == 502),
            "{act:?}: {broken:?}"
        );
        assert_eq!(
            status(&mut sender, "POST", "b").await,
            (200, " b".into()),
            "{act:?}"
        );
    }
}

#[tokio::test]
async fn trailers_of_the_carrier_do_not_pass() {
    use http_body_util::BodyExt as _;
    let (_carrier, _gateway, mut sender) = world(100, |_, _| Act::Trailers).await;
    sender.ready().await.expect("open");
    let answer = sender
        .send_request(request("GET", "/", ""))
        .await
        .expect("answered");
    let whole = answer.into_body().collect().await.expect("whole");
    assert!(whole.trailers().is_none());
    assert_eq!(&whole.to_bytes()[..], b"ok");
}

#[tokio::test]
async fn carrier_that_says_goodbye_is_left_without_losing_a_request() {
    let script = |count, _: &_| {
        if count % 3 == 0 {
            Act::Goodbye
        } else {
            Act::Echo(200)
        }
    };
    let (carrier, _gateway, mut sender) = world(100, script).await;
    for _ in 0..30 {
        assert_eq!(status(&mut sender, "POST", "a").await, (200, " a".into()));
    }
    let seen = carrier.seen();
    assert_eq!(seen.len(), 30);
    assert!(seen[29].connection >= 5, "{}", seen[29].connection);
}

#[tokio::test]
async fn carrier_that_never_answers_is_given_up() {
    let identity = Identity::new("localhost", HTTP2);
    let carrier = Carrier::start(&identity, 100, |count, _| match count {
        1 => Act::Hang,
        _ => Act::Echo(200),
    })
    .await;
    let limits = Limits {
        first_byte: Duration::from_secs(1),
        ..Limits::default()
    };
    let (_gateway, mut sender) = gateway(&carrier, &identity, limits).await;
    assert_eq!(status(&mut sender, "POST", "a").await.0, 504);
    // A stream that was given up does not cost the connection.
    assert_eq!(status(&mut sender, "POST", "b").await, (200, " b".into()));
    assert_eq!(carrier.handshakes.lock().expect("no poison").len(), 1);
}

/// A carrier's pause is not the app's: it counts against the other limit.
#[tokio::test]
async fn answer_that_pauses_is_not_taken_for_one_that_is_not_taken() {
    let identity = Identity::new("localhost", HTTP2);
    let pause = |_, _: &_| Act::HalfThenRest(Duration::from_millis(1500));
    let carrier = Carrier::start(&identity, 100, pause).await;
    let limits = Limits {
        write_idle: Duration::from_millis(500),
        ..Limits::default()
    };
    let (_gateway, mut sender) = gateway(&carrier, &identity, limits).await;
    let whole = (200, " half and rest".into());
    assert_eq!(status(&mut sender, "GET", "").await, whole);
}

// The carrier's own limit holds, and what is over it goes over further connections.
#[tokio::test]
async fn carriers_limit_of_streams_is_respected() {
    let late = |_, _: &_| Act::Late(Duration::from_millis(100));
    let (carrier, _gateway, mut sender) = world(5, late).await;
    // Its settings are known after the first answer.
    assert_eq!(status(&mut sender, "GET", "").await.0, 200);
    let asked = (0..60).map(|at| {
        let mut sender = sender.clone();
        async move {
            let text = format!("body {at}");
            let (head, body) = ask(&mut sender, request("POST", "/", text.clone()))
                .await
                .expect("answered");
            assert_eq!((head.status().as_u16(), &body[..]), (200, text.as_bytes()));
        }
    });
    join_all(asked).await;
    assert!(
        carrier.peak.load(Ordering::SeqCst) <= 5,
        "{:?}",
        carrier.peak
    );
    assert_eq!(carrier.seen().len(), 61);
    // Once opened, the connections stay in use.
    let opened = carrier.handshakes.lock().expect("no poison").len();
    assert!(opened > 1, "they queued");
    for _ in 0..10 {
        assert_eq!(status(&mut sender, "GET", "").await.0, 200);
    }
    assert_eq!(carrier.handshakes.lock().expect("no poison").len(), opened);
}
