//! Connections and workers: deadlines, draining, several workers, several routes.

use super::{
    harness::{Upstream, Wants, World, ok, post},
    servers::{SERVERS, served_by, wants},
};
use crate::{BindError, Http1Server, Limits};
use std::time::Duration;

/// Long enough for a client of a busy machine that is not meant to be slow.
const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn slow_head_and_idle_connection_are_closed() {
    SERVERS.into_iter().for_each(slow_and_idle_are_closed);
}

fn slow_and_idle_are_closed(server: Http1Server) {
    let upstream = Upstream::fine();
    let limits = Limits {
        head_read: LIMIT,
        keep_alive_idle: LIMIT,
        ..served_by(server)
    };
    let world = World::new(
        upstream.addr,
        Wants {
            limits,
            ..Wants::default()
        },
    );
    let mut slow = world.connect();
    slow.write(b"GET / HTTP/1.1\r\nhost:");
    assert_eq!(slow.read().status(), 408);
    assert!(slow.is_closed());
    let mut idle = world.connect();
    idle.write(post("/a", "", "{}").as_bytes());
    assert_eq!(idle.read().status(), 200);
    assert!(idle.is_closed());
}

/// Waits until so many connections wait for a request without a buffer.
fn wait_for_resting(world: &World, count: u64) {
    let running = world.running.as_ref().expect("running");
    while running.metrics().snapshot().connections_parked != count {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn resting_connection_serves_the_next_request() {
    SERVERS.into_iter().for_each(next_request_is_served);
}

fn next_request_is_served(server: Http1Server) {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants(server));
    let mut app = world.connect();
    wait_for_resting(&world, 1);
    for round in 0..3 {
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200, "round {round}");
        wait_for_resting(&world, 1);
    }
    // Two at once, the first with a chunked body, then one in two pieces.
    let chunked = "POST /b HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
                   2\r\n{}\r\n0\r\n\r\n";
    let second = post("/c", "", "{\"piece\":2}");
    app.write(format!("{chunked}{second}").as_bytes());
    assert_eq!([app.read().status(), app.read().status()], [200, 200]);
    wait_for_resting(&world, 1);
    let (head, rest) = second.split_at(20);
    app.write(head.as_bytes());
    wait_for_resting(&world, 0);
    app.write(rest.as_bytes());
    assert_eq!(app.read().status(), 200);
    let bodies: Vec<_> = upstream.seen().into_iter().map(|seen| seen.body).collect();
    let second = b"{\"piece\":2}";
    assert_eq!(bodies, [&b"{}"[..], b"{}", b"{}", b"{}", second, second]);
    wait_for_resting(&world, 1);
    app.write(b"GET / HTTP/1.1\nhost: localhost\r\n\r\n");
    assert_eq!(app.read().status(), 400, "judged as on a fresh connection");
    assert!(app.is_closed());
    wait_for_resting(&world, 0);
}

#[test]
fn crowd_that_comes_at_once_is_served_while_the_idle_of_it_rest() {
    SERVERS.into_iter().for_each(crowd_is_served);
}

fn crowd_is_served(server: Http1Server) {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants(server));
    // More than come between two sweeps before the idle of them are told to rest.
    let mut crowd: Vec<_> = (0..300).map(|_| world.connect()).collect();
    for round in 0..2 {
        // Every second one is in the midst of its request when others come.
        for (at, app) in crowd.iter_mut().enumerate() {
            let request = post("/a", "", "{\"whole\":true}");
            let (head, rest) = request.split_at(25);
            app.write(head.as_bytes());
            if at % 2 == 0 {
                app.write(rest.as_bytes());
                assert_eq!(app.read().status(), 200, "{at} in round {round}");
            }
        }
        let _late: Vec<_> = (0..150).map(|_| world.connect()).collect();
        for app in crowd.iter_mut().skip(1).step_by(2) {
            app.write(&post("/a", "", "{\"whole\":true}").as_bytes()[25..]);
            assert_eq!(app.read().status(), 200, "round {round}");
        }
    }
    wait_for_resting(&world, 300);
}

