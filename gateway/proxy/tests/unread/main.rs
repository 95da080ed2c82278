//! Apps that send requests and do not read the responses: what a connection holds is bounded, whatever was
//! sent ahead.
//!
//! A test target of its own, because memory is measured for the whole process.

#[path = "../wire/harness.rs"]
#[expect(dead_code, reason = "the HTTP/1 suite uses the rest")]
mod harness;
#[path = "../wire/readers.rs"]
#[expect(dead_code, reason = "the HTTP/1 suite uses the rest")]
mod readers;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gateway_proxy::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{HANG, World, now};

pub(crate) const SERVER: gateway_proxy::Http1Server = gateway_proxy::Http1Server::Own;

/// Fewer descriptors than a process may have by default: each connection takes four here.
const APPS: u64 = 200;
/// Requests that each app sends at once.
const PIPELINED: usize = 16;
/// What one connection may add, of everything that holds it. Most of it are the buffer of one read from the carrier
/// and the futures of a development build; without a bound it is five times as much.
const GROWTH: u64 = 70_000;
/// Larger than all buffers of the system between the carrier and an app.
const ANSWER: usize = 1 << 20;

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).expect("resident pages");
    pages.parse::<u64>().expect("a number") * 4096
}

/// A carrier whose answers take none of this process's memory but once. Counts the bytes that it got rid of.
fn carrier(written: Arc<AtomicU64>) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a mode");
    let addr = listener.local_addr().expect("an address");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER}\r\n\r\n");
    let answer: &'static [u8] = [head.into_bytes(), vec![b'x'; ANSWER]].concat().leak();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((mut stream, _)) = listener.accept().await {
                let written = Arc::clone(&written);
                tokio::spawn(async move {
                    // No request here is longer than one read.
                    let mut request = [0; 512];
                    while matches!(stream.read(&mut request).await, Ok(1..)) {
                        let mut left = answer;
                        while let Ok(count @ 1..) = stream.write(left).await {
                            written.fetch_add(count as u64, Ordering::SeqCst);
                            left = &left[count..];
                        }
                    }
                });
            }
        });
    });
    addr
}

#[test]
fn apps_that_do_not_read_hold_little_memory() {
    let written = Arc::new(AtomicU64::new(0));
    let origin = format!("http://{}", carrier(Arc::clone(&written)));
    let limits = Limits {
        http1_server: SERVER,
        ..Limits::default()
    };
    let world = World::in_front_of(&origin, limits);
    let request = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(PIPELINED);
    let connect = || {
        let mut stream = world.connect();
        stream.write_all(request.as_bytes()).expect("taken");
        stream
    };
    let first = connect();
    settle(&written);
    let before = resident();
    let apps: Vec<_> = (0..APPS).map(|_| connect()).collect();
    settle(&written);
    let growth = resident().saturating_sub(before) / APPS;
    assert!(growth < GROWTH, "{growth} bytes for each connection");
    drop((first, apps));
}

/// Waits until the carrier gets rid of nothing more.
fn settle(written: &AtomicU64) {
    let began = now();
    let (mut last, mut quiet) = (0, 0);
    while quiet < 10 {
        assert!(now().duration_since(began) < HANG, "the carrier writes on");
        std::thread::sleep(Duration::from_millis(50));
        let count = written.load(Ordering::SeqCst);
        quiet = if count == last && count > 0 {
            quiet + 1
        } else {
            0
        };
        last = count;
    }
}
