//! Ambiguous and malformed requests through the real program: refused, closed, never forwarded. All
//! rules are proven in `gateway/proxy/tests/wire`; here it is that they hold where it counts.

use bytes::Bytes;
use http::{Request, StatusCode};
use mock_ups::{Endpoint, Filter};
use tests::{Raw, World, rate_request};

const LINE: &str = "POST /api/rating/v2409/Shop HTTP/1.1\r\n";
const HOST: &str = "Host: localhost\r\n";

/// Refused with their connection: the status, what it is, and what follows the `Host` field.
const FIELDS: &[&str] = &[
    r"400 TE, CL: Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    r"400 CL, TE: Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    r"400 two lengths: Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    r"400 list of lengths: Content-Length: 5, 5\r\n\r\nhello",
    r"400 signed length: Content-Length: +5\r\n\r\nhello",
    r"400 unknown coding: Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    r"501 two codings: Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    r"400 chunk size: Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    r"400 long chunk: Transfer-Encoding: chunked\r\n\r\n5\r\nhello, you\r\n0\r\n\r\n",
    r"400 two Hosts: Host: localhost\r\n\r\n",
    r"400 folded line: X-A: 1\r\n 2\r\n\r\n",
    r"400 space before colon: X-A : 1\r\n\r\n",
    r"400 bare LF: X-A: 1\nX-B: 2\r\n\r\n",
    r"400 bare CR: X-A: 1\rX-B: 2\r\n\r\n",
    r"400 NUL in a field: X-A: \0\r\n\r\n",
    r"400 twin of a field: Content_Length: 5\r\n\r\n",
    r"417 expectation: Expect: 200-ok\r\nContent-Length: 5\r\n\r\n",
];

/// Refused with their connection: the status, what it is, and the lines.
const LINES: &[&str] = &[
    r"400 no Host: POST / HTTP/1.1\r\n\r\n",
    r"400 Host with user: POST / HTTP/1.1\r\nHost: a@localhost\r\n\r\n",
    r"400 Host with space: POST / HTTP/1.1\r\nHost: a b\r\n\r\n",
    r"400 TE in 1.0: POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    r"405 CONNECT: CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
    r"405 TRACE: TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    r"501 unknown method: BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    r"400 foreign authority: POST http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    r"505 HTTP/3: POST / HTTP/3.0\r\nHost: localhost\r\n\r\n",
    r"400 backslash: POST /api\x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    r"400 no version: POST /\r\n\r\n",
    r"400 TLS: \0\0\0\r\n\r\n",
];