#[test]
fn resting_connection_meets_its_deadline_and_the_drain() {
    SERVERS.into_iter().for_each(deadline_and_drain_are_met);
}

fn deadline_and_drain_are_met(server: Http1Server) {
    let upstream = Upstream::fine();
    let limits = Limits {
        keep_alive_idle: LIMIT,
        ..served_by(server)
    };
    let mut world = World::new(
        upstream.addr,
        Wants {
            limits,
            ..Wants::default()
        },
    );
    let ask = |world: &World| {
        let mut app = world.connect();
        app.write(post("/a", "", "{}").as_bytes());
        assert_eq!(app.read().status(), 200);
        app
    };
    let mut slow = ask(&world);
    wait_for_resting(&world, 1);
    assert!(slow.is_closed());
    let running = world.running.as_ref().expect("running");
    while running.metrics().snapshot().connections_open > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let counts = running.metrics().snapshot();
    let counts = (counts.connections_timed_out, counts.connections_parked);
    assert_eq!(counts, (1, 0));

    let mut last = ask(&world);
    wait_for_resting(&world, 1);
    let report = world.shutdown(Duration::from_secs(30));
    assert_eq!((report.finished, report.cut), (1, 0));
    assert!(last.is_closed());
}

#[test]
fn slow_body_is_408() {
    SERVERS.into_iter().for_each(slow_body_is_refused);
}

fn slow_body_is_refused(server: Http1Server) {
    let upstream = Upstream::fine();
    let limits = Limits {
        body_idle: LIMIT,
        ..served_by(server)
    };
    let world = World::new(
        upstream.addr,
        Wants {
            limits,
            ..Wants::default()
        },
    );
    let mut slow = world.connect();
    slow.write(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nabc");
    let got = slow.read();
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (408, "body_timeout")
    );
}

#[test]
fn draining_finishes_what_is_in_flight_and_refuses_the_rest() {
    SERVERS
        .into_iter()
        .for_each(drain_finishes_what_is_in_flight);
}

fn drain_finishes_what_is_in_flight(server: Http1Server) {
    let (arrived, in_flight) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let arrived = std::sync::Mutex::new(arrived);
    let upstream = Upstream::start(Box::new(move |_, _| {
        let _ = arrived.lock().expect("not poisoned").send(());
        let _ = released
            .lock()
            .expect("not poisoned")
            .recv_timeout(Duration::from_secs(10));
        ok("{\"late\":1}")
    }));
    let mut world = World::new(upstream.addr, wants(server));
    let mut idle = world.connect();
    let mut busy = world.connect();
    busy.write(post("/a", "", "{}").as_bytes());
    in_flight
        .recv_timeout(Duration::from_secs(10))
        .expect("in flight");
    let addr = world.addr;
    let drain = std::thread::spawn(move || world.shutdown(Duration::from_secs(10)));
    assert!(idle.is_closed());
    let _ = release.send(());
    let got = busy.read();
    assert_eq!((got.status(), got.text().as_str()), (200, "{\"late\":1}"));
    assert_eq!(got.one("connection"), "close");
    let report = drain.join().expect("drained");
    assert_eq!((report.finished, report.cut), (2, 0));
    assert!(std::net::TcpStream::connect(addr).is_err());
}

#[test]
fn drain_cuts_what_outlives_the_grace_period() {
    SERVERS.into_iter().for_each(drain_cuts_the_rest);
}

fn drain_cuts_the_rest(server: Http1Server) {
    let upstream = Upstream::start(Box::new(|_, _| {
        std::thread::park_timeout(Duration::from_secs(20));
        Vec::new()
    }));
    let mut world = World::new(upstream.addr, wants(server));
    let mut busy = world.connect();
    busy.write(post("/a", "", "{}").as_bytes());
    while world
        .running
        .as_ref()
        .expect("running")
        .metrics()
        .snapshot()
        .requests_in_flight
        == 0
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(world.shutdown(Duration::from_millis(200)).cut, 1);
}

