//! What carriers answer over HTTP/1, as an HTTP/2 app sees it.

use gateway_proxy::Limits;

use crate::frames::{
    END_HEADERS, END_STREAM, Frame, Outcome, Raw, block, fields, frame, kind, request,
};
use crate::harness::{Answer, World};

fn head(stream: u32, flags: u8, method: &str, path: &str) -> Vec<u8> {
    let flags = flags | END_HEADERS;
    frame(kind::HEADERS, flags, stream, &block(&request(method, path)))
}

/// Asks for an answer of these bytes; what came of it, and whether another request is served then.
fn ask(world: &World, method: &str, bytes: &str, close: bool) -> Outcome {
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: bytes.as_bytes().to_vec(),
        close,
    };
    let mut raw = Raw::connect(world.gateway, &[]);
    raw.send(&head(1, END_STREAM, method, "/hostile"))
        .expect("takes it");
    let outcome = raw.outcome(1);
    raw.send(&head(3, END_STREAM, "GET", "/g"))
        .expect("takes it");
    assert_eq!(raw.outcome(3), Outcome::Answered(200, true), "{bytes}");
    outcome
}

#[test]
fn answers_of_every_shape_arrive_whole() {
    let world = World::start(Limits::default());
    for (method, bytes, status) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            304,
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 200),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            200,
        ),
        (
            "GET",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
            201,
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            200,
        ),
        (
            "GET",
            "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
            302,
        ),
        (
            "GET",
            "HTTP/1.1 503 Busy\r\nConnection: close\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n",
            503,
        ),
    ] {
        let outcome = ask(&world, method, bytes, bytes.contains("close"));
        assert_eq!(outcome, Outcome::Answered(status, true), "{bytes}");
    }
}

// No part of an answer looks complete.
#[test]
fn answers_that_break_off_or_are_malformed_do_not_look_complete() {
    let world = World::start(Limits::default());
    for (bytes, outcome) in [
        ("", Outcome::Answered(502, true)),
        (
            "HTTP/1.1 200 OK\r\nContent-Le",
            Outcome::Answered(502, true),
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Outcome::Answered(502, true),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            Outcome::Answered(502, true),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
            Outcome::Answered(200, false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab",
            Outcome::Answered(200, false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nx\r\n",
            Outcome::Answered(200, false),
        ),
    ] {
        assert_eq!(ask(&world, "GET", bytes, true), outcome, "{bytes}");
    }
}

#[test]
fn trailers_of_the_carrier_do_not_pass() {
    let world = World::start(Limits::default());
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-late: a\r\n\r\n".to_vec(),
        close: false,
    };
    let mut raw = Raw::connect(world.gateway, &[]);
    raw.send(&head(1, END_STREAM, "GET", "/hostile"))
        .expect("takes it");
    let mut of_stream: Vec<Frame> = Vec::new();
    let ends = |frame: &Frame| frame.flags & END_STREAM != 0;
    while of_stream.last().is_none_or(|last| !ends(last)) {
        let frame = raw.next().expect("in time").expect("open");
        if frame.stream == 1 {
            of_stream.push(frame);
        }
    }
    let heads = of_stream
        .iter()
        .filter(|frame| frame.kind == kind::HEADERS)
        .count();
    assert_eq!(heads, 1, "{of_stream:?}");
}

// a client that waits for permission gets a response instead.
#[test]
fn expectation_is_not_passed_and_the_body_is() {
    let world = World::start(Limits::default());
    let mut raw = Raw::connect(world.gateway, &[]);
    let mut all = request("POST", "/p");
    all.extend(fields(&["expect: 100-continue", "content-length: 3"]));
    raw.send(&frame(kind::HEADERS, END_HEADERS, 1, &block(&all)))
        .expect("takes it");
    raw.send(&frame(kind::DATA, END_STREAM, 1, b"abc"))
        .expect("takes it");
    assert_eq!(raw.outcome(1), Outcome::Answered(200, true));
    let seen = &world.requests()[0];
    assert_eq!(
        (seen.body.as_slice(), seen.values("expect").len()),
        (&b"abc"[..], 0)
    );
}

#[test]
fn streams_over_the_limit_are_refused_and_the_others_served() {
    let world = World::start(Limits {
        http2_streams: 4,
        ..Limits::default()
    });
    let mut raw = Raw::connect(world.gateway, &[]);
    let open = |stream| head(stream, 0, "POST", "/p");
    let bytes: Vec<u8> = (0..6).flat_map(|at| open(at * 2 + 1)).collect();
    raw.send(&bytes).expect("takes it");
    const REFUSED_STREAM: u32 = 7;
    assert_eq!(raw.outcome(9), Outcome::Reset(REFUSED_STREAM));
    assert_eq!(raw.outcome(11), Outcome::Reset(REFUSED_STREAM));
    raw.send(&frame(kind::DATA, END_STREAM, 1, b"a"))
        .expect("takes it");
    assert_eq!(raw.outcome(1), Outcome::Answered(200, true));
}
