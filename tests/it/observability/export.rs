//! Collectors that are away, slow, busy or wrong cost spans, and never a request.

use super::collector::{Collector, Reply};
use std::time::Duration;
use tests::{World, eventually};

async fn dropped(world: &World, reason: &str) -> f64 {
    let name = format!("waybill_spans_dropped_total{{reason=\"{reason}\"}}");
    world.metric(&name).await.expect("it is there")
}

async fn exported(world: &World) -> f64 {
    let exported = world.metric("waybill_spans_exported_total").await;
    exported.expect("it is there")
}

#[tokio::test]
async fn refused_spans_are_dropped_and_counted() {
    let collector = Collector::start().await;
    let reply = |status| Reply {
        status,
        ..Reply::default()
    };
    collector.reply([reply(400)]);
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    eventually("they are counted", async || {
        dropped(&world, "refused").await > 0.0
    })
    .await;
    // The next batch is taken: nothing of the first one comes again.
    let refused = dropped(&world, "refused").await;
    world.shop().await.assert_rates();
    eventually("the next are taken", async || exported(&world).await >= 2.0).await;
    assert_eq!(dropped(&world, "refused").await, refused);
    let log = world.gateway.process.stderr();
    assert!(log.contains("the collector answered 400"), "{log}");
    assert!(log.contains("takes spans again"), "{log}");
}

#[tokio::test]
async fn busy_collector_gets_the_same_batch_after_the_pause_that_it_asks_for() {
    let collector = Collector::start().await;
    let busy = |status, after| Reply {
        status,
        retry_after: after,
        ..Reply::default()
    };
    collector.reply([busy(429, Some("1")), busy(503, Some("0"))]);
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    eventually("they are taken", async || exported(&world).await > 0.0).await;
    let received = collector.received();
    assert!(received.len() >= 3, "{}", received.len());
    assert_eq!(received[0].body, received[2].body);
    assert_eq!(dropped(&world, "unreachable").await, 0.0);
}

/// A request never waits for the collector.
#[tokio::test]
async fn slow_collector_slows_no_request_down() {
    let collector = Collector::start().await;
    let slow = Reply {
        delay: Duration::from_secs(3600),
        ..Reply::default()
    };
    collector.reply([slow.clone(), slow]);
    let world = collector.world("timeout = \"300ms\"").await;
    for _ in 0..20 {
        world.shop().await.assert_rates();
    }
    // The deadline of each attempt ends it; the third one is taken.
    eventually("they are taken at last", async || {
        exported(&world).await > 0.0
    })
    .await;
}

#[tokio::test]
async fn collector_that_answers_without_an_end_is_left() {
    let collector = Collector::start().await;
    collector.reply([Reply {
        body: vec![b'x'; 1024 * 1024],
        ..Reply::default()
    }]);
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    eventually("it counts as refused", async || {
        dropped(&world, "refused").await > 0.0
    })
    .await;
}

#[tokio::test]
async fn collector_that_is_away_costs_no_request_and_no_shutdown() {
    let mut world = World::builder()
        .more("[telemetry]\nendpoint = \"http://127.0.0.1:9\"\n[limits]\ndrain_timeout = \"1s\"")
        .start()
        .await;
    for _ in 0..10 {
        world.shop().await.assert_rates();
    }
    world.gateway.process.signal("TERM");
    let status = world.gateway.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.gateway.process.output());
}

#[tokio::test]
async fn last_spans_are_sent_before_the_gateway_ends() {
    let collector = Collector::start().await;
    let mut world = collector.world("").await;
    world.shop().await.assert_rates();
    // Right away: the batch still waits for more.
    world.gateway.process.signal("TERM");
    world.gateway.process.ended().await;
    let spans = collector.spans();
    assert!(
        spans.iter().any(|span| span.name.starts_with("POST")),
        "{spans:?}"
    );
}
