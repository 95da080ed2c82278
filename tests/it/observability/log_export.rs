//! The lines of the log that a collector gets.

use super::collector::{Collector, Reply, attribute, resource_of};
use mock_ups::{Endpoint, Fault};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    logs::v1::{LogRecord, SeverityNumber},
};
use std::time::Duration;
use tests::{World, eventually};
use tokio::task::JoinSet;

fn body(record: &LogRecord) -> String {
    let body = record.body.clone().and_then(|body| body.value);
    match body {
        Some(Value::StringValue(text)) => text,
        None => String::new(),
        Some(other) => unreachable!("{other:?}"),
    }
}

/// The line that a test waits for.
async fn line(
    collector: &Collector,
    what: &str,
    wanted: impl Fn(&str, &LogRecord) -> bool,
) -> LogRecord {
    let find = || {
        let mut lines = collector.lines().into_iter();
        lines.find(|(scope, record)| wanted(scope, record))
    };
    eventually(what, async || find().is_some()).await;
    find().expect("it is there").1
}

/// A request that the carrier resets.
async fn fail(world: &World) {
    let fault = Fault::new(mock_ups::Action::ResetBefore).endpoint(Endpoint::Rating);
    let fault = world.mock.add_fault(fault).expect("a fault");
    world.shop().await;
    drop(fault);
}

#[tokio::test]
async fn failed_request_is_a_line_with_the_ids_of_its_span() {
    let collector = Collector::start().await;
    let more = "logs = true\nheaders = { value = \"x-key=planted-key\" }\n[log]\naccess_log = true";
    let world = collector.world(more).await;
    fail(&world).await;
    let failed = line(&collector, "the line of the request", |scope, record| {
        scope == "request" && body(record) == "a request failed"
    })
    .await;
    assert_eq!(failed.severity_number, i32::from(SeverityNumber::Warn));
    assert_eq!(failed.severity_text, "WARN");
    assert!(failed.time_unix_nano > 0);
    for (name, value) in [
        ("cause", "carrier_unreachable"),
        ("fault", "carrier"),
        ("status", "502"),
        ("method", "POST"),
        ("account", "main"),
        ("replayed", "false"),
    ] {
        assert_eq!(attribute(&failed.attributes, name), value, "{name}");
    }
    // The form has places of its own for the ids.
    assert_eq!(attribute(&failed.attributes, "trace_id"), "");
    let access = line(&collector, "the line of the access log", |scope, _| {
        scope == "access"
    })
    .await;
    assert_eq!(access.severity_text, "INFO");
    assert!(access.body.is_none(), "{access:?}");
    let spans = collector
        .spans_with("the request's span", |spans| {
            spans.iter().any(|span| span.span_id == failed.span_id)
        })
        .await;
    let span = spans.iter().find(|span| span.span_id == failed.span_id);
    let span = span.expect("it is there");
    assert_eq!(span.trace_id, failed.trace_id);
    assert_eq!(span.trace_id, access.trace_id);
    assert!(span.name.starts_with("POST"), "{span:?}");

    // What the gateway wrote before there was an exporter is there, too, and the log itself has the same.
    line(&collector, "a line of the start", |scope, record| {
        scope.starts_with("gateway") && body(record).starts_with("a token was issued")
    })
    .await;
    eventually("the log has it, too", async || {
        world.gateway.process.stderr().contains("a request failed")
    })
    .await;

    let mut received = collector.received().into_iter();
    let logs = received.find(|it| it.path == "/v1/logs");
    let logs = logs.expect("it is there");
    assert_eq!(logs.headers["x-key"], "planted-key");
    let resource = resource_of(&logs);
    assert_eq!(attribute(&resource, "service.name"), "waybill");
    for secret in ["planted", "mock-secret", "eyJ"] {
        for it in collector.received() {
            let found = memchr::memmem::find(&it.body, secret.as_bytes());
            assert!(found.is_none(), "{secret} is in {}", it.path);
        }
    }
}

