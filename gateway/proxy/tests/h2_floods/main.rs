//! HTTP/2 floods: the connection that floods ends, memory stays flat, others are served.
//!
//! A test target of its own, because memory is measured for the whole process.

#[path = "../h2/frames.rs"]
#[expect(dead_code, reason = "floods look at no answer")]
mod frames;
#[path = "../wire/harness.rs"]
#[expect(dead_code, reason = "the HTTP/1 suite uses the rest")]
mod harness;
#[path = "../wire/readers.rs"]
#[expect(dead_code, reason = "the HTTP/1 suite uses the rest")]
mod readers;

pub(crate) const SERVER: gateway_proxy::Http1Server = gateway_proxy::Http1Server::Own;

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use frames::{END_HEADERS, END_STREAM, Raw, block, frame, kind, request};
use gateway_proxy::Limits;
use harness::{Answer, World, answers, now};

const LIMIT: Duration = Duration::from_secs(1);
/// Within this a flood must end.
const BOUND: Duration = Duration::from_secs(30);
const GROWTH: u64 = 20 << 20;

/// What is sent again and again, given how often it was sent before.
type Burst = Box<dyn FnMut(u32) -> Vec<u8> + Send>;

struct Flood {
    name: &'static str,
    settings: Vec<(u16, u32)>,
    /// Sent once.
    first: Vec<u8>,
    burst: Burst,
    /// Whether the flooder reads what comes back.
    reads: bool,
    /// Nothing but the limit of idle connections ends it, for it does not go on.
    falls_silent: bool,
}

fn flood(name: &'static str, burst: impl FnMut(u32) -> Vec<u8> + Send + 'static) -> Flood {
    Flood {
        name,
        settings: vec![],
        first: vec![],
        burst: Box::new(burst),
        reads: true,
        falls_silent: false,
    }
}

fn head(stream: u32, flags: u8, method: &str, path: &str) -> Vec<u8> {
    frame(kind::HEADERS, flags, stream, &block(&request(method, path)))
}

/// A client never uses a stream twice: odd numbers, upwards.
const fn stream(at: u32) -> u32 {
    at * 2 + 1
}

const PRIORITY: u8 = 2;
const GET: u8 = END_HEADERS | END_STREAM;

fn floods() -> Vec<Flood> {
    let mut slow_reader = flood("settings, not read", |_| frame(kind::SETTINGS, 0, 0, &[]));
    slow_reader.reads = false;
    let mut shut = flood("shut windows", |at| {
        if at < 100 {
            head(stream(at), GET, "GET", "/hostile")
        } else {
            std::thread::sleep(Duration::from_millis(1));
            vec![]
        }
    });
    shut.settings = vec![(4, 0)];
    shut.falls_silent = true;
    let mut no_body = flood("empty data", |_| frame(kind::DATA, 0, 1, &[]));
    no_body.first = head(1, END_HEADERS, "POST", "/p");
    let mut endless_head = flood("continuations", |_| frame(kind::CONTINUATION, 0, 1, &[]));
    endless_head.first = head(1, END_STREAM, "GET", "/g");
    let mut table = flood("header table of 4 GiB", |at| {
        if at < 100 {
            head(stream(at), GET, "GET", "/g")
        } else {
            std::thread::sleep(Duration::from_millis(1));
            vec![]
        }
    });
    table.settings = vec![(1, u32::MAX)];
    table.falls_silent = true;
    vec![
        flood("rapid reset", |at| {
            let cancel = frame(kind::RST_STREAM, 0, stream(at), &8_u32.to_be_bytes());
            [head(stream(at), GET, "GET", "/g"), cancel].concat()
        }),
        flood("rapid reset, late", |at| {
            // A few streams behind, so that their requests are on their way upstream.
            let opened = head(stream(at), GET, "GET", "/g");
            match at.checked_sub(50) {
                None => opened,
                Some(old) => {
                    let code = 8_u32.to_be_bytes();
                    [opened, frame(kind::RST_STREAM, 0, stream(old), &code)].concat()
                }
            }
        }),
        flood("broken requests", |at| {
            head(stream(at), GET, "GET", "no slash")
        }),
        flood("settings", |_| frame(kind::SETTINGS, 0, 0, &[])),
        slow_reader,
        flood("pings", |at| {
            frame(kind::PING, 0, 0, &u64::from(at).to_be_bytes())
        }),
        flood("priorities", |at| {
            frame(PRIORITY, 0, stream(at), &[0, 0, 0, 0, 16])
        }),
        flood("window updates", |_| {
            frame(kind::WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())
        }),
        flood("unknown frames", |_| frame(0x77, 0, 0, b"x")),
        no_body,
        endless_head,
        flood("heads without end", |at| {
            head(stream(at), END_HEADERS, "POST", "/p")
        }),
        shut,
        table,
    ]
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).expect("resident pages");
    pages.parse::<u64>().expect("a number") * 4096
}

