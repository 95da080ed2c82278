//! An app that closes its side of the connection behind its request, and waits for the answer.
//!
//! RFC 9112 section 9.6: a half-close is no abort. A request with an effect must never be carried out
//! without its answer because of it.

use super::{
    harness::{Client, Upstream, World, ok, post, read_message},
    servers::{SERVERS, wants},
};
use crate::Http1Server;
use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// A carrier that takes its time.
fn slow() -> Upstream {
    Upstream::start(Box::new(|number, seen| {
        thread::sleep(Duration::from_millis(150));
        let body = match seen.start.contains("/large") {
            true => "x".repeat(400_000),
            false => format!("{{\"number\":{number}}}"),
        };
        ok(&body)
    }))
}

/// Sends the bytes, closes for writing, and returns the statuses of what comes until the end.
fn half_closed(client: &mut Client, bytes: &str) -> Vec<u16> {
    client.write(bytes.as_bytes());
    client.stream.shutdown(Shutdown::Write).expect("open");
    let mut statuses = Vec::new();
    while let Ok(Some(answer)) = read_message(&mut client.stream, false) {
        statuses.push(answer.status());
    }
    statuses
}

#[test]
fn app_that_closes_for_writing_gets_every_answer() {
    SERVERS.into_iter().for_each(every_answer_comes);
}

fn every_answer_comes(server: Http1Server) {
    let one = post("/api", "", "{}");
    let large = post("/api/large", "", "{}");
    let last = post("/api", "connection: close\r\n", "{}");
    let chunked = "POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
                   2\r\n{}\r\n0\r\n\r\n";
    let old = "GET /api HTTP/1.0\r\nhost: localhost\r\n\r\n";
    // What is sent, and what comes back.
    let cases: [(String, &[u16]); 10] = [
        (one.clone(), &[200]),
        (large.clone(), &[200]),
        (last.clone(), &[200]),
        (chunked.into(), &[200]),
        (old.into(), &[200]),
        (format!("{one}{one}{one}"), &[200, 200, 200]),
        (format!("{large}{chunked}{last}"), &[200, 200, 200]),
        // A request that is not whole gets no answer; the ones before it do.
        (one[..30].into(), &[]),
        (format!("{one}{}", &one[..30]), &[200]),
        (format!("{one}GET / HTTP/1.1\nhost: a\n\n"), &[200, 400]),
    ];
    let upstream = slow();
    let world = World::new(upstream.addr, wants(server));
    for (bytes, expected) in &cases {
        let got = half_closed(&mut world.connect(), bytes);
        assert_eq!(got, *expected, "on a new connection: {bytes:.200}");
        let mut kept = world.connect();
        kept.write(one.as_bytes());
        assert_eq!(kept.read().status(), 200);
        // Long enough to be parked.
        thread::sleep(Duration::from_millis(300));
        let got = half_closed(&mut kept, bytes);
        assert_eq!(got, *expected, "on a kept connection: {bytes:.200}");
    }
    let running = world.running.as_ref().expect("running");
    while running.metrics().snapshot().connections_open > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(world.metrics().aborted, 0);
}

#[test]
fn body_that_ends_early_is_no_request() {
    for server in SERVERS {
        let upstream = slow();
        let world = World::new(upstream.addr, wants(server));
        let broken = post("/api", "", "{}").replace("content-length: 2", "content-length: 9");
        let got = half_closed(&mut world.connect(), &broken);
        assert!(got.is_empty() || got == [400], "{server:?}: {got:?}");
        assert!(upstream.seen().is_empty());
    }
}

/// What an app does while its request is at the carrier.
type Leave = fn(TcpStream);

fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).expect("a linger");
}

fn half_close_then_reset(stream: TcpStream) {
    stream.shutdown(Shutdown::Write).expect("open");
    thread::sleep(Duration::from_millis(100));
    reset(stream);
}

#[test]
fn app_that_resets_its_connection_ends_its_request() {
    SERVERS.into_iter().for_each(reset_ends_the_request);
}

fn reset_ends_the_request(server: Http1Server) {
    for (name, leave) in [
        ("reset", reset as Leave),
        ("half-close, then reset", half_close_then_reset),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let world = World::new(addr, wants(server));
        let mut client = world.connect();
        client.write(post("/api", "", "{}").as_bytes());
        let (mut carrier, _) = listener.accept().expect("a connection");
        let timeout = Some(Duration::from_secs(20));
        carrier.set_read_timeout(timeout).expect("a timeout");
        read_message(&mut carrier, false)
            .expect("read")
            .expect("one");
        leave(client.stream);
        // The gateway lets go of the carrier, which has not answered.
        let end = carrier.read(&mut [0]);
        assert!(matches!(end, Ok(0)), "{name}: {end:?}");
        let _ = carrier.write_all(&ok("{}"));
        while world.metrics().connections_open > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(world.metrics().aborted, 1, "{name}");
    }
}
