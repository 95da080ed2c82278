//! Connections that are idle, stuck or slow on purpose, seen by the frames that come back.

use std::time::{Duration, Instant};

use gateway_proxy::Limits;

use crate::frames::{END_HEADERS, END_STREAM, Outcome, Raw, block, frame, kind, number, request};
use crate::harness::{Answer, HANG, World, now, read_all};

/// Long enough for a client of a busy machine that is not meant to be slow.
const LIMIT: Duration = Duration::from_secs(2);
/// An answer larger than any window.
const LARGE: usize = 4 << 20;

fn world() -> World {
    World::start(Limits {
        head_read: LIMIT,
        body_idle: LIMIT,
        write_idle: LIMIT,
        keep_alive_idle: LIMIT,
        ..Limits::default()
    })
}

fn head(stream: u32, flags: u8, method: &str, path: &str) -> Vec<u8> {
    let flags = flags | END_HEADERS;
    frame(kind::HEADERS, flags, stream, &block(&request(method, path)))
}

fn answers_largely(world: &World) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: [head.into_bytes(), vec![b'x'; LARGE]].concat(),
        close: false,
    };
}

/// Reads until the connection ends; how long it took.
fn until_closed(raw: &mut Raw, began: Instant) -> Duration {
    goodbye(raw, began).1
}

/// Reads until the connection ends. Returns the code of the last `GOAWAY` and how long it took.
fn goodbye(raw: &mut Raw, began: Instant) -> (Option<u32>, Duration) {
    let mut code = None;
    while let Some(frame) = raw.next().expect("the connection ends") {
        if frame.kind == kind::GOAWAY {
            code = Some(number(&frame.payload[4..]));
        }
    }
    (code, now().duration_since(began))
}

/// Not at once; and not never, for reading has an end. A busy machine may be late.
#[track_caller]
fn by_the_limit(took: Duration) {
    assert!(took >= LIMIT / 2, "too early: {took:?}");
}

#[test]
fn idle_connection_is_told_so_and_closed() {
    let world = world();
    let mut raw = Raw::connect(world.gateway, &[]);
    raw.send(&head(1, END_STREAM, "GET", "/g"))
        .expect("takes it");
    assert_eq!(raw.outcome(1), Outcome::Answered(200, true));
    let (code, took) = goodbye(&mut raw, now());
    // Told: a client may send elsewhere what crossed with the end.
    assert_eq!(code, Some(0));
    by_the_limit(took);
}

#[test]
fn idle_connection_whose_client_does_not_react_is_cut() {
    let world = world();
    let mut raw = Raw::connect(world.gateway, &[]);
    raw.send(&head(1, END_STREAM, "GET", "/g"))
        .expect("takes it");
    let exchange = read_all(&mut raw.stream, now());
    assert!(exchange.closed, "{exchange:?}");
}

#[test]
fn connection_without_a_request_is_closed() {
    let world = world();
    let began = now();
    let mut raw = Raw::connect(world.gateway, &[]);
    by_the_limit(until_closed(&mut raw, began));
}

#[test]
fn head_that_is_never_finished_is_closed() {
    let world = world();
    let half = frame(kind::HEADERS, END_STREAM, 1, &block(&request("GET", "/g")));
    for bytes in [&half[..], &half[..5], &half[..20]] {
        let began = now();
        let mut raw = Raw::connect(world.gateway, &[]);
        raw.send(bytes).expect("takes it");
        // Not frame by frame: an acknowledgement in the middle would be an error of its own.
        let exchange = read_all(&mut raw.stream, began);
        assert!(exchange.closed, "{exchange:?}");
        by_the_limit(exchange.took);
    }
    assert_eq!(world.requests().len(), 0);
}

#[test]
fn body_that_stops_gets_408_and_the_connection_lives() {
    let world = world();
    let mut raw = Raw::connect(world.gateway, &[]);
    let began = now();
    raw.send(&head(1, 0, "POST", "/p")).expect("takes it");
    raw.send(&frame(kind::DATA, 0, 1, b"abc"))
        .expect("takes it");
    assert_eq!(raw.outcome(1), Outcome::Answered(408, true));
    by_the_limit(now().duration_since(began));
    raw.send(&head(3, END_STREAM, "GET", "/g"))
        .expect("takes it");
    assert_eq!(raw.outcome(3), Outcome::Answered(200, true));
}

#[test]
fn body_below_the_least_rate_gets_408() {
    let world = world();
    let mut raw = Raw::connect(world.gateway, &[]);
    let mut writer = raw.stream.try_clone().expect("a second handle");
    let began = now();
    raw.send(&head(1, 0, "POST", "/p")).expect("takes it");
    let dripping = std::thread::spawn(move || {
        use std::io::Write as _;
        while writer.write_all(&frame(kind::DATA, 0, 1, b"a")).is_ok() {
            std::thread::sleep(Duration::from_millis(100));
            assert!(now().duration_since(began) < HANG, "not cut");
        }
    });
    assert_eq!(raw.outcome(1), Outcome::Answered(408, true));
    by_the_limit(now().duration_since(began));
    dripping.join().expect("the dripper does not panic");
}

/// The window of the stream stays shut though the connection is fine: only the stream ends.
#[test]
fn stream_whose_window_stays_shut_is_reset_and_the_connection_lives() {
    let world = world();
    answers_largely(&world);
    const INITIAL_WINDOW_SIZE: u16 = 4;
    for window in [0, 1000] {
        let mut raw = Raw::connect(world.gateway, &[(INITIAL_WINDOW_SIZE, window)]);
        let began = now();
        raw.send(&head(1, END_STREAM, "GET", "/hostile"))
            .expect("takes it");
        // Reset after its head: an answer that did not come to its end.
        assert_eq!(raw.outcome(1), Outcome::Answered(200, false));
        by_the_limit(now().duration_since(began));
        raw.send(&head(3, END_STREAM, "HEAD", "/g"))
            .expect("takes it");
        assert_eq!(raw.outcome(3), Outcome::Answered(200, true));
        by_the_limit(until_closed(&mut raw, now()));
    }
}

/// Also where the answer is small and the gateway's own.
#[test]
fn small_answers_into_shut_windows_do_not_hold_the_connection() {
    let world = world();
    let mut raw = Raw::connect(world.gateway, &[(4, 0)]);
    for stream in [1, 3, 5] {
        let path = if stream == 3 { "/a/../b" } else { "/g" };
        raw.send(&head(stream, END_STREAM, "GET", path))
            .expect("takes it");
    }
    until_closed(&mut raw, now());
}

#[test]
fn client_that_does_not_read_is_cut() {
    let world = world();
    answers_largely(&world);
    // Windows wide open, but nobody reads the socket.
    let mut raw = Raw::connect(world.gateway, &[(4, 0x7FFF_FFFF)]);
    let wide = 0x7000_0000_u32.to_be_bytes();
    raw.send(&frame(kind::WINDOW_UPDATE, 0, 0, &wide))
        .expect("takes it");
    for stream in (1..60).step_by(2) {
        raw.send(&head(stream, END_STREAM, "GET", "/hostile"))
            .expect("takes it");
    }
    let began = now();
    while world.open_connections() == 0 {
        assert!(now().duration_since(began) < HANG, "never accepted");
        std::thread::sleep(Duration::from_millis(1));
    }
    while world.open_connections() > 0 {
        assert!(now().duration_since(began) < HANG, "still open");
        std::thread::sleep(Duration::from_millis(20));
    }
}
