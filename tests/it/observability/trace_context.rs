//! `traceparent` and `tracestate`: what the carrier gets, and where the gateway tells the trace.

use super::collector::Collector;
use http::Request;
use mock_ups::{Endpoint, Filter};
use tests::{Operator, World, eventually, rate_request};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn traced(traceparent: &str) -> Request<bytes::Bytes> {
    let mut request = rate_request();
    let fields = request.headers_mut();
    fields.insert("traceparent", traceparent.parse().expect("a value"));
    fields.insert("tracestate", "vendor=a:1,other=b".parse().expect("a value"));
    request
}

/// What the carrier got of these fields, of the last rating request.
fn sent(world: &World, name: &str) -> Vec<String> {
    let rating = Filter::any().endpoint(Endpoint::Rating);
    let entry = world.mock.journal(&rating).pop().expect("a request");
    let fields = entry.head.lines().filter_map(|line| line.split_once(':'));
    let named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim().to_owned()).collect()
}

#[tokio::test]
async fn fields_pass_as_they_came_while_traces_are_off() {
    let world = World::start().await;
    for value in [PARENT, "malformed"] {
        world.app.send(traced(value)).await.assert_rates();
        assert_eq!(sent(&world, "traceparent"), [value]);
        assert_eq!(sent(&world, "tracestate"), ["vendor=a:1,other=b"]);
    }
    world.shop().await.assert_rates();
    assert!(sent(&world, "traceparent").is_empty());
}

#[tokio::test]
async fn context_is_passed_on_or_started_when_it_is_wanted() {
    let world = World::builder()
        .more("[telemetry]\ntrace_context = true\n[log]\naccess_log = true\nformat = \"json\"")
        .start()
        .await;
    world.app.send(traced(PARENT)).await.assert_rates();
    assert_eq!(sent(&world, "traceparent"), [PARENT]);
    assert_eq!(sent(&world, "tracestate"), ["vendor=a:1,other=b"]);
    let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
    for malformed in [
        "malformed",
        zeros.as_str(),
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        let answer = world.app.send(traced(malformed)).await;
        answer.assert_rates();
        let id = answer.field("waybill-request-id");
        let started = sent(&world, "traceparent");
        assert_eq!(started.len(), 1, "{started:?}");
        // A trace that begins here has the request's id.
        assert!(started[0].starts_with(&format!("00-{id}-")), "{started:?}");
        assert!(
            !started[0].ends_with("01"),
            "nobody records it: {started:?}"
        );
        assert!(
            sent(&world, "tracestate").is_empty(),
            "it belongs to a context that is gone"
        );
    }
    let operator = Operator::of(&world.gateway);
    let requests = operator.get("requests").await;
    let told = format!("\"trace_id\":\"{TRACE}\"");
    assert!(requests.to_string().contains(&told), "{requests}");
    let logged = format!("\"trace_id\":\"{TRACE}\"");
    eventually("the log has the trace", async || {
        world.gateway.process.stderr().contains(&logged)
    })
    .await;
}

/// A signer or a retry must not make two fields of it.
#[tokio::test]
async fn carrier_gets_one_context_for_each_attempt() {
    let collector = Collector::start().await;
    let world = collector.world("").await;
    world.app.send(traced(PARENT)).await.assert_rates();
    let first = sent(&world, "traceparent");
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].starts_with(&format!("00-{TRACE}-")) && first[0].ends_with("-01"));
    assert_ne!(first[0], PARENT, "the parent is the span of the attempt");
    assert_eq!(sent(&world, "tracestate"), ["vendor=a:1,other=b"]);
    world.mock.revoke_all();
    world.app.send(traced(PARENT)).await.assert_rates();
    let rating = Filter::any().endpoint(Endpoint::Rating);
    let heads: Vec<_> = world
        .mock
        .journal(&rating)
        .into_iter()
        .map(|it| it.head)
        .collect();
    let mut parents: Vec<_> = heads.iter().flat_map(|head| head.lines()).collect();
    parents.retain(|line| line.to_lowercase().starts_with("traceparent:"));
    parents.sort_unstable();
    parents.dedup();
    assert_eq!(parents.len(), 3, "{parents:?}");
}
