//! What workers remember of their last requests.

use super::harness::{Upstream, Wants, World, answer, ok, post};
use crate::{RequestFilter, RequestReport};
use std::{
    sync::Mutex,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

fn all() -> RequestFilter {
    RequestFilter {
        failed: false,
        id: None,
        account: None,
        app: None,
        since: None,
        limit: 1000,
    }
}

/// The requests, once there are as many: a request ends after the client has its answer.
fn remembered(world: &World, count: usize, filter: &RequestFilter) -> Vec<RequestReport> {
    loop {
        let found = world.requests(filter.clone());
        if found.len() >= count {
            assert_eq!(found.len(), count, "{found:#?}");
            return found;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn requests_of_all_workers_are_listed_newest_first() {
    let upstream = Upstream::start(Box::new(|_, seen| match seen.start.contains("/bad") {
        true => answer(
            "404 Not Found",
            r#"{"response":{"errors":[{"code":"7","message":"m"}]}}"#,
        ),
        false => ok("{}"),
    }));
    let wants = Wants {
        workers: 3,
        ..Wants::default()
    };
    let world = World::new(upstream.addr, wants);
    let mut ids = Vec::new();
    for number in 0..12 {
        let kind = if number % 3 == 0 { "bad" } else { "good" };
        let got = world.send(&post(&format!("/{kind}/{number}"), "", "{}"));
        ids.push(got.one("waybill-request-id").to_owned());
        // One after another, so that the order is known.
        remembered(&world, number + 1, &all());
    }
    let found = remembered(&world, 12, &all());
    let listed: Vec<&str> = found.iter().rev().map(|request| &*request.id).collect();
    assert_eq!(listed, ids);
    let failed = RequestFilter {
        failed: true,
        limit: 2,
        ..all()
    };
    let failed = remembered(&world, 2, &failed);
    let paths: Vec<_> = failed
        .iter()
        .map(|request| request.path.as_deref())
        .collect();
    assert_eq!(paths, [Some("/bad/9"), Some("/bad/6")]);
    let failure = failed[0].failure.as_ref().expect("it failed");
    assert_eq!((failure.cause, failure.fault), ("carrier_refused", "app"));
    assert_eq!(failure.carrier_status, Some(404));
    assert_eq!(failure.carrier_code.as_deref(), Some("7"));
    // The two clocks are read one after the other, so a time is exact to some microseconds only.
    let second = Duration::from_secs(1);
    for (since, count) in [
        (found[11].ended_at - second, 12),
        (found[0].ended_at + second, 0),
    ] {
        let recent = RequestFilter {
            since: Some(since),
            ..all()
        };
        assert_eq!(world.requests(recent).len(), count);
    }
    let one = RequestFilter {
        id: Some(ids[4].clone()),
        ..all()
    };
    let one = remembered(&world, 1, &one);
    assert_eq!(
        (one[0].path.as_deref(), one[0].status),
        (Some("/good/4"), Some(200))
    );
}

/// Whoever guesses keys pushes out other guesses, and nothing that a known caller did.
#[test]
fn strangers_do_not_push_out_what_callers_did() {
    let upstream = Upstream::start(Box::new(|_, _| answer("500 Oh", "{}")));
    let wants = Wants {
        trust_loopback: false,
        ..Wants::default()
    };
    let world = World::new(upstream.addr, wants);
    world.send(&post("/a", "waybill-key: shop-key\r\n", "{}"));
    let mut stranger = world.connect();
    for _ in 0..1100 {
        stranger.write(post("/a", "waybill-key: guess\r\n", "{}").as_bytes());
        assert_eq!(stranger.read().status(), 401);
    }
    let of_app = RequestFilter {
        app: Some("shop".parse().expect("a name")),
        ..all()
    };
    let of_app = remembered(&world, 1, &of_app);
    assert_eq!(
        of_app[0].failure.as_ref().map(|it| it.cause),
        Some("carrier_failed")
    );
    let mut every = all();
    every.limit = 5000;
    remembered(&world, 1001, &every);
}

/// An answer that waits until the test lets it go.
fn held(release: Receiver<()>) -> Upstream {
    let release = Mutex::new(release);
    Upstream::start(Box::new(move |_, seen| {
        if seen.start.contains("/held") {
            let release = release.lock().expect("no test thread panics here");
            release.recv().expect("the test releases it");
        }
        ok("{}")
    }))
}

#[test]
fn names_are_those_of_the_directory_that_a_request_began_with() {
    let (release, released) = channel();
    let upstream = held(released);
    let world = World::new(upstream.addr, Wants::default());
    let key = "waybill-key: shop-key\r\n";
    world.send(&post("/before", key, "{}"));
    let mut waiting = world.connect();
    waiting.write(post("/held", key, "{}").as_bytes());
    while upstream.seen().len() < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    // Every place means something else afterwards, and the app is gone.
    world.replace(|directory| {
        directory.accounts.reverse();
        directory.apps.clear();
        directory.routes[0].prefix = Some("/other".into());
    });
    let got = world.send(&post("/after", "", "{}"));
    assert_eq!(got.one("waybill-account"), "main");
    release.send(()).expect("it waits");
    assert_eq!(waiting.read().status(), 200);
    let found = remembered(&world, 3, &all());
    for request in &found {
        let app = request
            .parties
            .app
            .as_ref()
            .map(|app| app.as_str().to_owned());
        let account = request
            .parties
            .account
            .as_ref()
            .map(|it| it.as_str().to_owned());
        let after = request.path.as_deref() == Some("/after");
        let (expected, route) = if after {
            (None, "/other")
        } else {
            (Some("shop"), "/ups")
        };
        assert_eq!(app.as_deref(), expected, "{request:?}");
        assert_eq!(account.as_deref(), Some("main"), "{request:?}");
        assert_eq!(request.parties.route.as_deref(), Some(route), "{request:?}");
    }
}

#[test]
fn only_path_and_known_names_are_remembered() {
    const PLANTED: &str = "planted-8f1c";
    let body =
        format!(r#"{{"response":{{"errors":[{{"code":"{PLANTED} ","message":"{PLANTED}"}}]}}}}"#);
    let upstream = Upstream::start(Box::new(move |_, _| answer("400 Bad", &body)));
    let world = World::new(upstream.addr, Wants::default());
    let long = "a".repeat(300);
    let targets = [
        format!("/a?key={PLANTED}"),
        format!("/a;key={PLANTED}"),
        format!("/a%3Fkey={PLANTED}"),
        format!("/oauth/token?code={PLANTED}"),
        format!("/{long}{PLANTED}"),
    ];
    for target in &targets {
        let fields =
            format!("cookie: {PLANTED}\r\nwaybill-account: {PLANTED}\r\nx-own: {PLANTED}\r\n");
        world.send(&post(target, &fields, PLANTED));
        world.send(&post(target, &format!("x-own: {PLANTED}\r\n"), PLANTED));
    }
    let found = remembered(&world, targets.len() * 2, &all());
    let text = format!("{found:?}");
    assert!(!text.contains(PLANTED), "{text}");
    assert!(
        found.iter().all(|request| request.failure.is_some()),
        "{text}"
    );
    assert!(
        text.contains("/a…") && text.contains("carrier_refused"),
        "{text}"
    );
}

/// A request that succeeds keeps less of its path than one that fails.
#[test]
fn long_path_is_cut() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for length in [79, 80, 81, 5000] {
        world.send(&post(&format!("/{}", "a".repeat(length - 1)), "", "{}"));
    }
    let found = remembered(&world, 4, &all());
    let mut lengths: Vec<_> = (found.iter())
        .map(|request| request.path.as_ref().expect("a path").chars().count())
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [79, 80, 81, 81]);
}
