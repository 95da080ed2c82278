//! How often an app may send a request.

use super::harness::{Message, Upstream, Wants, World, post};
use crate::{Directory, RateLimit};
use gateway_model::Clock as _;
use std::{num::NonZeroU32, time::Duration};

fn limit(per_second: u32, burst: u32) -> Option<RateLimit> {
    Some(RateLimit {
        per_second: NonZeroU32::new(per_second)?,
        burst: NonZeroU32::new(burst)?,
    })
}

fn world(upstream: &Upstream, workers: usize, rate: Option<RateLimit>) -> World {
    let change = move |directory: &mut Directory| directory.apps[0].rate = rate;
    let wants = Wants {
        workers,
        change: Box::new(change),
        ..Wants::default()
    };
    World::new(upstream.addr, wants)
}

fn ask(world: &World) -> Message {
    world.send(&post("/api", "waybill-key: shop-key\r\n", "{}"))
}

#[test]
fn app_over_its_rate_is_told_when_to_come_again() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 2, limit(1, 20));
    let began = world.clock.now();
    let mut served = 0;
    let refused = loop {
        let got = ask(&world);
        if got.status() != 200 {
            break got;
        }
        served += 1;
        assert!(served < 1000, "there is no limit");
    };
    let passed = (world.clock.now() - began).as_secs();
    assert!(
        (20..=21 + passed).contains(&served),
        "{served} in {passed} s"
    );
    assert_eq!(
        (refused.status(), refused.one("waybill-error")),
        (429, "app_rate_limited")
    );
    assert_eq!(refused.one("retry-after"), "1");
    assert!(
        refused.text().contains(r#""code":"10429""#),
        "{}",
        refused.text()
    );
    assert_eq!(
        upstream.seen().len() as u64,
        served,
        "no refused request is sent"
    );

    // Callers that are not this app go on.
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(ask(&world).status(), 200);
}

#[test]
fn rate_holds_over_all_workers() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 4, limit(200, 10));
    let began = world.clock.now();
    let served: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = world.connect();
                    let request = post("/api", "waybill-key: shop-key\r\n", "{}");
                    let mut served = 0;
                    while world.clock.now() - began < Duration::from_secs(1) {
                        client.write(request.as_bytes());
                        served += u64::from(client.read().status() == 200);
                    }
                    served
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("served"))
            .sum()
    });
    let passed = (world.clock.now() - began).as_secs_f64();
    let due = 10.0 + 200.0 * passed;
    let served = served as f64;
    // A busy machine may ask too late now and then; it never gets more.
    assert!(served <= due && served >= due * 0.8, "{served} of {due}");
}

#[test]
fn change_of_the_directory_does_not_refill_but_may_widen() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 1, limit(1, 2));
    while ask(&world).status() == 200 {}
    for _ in 0..5 {
        world.replace(|directory| {
            directory.accounts[1]
                .aliases
                .push("x".parse().expect("a name"))
        });
    }
    let began = world.clock.now();
    let got = ask(&world).status();
    assert!(
        got == 429 || world.clock.now() - began > Duration::from_millis(500),
        "{got}"
    );
    world.replace(|directory| directory.apps[0].rate = None);
    for _ in 0..20 {
        assert_eq!(ask(&world).status(), 200);
    }
}