#[test]
fn taken_port_is_an_ordinary_error_that_names_it() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        Wants {
            workers: 2,
            ..Wants::default()
        },
    );
    let clock = std::sync::Arc::clone(&world.clock);
    let settings = crate::Settings {
        listeners: vec![crate::ListenerSettings::plain(world.addr)],
        workers: 1,
        limits: Limits::default(),
        upstream_tls: std::sync::Arc::new(
            rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        ),
        upstream_http2: false,
        access_log: false,
        request_series: 100,
        trace: crate::TraceSettings::default(),
        token_key: gateway_model::SecretBytes::new(vec![1; 32]),
        app_token_lifetime: Duration::from_secs(1),
    };
    let broker = std::sync::Arc::clone(&world.broker);
    let taken = {
        let inherited = &mut crate::InheritedSockets::default();
        crate::bind(
            settings,
            crate::Directory::default(),
            broker,
            clock,
            inherited,
        )
    };
    assert!(matches!(&taken, Err(BindError::Listen { .. })));
    assert!(
        taken
            .expect_err("taken")
            .to_string()
            .contains(&world.addr.to_string())
    );
}

#[test]
fn connections_are_spread_over_workers_and_counted() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        Wants {
            workers: 3,
            ..Wants::default()
        },
    );
    let mut clients: Vec<_> = (0..12).map(|_| world.connect()).collect();
    for client in &mut clients {
        client.write(post("/a", "", "{}").as_bytes());
        assert_eq!(client.read().status(), 200);
    }
    let metrics = world.running.as_ref().expect("running").metrics();
    let per_worker: Vec<_> = metrics
        .workers
        .iter()
        .map(|worker| worker.connections_open.count())
        .collect();
    assert_eq!(per_worker.iter().sum::<u64>(), 12);
    assert!(
        per_worker.iter().all(|open| (2..=7).contains(open)),
        "{per_worker:?}"
    );
    drop(clients);
    while metrics.snapshot().connections_open > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let sums = metrics.snapshot();
    assert_eq!(
        (sums.statuses[1], sums.requests_in_flight, sums.aborted),
        (12, 0, 0)
    );
    assert_eq!(sums.latency.iter().sum::<u64>(), 12);
    assert_eq!(sums.accounts, [("main".parse().expect("a name"), 12, 0)]);
}

#[test]
fn several_routes_are_told_apart_by_host_and_prefix() {
    let (first, second) = (Upstream::fine(), Upstream::fine());
    let origin = format!("http://{}", second.addr);
    let world = World::new(
        first.addr,
        Wants {
            change: Box::new(move |directory| {
                let mut route = directory.routes[0].clone();
                route.origin = origin.parse().expect("an origin");
                route.hosts = vec!["Ups.example".into()];
                route.prefix = Some("/ups/test".into());
                directory.routes.push(route);
            }),
            ..Wants::default()
        },
    );
    world.send(&post("/ups/test/a", "", "{}"));
    world.send("GET /a HTTP/1.1\r\nhost: ups.example:8080\r\n\r\n");
    world.send(&post("/ups/a", "", "{}"));
    let starts = |upstream: &Upstream| -> Vec<String> {
        upstream
            .seen()
            .into_iter()
            .map(|message| message.start)
            .collect()
    };
    assert_eq!(starts(&second), ["POST /a HTTP/1.1", "GET /a HTTP/1.1"]);
    assert_eq!(starts(&first), ["POST /a HTTP/1.1"]);
    let got = world.send(&post("/fedex/a", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (404, "route_unknown")
    );
    assert!(got.text().contains("/ups"), "{}", got.text());
}
