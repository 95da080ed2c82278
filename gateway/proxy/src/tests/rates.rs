//! How often an app may send a request.

use super::harness::{Message, Upstream, Wants, World, post};
use crate::Directory;
use gateway_model::RateLimit;
use std::{
    num::NonZeroU32,
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

const ROUNDS: u32 = 10;

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
    world.clock.stop();
    for _ in 0..20 {
        assert_eq!(ask(&world).status(), 200);
    }
    let refused = ask(&world);
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
    assert_eq!(upstream.seen().len(), 20, "no refused request is sent");

    // Callers that are not this app go on.
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(ask(&world).status(), 200);
}

#[test]
fn rate_holds_over_all_workers() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 4, limit(200, 10));
    world.clock.stop();
    let served = AtomicU32::new(0);
    let (asked, go) = (Barrier::new(9), Barrier::new(9));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = world.connect();
                let request = post("/api", "waybill-key: shop-key\r\n", "{}");
                for _ in 0..ROUNDS {
                    go.wait();
                    for _ in 0..10 {
                        client.write(request.as_bytes());
                        let taken = client.read().status() == 200;
                        served.fetch_add(taken.into(), Ordering::SeqCst);
                    }
                    asked.wait();
                }
            });
        }
        for round in 0..ROUNDS {
            go.wait();
            asked.wait();
            // The burst, then what 50 ms bring at 200 a second.
            assert_eq!(served.load(Ordering::SeqCst), 10 + 10 * round);
            world.clock.advance(Duration::from_millis(50));
        }
    });
}

#[test]
fn change_of_the_directory_does_not_refill_but_may_widen() {
    let upstream = Upstream::fine();
    let world = world(&upstream, 1, limit(1, 2));
    world.clock.stop();
    while ask(&world).status() == 200 {}
    for _ in 0..5 {
        world.replace(|directory| {
            directory.accounts[1]
                .aliases
                .push("x".parse().expect("a name"))
        });
    }
    assert_eq!(ask(&world).status(), 429);
    world.replace(|directory| directory.apps[0].rate = None);
    for _ in 0..20 {
        assert_eq!(ask(&world).status(), 200);
    }
}