/// The exporter's own lines are in the log, and not exported: each export would write the next line.
#[tokio::test]
async fn lines_about_the_export_are_not_exported() {
    let collector = Collector::start().await;
    let refused = Reply {
        status: 400,
        ..Reply::default()
    };
    collector.reply([refused]);
    let more = "traces = false\nlogs = true\n[log]\nlevel = \"trace\"";
    let world = collector.world(more).await;
    world.shop().await.assert_rates();
    let said = || world.gateway.process.stderr();
    eventually("the log tells of the trouble", async || {
        said().contains("lines of the log cannot be exported")
            && said().contains("takes lines of the log again")
    })
    .await;
    fail(&world).await;
    line(&collector, "the line of the request", |_, record| {
        body(record) == "a request failed"
    })
    .await;
    for (scope, record) in collector.lines() {
        assert_ne!(scope, "gateway_otlp::client", "{record:?}");
        assert!(!body(&record).contains("exported"), "{record:?}");
    }
    // Nothing happens any more, so nothing is exported any more.
    eventually("four seconds without an export", async || {
        let before = collector.received().len();
        tokio::time::sleep(Duration::from_secs(4)).await;
        collector.received().len() == before
    })
    .await;
    let metric = "waybill_log_records_exported_total";
    assert!(world.metric(metric).await.expect("it is there") > 0.0);
}

/// A request never waits for the collector, and what is lost is counted.
#[tokio::test]
async fn collector_of_logs_that_is_away_costs_lines_alone() {
    let mut world = World::builder()
        .more(
            "[telemetry]\nendpoint = \"http://127.0.0.1:9\"\ntraces = false\nlogs = true\n[log]\n\
             access_log = true\n[limits]\ndrain_timeout = \"1s\"",
        )
        .start()
        .await;
    for _ in 0..20 {
        world.shop().await.assert_rates();
    }
    world.gateway.process.signal("TERM");
    let status = world.gateway.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.gateway.process.output());
}

/// The queue has room for 8,192 lines. More of them cost neither a request nor memory, and are told and counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_come_faster_than_the_collector_takes_them_are_dropped_and_counted() {
    const REQUESTS: usize = 12_000;
    const CLIENTS: usize = 16;
    let collector = Collector::start().await;
    let slow = Reply {
        delay: Duration::from_secs(3600),
        ..Reply::default()
    };
    collector.reply([slow]);
    // One request after another to the collector: while it does not answer the first, nothing leaves the queue.
    let more = "traces = false\nlogs = true\ntimeout = \"60s\"\n[log]\naccess_log = true";
    let mut world = collector.world(more).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let app = world.app.clone();
        clients.spawn(async move {
            for _ in 0..REQUESTS / CLIENTS {
                // The gateway answers it by itself, which leaves more time for lines.
                let answer = app.get("/security/v1/oauth/none").await;
                assert_eq!(answer.status(), 403);
            }
        });
    }
    clients.join_all().await;
    let count = async |name: &str| world.metric(name).await.expect("it is there");
    let dropped = count("waybill_log_records_dropped_total{reason=\"queue_full\"}").await;
    let exported = count("waybill_log_records_exported_total").await;
    // Besides the queue, one batch is under way.
    assert!(dropped >= 2_000.0 && dropped < REQUESTS as f64, "{dropped}");
    assert_eq!(exported, 0.0);
    world.shop().await.assert_rates();
    // The end cuts the first request off; the rest is taken then.
    world.gateway.process.signal("TERM");
    world.gateway.process.ended().await;
    let said = world.gateway.process.stderr();
    let line = "were dropped, because they came faster than the collector takes them";
    assert!(said.contains(line), "{said}");
    assert!(collector.lines().len() > 8_000);
}

#[tokio::test]
async fn last_lines_are_sent_before_the_gateway_ends() {
    let collector = Collector::start().await;
    let mut world = collector.world("logs = true").await;
    fail(&world).await;
    // Right away: the batch still waits for more.
    world.gateway.process.signal("TERM");
    world.gateway.process.ended().await;
    let lines = collector.lines();
    let failed = |(_, record): &(String, LogRecord)| body(record) == "a request failed";
    assert!(lines.iter().any(failed), "{lines:?}");
}
