//! A data plane ends while apps go on: at its own sockets, or at those that another one goes on with.

use super::harness::{Upstream, Wants, World, post};
use crate::{Drain, InheritedSockets};
use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const PATIENT: Drain = Drain {
    requests: Duration::from_secs(10),
    idle: Duration::from_secs(20),
};

fn draining(mut world: World, drain: Drain) -> thread::JoinHandle<crate::DrainReport> {
    let addr = world.addr;
    let drain = thread::spawn(move || world.drain(drain));
    // Nothing accepts any more once a connection is refused.
    while TcpStream::connect(addr).is_ok() {
        thread::sleep(Duration::from_millis(1));
    }
    drain
}

#[test]
fn idle_connection_is_kept_for_one_more_request() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let (mut used, mut new) = (world.connect(), world.connect());
    used.write(post("/a", "", "{}").as_bytes());
    assert_eq!(used.read().status(), 200);
    while world.metrics().connections_parked != 2 {
        thread::sleep(Duration::from_millis(1));
    }
    let drain = draining(world, PATIENT);
    for app in [&mut used, &mut new] {
        app.write(post("/b", "", "{}").as_bytes());
        let got = app.read();
        assert_eq!((got.status(), got.one("connection")), (200, "close"));
        assert!(app.is_closed());
    }
    assert_eq!(drain.join().expect("drained").cut, 0);
}

#[test]
fn idle_connection_ends_when_its_time_is_over() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut idle = world.connect();
    while world.metrics().connections_parked != 1 {
        thread::sleep(Duration::from_millis(1));
    }
    let idle_time = Drain {
        requests: Duration::from_secs(20),
        idle: Duration::from_millis(300),
    };
    let drain = draining(world, idle_time);
    assert!(idle.is_closed());
    let report = drain.join().expect("drained");
    // A probe of `draining` may have been accepted, and counts as well.
    assert!(report.finished >= 1 && report.cut == 0, "{report:?}");
}

#[test]
fn half_of_a_head_is_no_idle_connection() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut app = world.connect();
    let request = post("/a", "", "{}");
    let (head, rest) = request.split_at(20);
    app.write(head.as_bytes());
    while world.metrics().connections_open != 1 || world.metrics().connections_parked != 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let drain = draining(world, Drain::within(Duration::from_secs(10)));
    app.write(rest.as_bytes());
    let got = app.read();
    assert_eq!((got.status(), got.one("connection")), (200, "close"));
    assert_eq!(drain.join().expect("drained").cut, 0);
}

/// The sockets of `world`, for another one.
fn sockets(world: &World) -> InheritedSockets {
    let mut inherited = InheritedSockets::default();
    for kept in world.running.as_ref().expect("running").sockets() {
        inherited.push(kept.addr, kept.socket.try_clone().expect("a descriptor"));
    }
    inherited
}

#[test]
fn next_data_plane_goes_on_with_the_sockets_and_no_connection_is_lost() {
    let upstream = Upstream::fine();
    let next = |inherited, workers| {
        let wants = Wants {
            inherited,
            workers,
            ..Wants::default()
        };
        World::new(upstream.addr, wants)
    };
    let mut world = next(InheritedSockets::default(), 3);
    let addr = world.addr;
    let over = Arc::new(AtomicBool::new(false));
    let apps: Vec<_> = (0..4)
        .map(|_| {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                let mut served = 0_u32;
                while !over.load(Ordering::Relaxed) {
                    let stream = TcpStream::connect(addr).expect("never refused");
                    let timeout = Some(Duration::from_secs(20));
                    stream.set_read_timeout(timeout).expect("a timeout");
                    let mut app = super::harness::Client { stream };
                    for _ in 0..2 {
                        app.write(post("/a", "", "{}").as_bytes());
                        let got = app.read();
                        assert_eq!(got.status(), 200);
                        served += 1;
                        if got.all("connection") == ["close"] {
                            break;
                        }
                    }
                }
                served
            })
        })
        .collect();
    // Fewer workers than sockets, then more.
    for workers in [1, 5, 2, 3] {
        let successor = next(sockets(&world), workers);
        assert_eq!(successor.addr, addr);
        let mut old = std::mem::replace(&mut world, successor);
        assert_eq!(old.drain(PATIENT).cut, 0);
        thread::sleep(Duration::from_millis(100));
    }
    over.store(true, Ordering::Relaxed);
    for app in apps {
        assert!(app.join().expect("nothing failed") > 0);
    }
}
