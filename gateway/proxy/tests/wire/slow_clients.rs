//! Clients that are slow on purpose, against a real gateway with short limits.
//!
//! That they are cut is what counts here; `guarded_io` tells when, on a clock that no busy machine
//! can slow down.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use gateway_proxy::Limits;

use crate::harness::{Answer, HANG, World, answers, now, read_all};

/// Long enough for a client of a busy machine that is not meant to be slow.
const LIMIT: Duration = Duration::from_secs(2);

fn world() -> World {
    World::start(Limits {
        head_read: LIMIT,
        body_idle: LIMIT,
        write_idle: LIMIT,
        keep_alive_idle: LIMIT,
        ..Limits::default()
    })
}

/// Sends a start, then a byte every so often until the gateway has had enough. Returns the answers.
fn drip(mut stream: TcpStream, start: &[u8], byte: &[u8], pause: Duration) -> Vec<u16> {
    let began = now();
    stream.write_all(start).expect("the gateway takes it");
    stream
        .set_read_timeout(Some(pause))
        .expect("a valid timeout");
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        assert!(now().duration_since(began) < HANG, "not cut");
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if !byte.is_empty() && stream.write_all(byte).is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    answers(&bytes).0
}

/// Name, first bytes, byte to drip, pause between drips, expected statuses.
type Kind = (
    &'static str,
    &'static [u8],
    &'static [u8],
    Duration,
    &'static [u16],
);

#[test]
fn slow_clients_are_all_cut_and_others_served() {
    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n";
    const LENGTH: &[u8] = b"POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
    const CHUNKED: &[u8] =
        b"POST /p HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let world = &world();
    let ms = Duration::from_millis;
    let kinds: [Kind; 9] = [
        ("nothing", b"", b"", ms(100), &[]),
        ("a head that stops", HEAD, b"", ms(100), &[408]),
        ("a head that drips", HEAD, b"A", ms(200), &[408]),
        (
            "a head of endless fields",
            HEAD,
            b"A: b\r\n",
            ms(200),
            &[408],
        ),
        ("a request line that drips", b"GET /", b"a", ms(200), &[408]),
        ("a body that stops", LENGTH, b"", ms(100), &[408]),
        ("a chunked body that stops", CHUNKED, b"", ms(100), &[408]),
        ("half a preface", b"PRI * HTTP/2.0\r\n", b"", ms(100), &[]),
        ("nothing more", WHOLE, b"", ms(100), &[200]),
    ];
    std::thread::scope(|scope| {
        for (name, start, byte, pause, wanted) in kinds {
            for _ in 0..10 {
                scope.spawn(move || {
                    let statuses = drip(world.connect(), start, byte, pause);
                    // A drip that meets a closed connection may cost the answer.
                    assert!(
                        statuses == wanted || (!byte.is_empty() && statuses.is_empty()),
                        "{name}: {statuses:?}"
                    );
                });
            }
        }
        // Others are served meanwhile.
        for _ in 0..20 {
            let exchange =
                world.exchange(b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assert_eq!(answers(&exchange.bytes), (vec![200], false));
        }
    });
}

#[test]
fn a_client_that_does_not_read_is_cut() {
    let world = world();
    let body = "x".repeat(64 << 20);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: answer.into_bytes(),
        close: true,
    };
    let mut stream = world.connect();
    stream
        .write_all(b"GET /hostile HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the gateway takes it");
    // Seen from the outside: the metrics say how many connections are open.
    let began = now();
    while world.open_connections() == 0 {
        assert!(now().duration_since(began) < HANG, "never accepted");
        std::thread::sleep(Duration::from_millis(1));
    }
    while world.open_connections() > 0 {
        assert!(now().duration_since(began) < HANG, "still open");
        std::thread::sleep(Duration::from_millis(20));
    }
    let exchange = read_all(&mut stream, began);
    assert!(
        exchange.closed && exchange.bytes.len() < body.len(),
        "looks complete"
    );
}

/// Reads the whole answer, but so slowly that it would last for hours.
#[test]
fn a_client_that_reads_too_slowly_is_cut() {
    let world = World::start(Limits {
        write_idle: LIMIT,
        ..Limits::default()
    });
    // Fits into the buffers that the system has for a connection.
    let body = "x".repeat(256 << 10);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: (head + &body).into_bytes(),
        close: true,
    };
    let address = socket2::SockAddr::from(world.gateway);
    let kind = socket2::Type::STREAM;
    let socket = socket2::Socket::new(address.domain(), kind, None).expect("a socket");
    socket.set_recv_buffer_size(2048).expect("a size");
    socket.connect(&address).expect("the gateway listens");
    let mut stream = TcpStream::from(socket);
    stream
        .write_all(b"GET /hostile HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the gateway takes it");
    let began = now();
    let mut read = stream.read(&mut [0; 16]).expect("an answer");
    while world.open_connections() > 0 {
        assert!(now().duration_since(began) < HANG, "not cut");
        read += stream.read(&mut [0; 16]).unwrap_or(0);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(read < body.len() / 2, "it was not slow");
}

/// A body below the least rate is a slow client too, though it never stops.
#[test]
fn a_body_that_drips_is_refused() {
    let world = world();
    let head = b"POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
    let statuses = drip(world.connect(), head, b"a", Duration::from_millis(200));
    assert!(statuses == [408] || statuses.is_empty(), "{statuses:?}");
}
