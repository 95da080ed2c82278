//! Connections to a carrier that closes, hurries, or takes its time.

use super::harness::{Client, Message, Upstream, Wants, World, ok, post, read_message};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

/// A gateway before a carrier that the test plays itself.
fn world() -> (World, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = listener.local_addr().expect("an address");
    (World::new(addr, Wants::default()), listener)
}

fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().expect("a connection").0
}

fn request(stream: &mut TcpStream) -> Message {
    read_message(stream, false).expect("read").expect("one")
}

fn ask(client: &mut Client) {
    client.write(post("/api", "", "{}").as_bytes());
}

#[test]
fn connection_that_the_carrier_closed_costs_no_request() {
    let (world, listener) = world();
    let mut client = world.connect();
    for round in 0..5 {
        ask(&mut client);
        let mut carrier = accept(&listener);
        request(&mut carrier);
        carrier.write_all(&ok("{}")).expect("write");
        assert_eq!(client.read().status(), 200, "round {round}");
        // Dropped: the next request finds a closed connection in the pool.
    }
    assert_eq!(world.metrics().retries, 0, "it is not even tried");
}

#[test]
fn carrier_that_speaks_unasked_is_not_used_again() {
    let (world, listener) = world();
    let mut client = world.connect();
    ask(&mut client);
    let mut first = accept(&listener);
    request(&mut first);
    first.write_all(&ok("{}")).expect("write");
    assert_eq!(client.read().status(), 200);
    // The answer to a question that nobody asked yet.
    first.write_all(&ok("{\"poisoned\":1}")).expect("write");
    ask(&mut client);
    let mut second = accept(&listener);
    request(&mut second);
    second.write_all(&ok("{\"clean\":1}")).expect("write");
    assert_eq!(client.read().text(), "{\"clean\":1}");
}

#[test]
fn answer_may_come_before_the_request_is_whole() {
    let (world, listener) = world();
    let mut client = world.connect();
    client.write(b"POST /api HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nbegins");
    let mut carrier = accept(&listener);
    let mut seen = Vec::new();
    while !seen.ends_with(b"begins") {
        let mut bytes = [0; 1024];
        let count = carrier.read(&mut bytes).expect("read");
        seen.extend_from_slice(&bytes[..count]);
    }
    let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
    carrier.write_all(answer).expect("write");
    let got = client.read();
    assert_eq!((got.status(), got.text().as_str()), (413, "no"));
    // Half a request is on it, so nothing else may follow.
    let mut rest = Vec::new();
    carrier.read_to_end(&mut rest).expect("the gateway closes");
    assert!(rest.is_empty());
}

#[test]
fn large_bodies_pass_whole_both_ways_however_slow_their_reader() {
    let (world, listener) = world();
    let sent: String = (0..400_000).map(|n| format!("{n:08}")).collect();
    let expected = sent.clone();
    let carrier = thread::spawn(move || {
        for chunked in [false, true] {
            let mut stream = accept(&listener);
            let message = request(&mut stream);
            assert!(message.text() == expected, "the body arrived damaged");
            let framing = match chunked {
                false => format!("content-length: {}", expected.len()),
                true => "transfer-encoding: chunked".to_owned(),
            };
            let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).expect("write");
            for piece in expected.as_bytes().chunks(77_777) {
                let piece = match chunked {
                    false => piece.to_vec(),
                    true => [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat(),
                };
                stream.write_all(&piece).expect("write");
            }
            if chunked {
                stream.write_all(b"0\r\nx: y\r\n\r\n").expect("write");
            }
        }
    });
    for _ in 0..2 {
        let got = world.send(&post("/api", "", &sent));
        assert!(got.status() == 200 && got.text() == sent, "{}", got.start);
    }
    carrier.join().expect("the carrier saw what it should");
}

#[test]
fn connections_beyond_those_that_are_kept_are_closed() {
    let upstream = Upstream::fine();
    let mut wants = Wants::default();
    wants.limits.upstream_idle_connections = 1;
    let world = World::new(upstream.addr, wants);
    let mut clients = [world.connect(), world.connect(), world.connect()];
    for client in &mut clients {
        ask(client);
    }
    for client in &mut clients {
        assert_eq!(client.read().status(), 200);
    }
    // All but one of those that were opened end; how many were opened is a matter of pace.
    while upstream.ended() + 1 < upstream.connections() {
        thread::yield_now();
    }
}