/// Floods until the gateway ends the connection, or `BOUND` has passed; whether it ended.
fn attack(world: &World, flood: &mut Flood) -> bool {
    let mut raw = Raw::connect(world.gateway, &flood.settings);
    raw.send(&flood.first).expect("a fresh connection takes it");
    let began = now();
    let gone = AtomicBool::new(false);
    let mut reader = raw.stream.try_clone().expect("a second handle");
    std::thread::scope(|scope| {
        if flood.reads {
            scope.spawn(|| {
                let mut piece = [0; 16 * 1024];
                while reader.read(&mut piece).is_ok_and(|read| read > 0) {}
                gone.store(true, Ordering::SeqCst);
            });
        }
        let wait = Some(Duration::from_millis(200));
        raw.stream.set_write_timeout(wait).expect("a valid timeout");
        let mut at = 0;
        let ended = loop {
            if gone.load(Ordering::SeqCst) || (!flood.reads && world.open_connections() == 0) {
                break true;
            }
            if now().duration_since(began) > BOUND {
                break false;
            }
            let mut bytes = Vec::new();
            for _ in 0..16 {
                bytes.extend((flood.burst)(at));
                at += 1;
            }
            let blocked = std::io::ErrorKind::WouldBlock;
            match raw.stream.write_all(&bytes) {
                Err(error) if error.kind() != blocked => break true,
                // A frame may be half sent now, which only an honest client would mind.
                Ok(()) | Err(_) => {}
            }
        };
        let _ = raw.stream.shutdown(Shutdown::Both);
        ended
    })
}

/// Asks again and again until told to stop.
fn bystander(world: &World, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let exchange =
            world.exchange(b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(answers(&exchange.bytes), (vec![200], false), "{exchange:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// With short limits but for idle connections: a flood must not be saved by ending as one.
fn world(keep_alive_idle: Duration) -> World {
    let world = World::start(Limits {
        head_read: LIMIT,
        body_idle: LIMIT,
        write_idle: LIMIT,
        keep_alive_idle,
        ..Limits::default()
    });
    // Small: what the upstream of this test holds counts too.
    let large = 32 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {large}\r\n\r\n");
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: [head.into_bytes(), vec![b'x'; large]].concat(),
        close: false,
    };
    world
}

/// What is wrong with how a flood ended, if anything is.
fn check(world: &World, flood: &mut Flood) -> Option<String> {
    {
        // The upstream's memory is not the gateway's.
        let mut log = world.log.lock().expect("no poison");
        log.requests.clear();
        (log.connections.iter_mut()).for_each(|bytes| *bytes = Vec::new());
    }
    let before = resident();
    let stop = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| bystander(world, &stop));
        let ended = attack(world, flood);
        stop.store(true, Ordering::SeqCst);
        ended
    });
    let growth = resident().saturating_sub(before);
    let name = flood.name;
    (!ended || growth > GROWTH).then(|| format!("{name}: ended {ended}, grew by {growth}"))
}

#[test]
fn floods_end_within_the_bound_and_others_are_served() {
    let (patient, brisk) = (world(BOUND * 6), world(LIMIT));
    let failures: Vec<_> = (floods().iter_mut())
        .filter_map(|flood| {
            let world = if flood.falls_silent { &brisk } else { &patient };
            check(world, flood)
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
