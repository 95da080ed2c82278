//! Other settings while connections are open and requests under way.

use super::harness::{Upstream, Wants, World, ok, post};
use std::{thread, time::Duration};

fn world(upstream: &Upstream, workers: usize) -> World {
    let wants = Wants {
        workers,
        ..Wants::default()
    };
    World::new(upstream.addr, wants)
}

#[test]
fn kept_connection_serves_by_the_new_limits_and_the_old_carrier_connection() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 1);
    let mut app = world.connect();
    app.write(post("/a", "", "{}").as_bytes());
    assert_eq!(app.read().status(), 200);
    world.reconfigure(|settings| settings.limits.body_bytes = 8);
    app.write(post("/a", "", "{}").as_bytes());
    assert_eq!(app.read().status(), 200, "short enough");
    assert_eq!(upstream.connections(), 1, "the carrier's connection stays");
    app.write(post("/a", "", "0123456789").as_bytes());
    assert_eq!(app.read().status(), 413);
    world.reconfigure(|_| {});
    let answer = world.send(&post("/a", "", "0123456789"));
    assert_eq!(answer.status(), 200, "the limit is gone again");
}

/// Whoever connected while callers of this machine were trusted is not trusted for ever.
#[test]
fn trust_that_ends_ends_for_open_connections_as_well() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 2);
    let mut open: Vec<_> = (0..4).map(|_| world.connect()).collect();
    for app in &mut open {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200);
    }
    world.reconfigure(|settings| settings.listeners[0].trust_loopback = false);
    for app in &mut open {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 401);
    }
    world.reconfigure(|_| {});
    for app in &mut open {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200, "and comes back");
    }
}

#[test]
fn limit_below_what_is_open_refuses_new_connections_only() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 1);
    let mut open: Vec<_> = (0..3).map(|_| world.connect()).collect();
    for app in &mut open {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200);
    }
    world.reconfigure(|settings| settings.limits.connections = 2);
    assert!(world.connect().is_closed(), "one too many");
    for app in &mut open {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200, "those that were open stay");
    }
}

/// The verification of carriers changed, so nothing that was verified before is used again.
#[test]
fn other_authorities_end_idle_carrier_connections_and_no_request() {
    let upstream = Upstream::start(Box::new(|_, seen| {
        if seen.start.contains("/slow") {
            thread::sleep(Duration::from_millis(300));
        }
        ok("{}")
    }));
    let world = world(&upstream, 1);
    assert_eq!(world.send(&post("/a", "", "{}")).status(), 200);
    let mut slow = world.connect();
    slow.write(post("/slow", "", "{}").as_bytes());
    while upstream.seen().len() < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    let roots = rustls::RootCertStore::empty();
    let other = rustls::ClientConfig::builder().with_root_certificates(roots);
    let other = other.with_no_client_auth().into();
    world.reconfigure(|settings| settings.upstream_tls = other);
    assert_eq!(slow.read().status(), 200, "under way when it changed");
    let before = upstream.connections();
    assert_eq!(world.send(&post("/a", "", "{}")).status(), 200);
    assert_eq!(upstream.connections(), before + 1, "a new connection");
}