fn bytes(text: &str) -> String {
    [("\\r", "\r"), ("\\n", "\n"), ("\\0", "\0")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn refused() -> Vec<(String, String)> {
    let split = |case: &'static str| case.split_once(": ").expect("what: bytes");
    let fields = FIELDS.iter().map(|case| split(case));
    let fields = fields.map(|(what, rest)| (what.to_owned(), bytes(rest)));
    let fields = fields.map(|(what, rest)| (what, format!("{LINE}{HOST}{rest}")));
    let lines = LINES.iter().map(|case| split(case));
    let lines = lines.map(|(what, rest)| (what.to_owned(), bytes(rest)));
    let many: String = (0..120).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = "a".repeat(70_000);
    let large = [
        ("431 large head", format!("{LINE}{HOST}X-A: {long}\r\n\r\n")),
        ("431 many fields", format!("{LINE}{HOST}{many}\r\n")),
        (
            "414 long target",
            format!("POST /{} HTTP/1.1\r\n{HOST}\r\n", &long[..9_000]),
        ),
    ];
    let large = large.map(|(what, request)| (what.to_owned(), request));
    fields.chain(lines).chain(large).collect()
}

/// The statuses of all answers in a connection's bytes.
fn statuses(bytes: &str) -> Vec<&str> {
    let answers = bytes.split("HTTP/1.1 ").skip(1);
    let statuses = answers.filter_map(|answer| answer.get(..3));
    statuses
        .filter(|status| status.parse::<u16>().is_ok())
        .collect()
}

#[tokio::test]
async fn malformed_requests_are_refused_and_never_forwarded() {
    let world = World::start().await;
    for (what, request) in refused() {
        let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
        raw.send(request).await;
        // If the gateway read on, this would be answered as well.
        raw.send(format!("GET /api/smuggled HTTP/1.1\r\n{HOST}\r\n"))
            .await;
        let answer = raw.until_closed(&what).await;
        assert_eq!(statuses(&answer), [&what[..3]], "{what}: {answer}");
        let fields = answer.to_lowercase();
        assert!(fields.contains("\r\nwaybill-error: "), "{what}: {answer}");
    }
    world
        .mock
        .expect(Filter::any().endpoint(Endpoint::Api))
        .none()
        .unwrap();
    world.shop().await.assert_rates();
}

/// What means another path to another reader is not forwarded.
#[tokio::test]
async fn ambiguous_paths_are_refused() {
    let world = World::start().await;
    for path in [
        "/api/../x",
        "/api/%2e%2E/x",
        "/api/./x",
        "/api/x/..",
        "/api%00/x",
        "/api/%",
        "/api/%zz",
    ] {
        let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
        raw.send(format!(
            "POST {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
        ))
        .await;
        let answer = raw.until_closed(path).await;
        assert_eq!(statuses(&answer), ["400"], "{path}: {answer}");
    }
    let any = Filter::any().endpoint(Endpoint::Api);
    world.mock.expect(any).none().unwrap();
}

/// Fields of one connection stay there, and naming a field cannot remove ours.
#[tokio::test]
async fn hop_by_hop_fields_stay_on_their_hop() {
    let world = World::start().await;
    let mut request = rate_request();
    for (name, value) in [
        (
            "connection",
            "keep-alive, X-Private, Authorization, TransId, Host, Content-Type",
        ),
        ("x-private", "theirs"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authenticate", "Basic"),
        ("te", "trailers"),
        ("trailer", "x-late"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABkAAQAAP__"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    // That there are rates proves that our bearer was on the request.
    world.app.send(request).await.assert_rates();
    let entry = world
        .mock
        .journal(&Filter::any().endpoint(Endpoint::Rating))
        .remove(0);
    let head = entry.head.to_lowercase();
    for name in [
        "x-private",
        "keep-alive",
        "proxy-",
        "te",
        "trailer",
        "upgrade",
        "http2-settings",
        "x-forwarded-for",
        "forwarded",
    ] {
        let is_there = head.lines().any(|line| line.starts_with(name));
        assert!(!is_there, "{name} reached the carrier:\n{head}");
    }
    let host = format!("host: {}", world.mock.address());
    assert!(head.contains(&host), "{head}");
}

#[tokio::test]
async fn chunked_and_pipelined_requests_are_served_in_order() {
    let world = World::start().await;
    let request = rate_request();
    let body = std::str::from_utf8(request.body()).unwrap();
    let chunked = format!(
        "{LINE}{HOST}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let unknown = format!("GET /api/unknown HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n");
    let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
    raw.send(chunked.clone() + &chunked + &unknown).await;
    let answer = raw.until_closed("the answer").await;
    assert_eq!(statuses(&answer), ["200", "200", "404"], "{answer}");
}

#[tokio::test]
async fn expectation_of_100_is_met_before_the_body_comes() {
    let world = World::start().await;
    let request = rate_request();
    let length = request.body().len();
    let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
    raw.send(format!(
        "{LINE}{HOST}Expect: 100-continue\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ))
    .await;
    raw.until("100 Continue\r\n\r\n").await;
    raw.send(request.body()).await;
    let answer = raw.until_closed("the answer").await;
    assert!(answer.contains("HTTP/1.1 200 "), "{answer}");
}

/// Who sends slowly is told and cut off.
#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off() {
    let world = World::builder()
        .more("[limits]\nhead_timeout = \"300ms\"\nbody_idle_timeout = \"300ms\"")
        .start()
        .await;
    for unfinished in [
        format!("{LINE}Host: loc"),
        format!("{LINE}{HOST}Content-Length: 10\r\n\r\nhell"),
    ] {
        let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
        raw.send(&unfinished).await;
        let answer = raw.until_closed("the answer").await;
        assert!(
            answer.starts_with("HTTP/1.1 408 "),
            "{unfinished}: {answer}"
        );
    }
}

/// A client that goes away in the middle is its own problem.
#[tokio::test]
async fn clients_that_vanish_harm_nobody() {
    let world = World::start().await;
    for part in [
        "",
        "POST",
        LINE,
        &format!("{LINE}{HOST}Content-Length: 10\r\n\r\nhell"),
        &format!("{LINE}{HOST}Transfer-Encoding: chunked\r\n\r\nff\r\nhell"),
    ] {
        Raw::connect(world.gateway.apps)
            .await
            .unwrap()
            .send(part)
            .await;
    }
    world.shop().await.assert_rates();
    // The carrier never saw a request that looked complete.
    let complete = Filter::any().endpoint(Endpoint::Rating);
    world.mock.expect(complete).exactly(1).unwrap();
}

#[tokio::test]
async fn unknown_paths_are_the_carriers_to_answer() {
    let world = World::start().await;
    let request = Request::get("/api/none/v1/thing?x=%20&y=a+b");
    let answer = world.app.send(request.body(Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.field("waybill-error"), "");
    let entry = world
        .mock
        .journal(&Filter::any().path("/api/none"))
        .remove(0);
    assert_eq!(
        entry.target, "/api/none/v1/thing?x=%20&y=a+b",
        "as the app wrote it"
    );
}
