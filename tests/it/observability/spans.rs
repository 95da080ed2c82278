//! What the spans of a request say.

use super::collector::{Collector, attribute, resource_of};
use mock_ups::{Endpoint, Fault};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use tests::{World, rate_request};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    let of_kind = spans.iter().filter(|span| span.kind == i32::from(kind));
    // Token requests are calls of the gateway, too, in traces of their own.
    let token = |span: &Span| {
        let mut tokens = spans.iter().filter(|span| span.name == "token request");
        tokens.any(|token| token.trace_id == span.trace_id)
    };
    of_kind.filter(|span| !token(span)).collect()
}

fn failed(span: &Span) -> bool {
    let error = i32::from(StatusCode::Error);
    span.status
        .as_ref()
        .is_some_and(|status| status.code == error)
}

/// The only request that was served.
async fn only_request(collector: &Collector) -> (Vec<Span>, Span) {
    let is_there = |spans: &[Span]| !of_kind(spans, SpanKind::Server).is_empty();
    let spans = collector.spans_with("the request's span", is_there).await;
    let server = of_kind(&spans, SpanKind::Server);
    assert_eq!(server.len(), 1, "{spans:#?}");
    let server = server[0].clone();
    (spans, server)
}

async fn traced(world: &World) {
    let mut request = rate_request();
    let parent = PARENT.parse().expect("a value");
    request.headers_mut().insert("traceparent", parent);
    *request.uri_mut() = "/api/rating/v2409/Shop?additionalinfo=planted-query"
        .parse()
        .expect("a URI");
    world.app.send(request).await.assert_rates();
}

#[tokio::test]
async fn request_is_a_server_span_with_its_attempt_below() {
    let collector = Collector::start().await;
    let more = "service_name = \"gateway of the shop\"\nattributes = { \"deployment.environment.name\" = \"staging\" }\n\
                headers = { value = \"x-key=planted-key, authorization=Bearer planted-bearer\" }";
    let world = collector.world(more).await;
    traced(&world).await;
    let (spans, server) = only_request(&collector).await;
    assert_eq!(server.name, "POST /api/rating/{version}/{option}");
    assert_eq!(hex(&server.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex(&server.parent_span_id), "00f067aa0ba902b7");
    assert!(!failed(&server));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/rating/{version}/{option}"),
        ("http.response.status_code", "200"),
        ("url.scheme", "http"),
        ("url.path", "/api/rating/v2409/Shop"),
        ("client.address", "127.0.0.1"),
        ("waybill.route", "catch-all"),
        ("waybill.carrier", "ups"),
        ("waybill.environment", "test"),
        ("waybill.account", "main"),
        ("waybill.operation", "rating"),
    ] {
        assert_eq!(attribute(&server.attributes, name), value, "{name}");
    }
    let attempts = of_kind(&spans, SpanKind::Client);
    assert_eq!(attempts.len(), 1, "{spans:#?}");
    let attempt = attempts[0];
    assert_eq!(
        (&attempt.trace_id, &attempt.parent_span_id),
        (&server.trace_id, &server.span_id)
    );
    assert!(attempt.start_time_unix_nano >= server.start_time_unix_nano);
    assert!(attempt.end_time_unix_nano <= server.end_time_unix_nano);
    assert!(attempt.end_time_unix_nano > attempt.start_time_unix_nano);
    let mock = world.mock.base_url().to_owned();
    let url = format!("{}/api/rating/v2409/Shop", mock.trim_end_matches('/'));
    assert_eq!(attribute(&attempt.attributes, "url.full"), url);
    assert_eq!(
        attribute(&attempt.attributes, "http.response.status_code"),
        "200"
    );
    assert_eq!(
        attribute(&attempt.attributes, "server.address"),
        "127.0.0.1"
    );

    let received = collector.received().remove(0);
    assert_eq!(received.path, "/v1/traces");
    assert_eq!(received.headers["content-type"], "application/x-protobuf");
    assert_eq!(received.headers["x-key"], "planted-key");
    assert_eq!(received.headers["authorization"], "Bearer planted-bearer");
    let resource = resource_of(&received);
    assert_eq!(attribute(&resource, "service.name"), "gateway of the shop");
    assert_eq!(
        attribute(&resource, "deployment.environment.name"),
        "staging"
    );
    // The collector's own key is secret too.
    let output = world.gateway.process.output();
    assert!(!output.contains("planted"), "{output}");
}

#[tokio::test]
async fn token_request_has_a_span_of_its_own() {
    let collector = Collector::start().await;
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    let is_token = |span: &&Span| span.name == "token request";
    let there = |spans: &[Span]| spans.iter().any(|span| is_token(&span));
    let spans = collector
        .spans_with("the token request's span", there)
        .await;
    let span = spans.iter().find(is_token).expect("it is there");
    assert!(span.parent_span_id.is_empty() && !failed(span));
    assert_eq!(attribute(&span.attributes, "waybill.account"), "main");
    assert_eq!(attribute(&span.attributes, "waybill.carrier"), "ups");
    let refused = World::builder()
        .more(&format!(
            "[telemetry]\nendpoint = \"http://{}\"",
            collector.addr
        ))
        .config(|config| config.client_secret = "wrong".into())
        .start();
    let _refused = refused.await;
    let there = |spans: &[Span]| spans.iter().any(|span| is_token(&span) && failed(span));
    let spans = collector
        .spans_with("the refused token request", there)
        .await;
    let refused = |span: &&Span| is_token(span) && failed(span);
    let span = spans.iter().find(refused).expect("it is there");
    assert_eq!(attribute(&span.attributes, "error.type"), "rejected");
    let call = spans.iter().find(|it| it.parent_span_id == span.span_id);
    let call = call.expect("the HTTP request");
    assert_eq!(attribute(&call.attributes, "error.type"), "401");
}

#[tokio::test]
async fn http_requests_of_a_token_request_are_below_it_and_who_waited_has_a_link() {
    let collector = Collector::start().await;
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    world.mock.revoke_all();
    traced(&world).await;
    // The first request may have waited as well, for the first token.
    let is_waited = |span: &&Span| {
        let traced = hex(&span.trace_id) == "4bf92f3577b34da6a3ce929d0e0e4736";
        traced && !span.links.is_empty()
    };
    let waited = |spans: &[Span]| spans.iter().find(is_waited).cloned();
    let token = |spans: &[Span]| {
        let link = waited(spans)?.links.remove(0);
        let mut spans = spans.iter();
        let token = spans.find(|span| span.span_id == link.span_id)?.clone();
        assert_eq!(token.trace_id, link.trace_id);
        Some(token)
    };
    let spans = collector
        .spans_with("the request and what it waited for", |spans| {
            token(spans).is_some()
        })
        .await;
    let waited = waited(&spans).expect("it is there");
    assert_eq!(waited.kind, i32::from(SpanKind::Server));
    assert_eq!(waited.links.len(), 1);
    let token = token(&spans).expect("it is there");
    assert_eq!(token.name, "token request");
    assert_eq!(token.kind, i32::from(SpanKind::Internal));
    assert_eq!(
        attribute(&token.attributes, "waybill.token.cause"),
        "unauthorized"
    );
    let below = spans
        .iter()
        .filter(|span| span.parent_span_id == token.span_id);
    let below: Vec<&Span> = below.collect();
    assert_eq!(below.len(), 1, "{spans:#?}");
    let call = below[0];
    assert_eq!(
        (call.name.as_str(), call.kind),
        ("POST", i32::from(SpanKind::Client))
    );
    assert_eq!(call.trace_id, token.trace_id);
    assert!(call.start_time_unix_nano >= token.start_time_unix_nano);
    assert!(call.end_time_unix_nano <= token.end_time_unix_nano);
    let mock = world.mock.base_url().to_owned();
    let url = format!("{}/security/v1/oauth/token", mock.trim_end_matches('/'));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("server.address", "127.0.0.1"),
        ("waybill.account", "main"),
        ("url.full", url.as_str()),
    ] {
        assert_eq!(attribute(&call.attributes, name), value, "{name}");
    }
}

#[tokio::test]
async fn replay_is_a_second_attempt_below_the_same_request() {
    let collector = Collector::start().await;
    let world = collector.world("").await;
    world.shop().await.assert_rates();
    world.mock.revoke_all();
    traced(&world).await;
    let of_trace = |spans: &[Span]| -> Vec<Span> {
        let of_trace = spans
            .iter()
            .filter(|span| hex(&span.trace_id).starts_with("4bf92f"));
        of_trace.cloned().collect()
    };
    let spans = collector
        .spans_with("three spans", |spans| of_trace(spans).len() == 3)
        .await;
    let spans = of_trace(&spans);
    let server = of_kind(&spans, SpanKind::Server)[0];
    assert_eq!(attribute(&server.attributes, "waybill.replayed"), "true");
    assert!(!failed(server));
    let attempts = of_kind(&spans, SpanKind::Client);
    let facts: Vec<_> = attempts
        .iter()
        .map(|span| {
            let status = attribute(&span.attributes, "http.response.status_code");
            let resends = attribute(&span.attributes, "http.request.resend_count");
            (status, resends, failed(span))
        })
        .collect();
    let text = str::to_owned;
    assert_eq!(
        facts,
        [
            (text("401"), text(""), true),
            (text("200"), text("1"), false)
        ]
    );
}

#[tokio::test]
async fn failure_is_told_with_its_code() {
    let collector = Collector::start().await;
    let world = collector.world("").await;
    let fault = Fault::new(mock_ups::Action::ResetBefore).endpoint(Endpoint::Rating);
    let guard = world.mock.add_fault(fault).expect("a fault");
    world.shop().await;
    let (spans, server) = only_request(&collector).await;
    assert!(failed(&server), "{server:?}");
    assert_eq!(
        attribute(&server.attributes, "http.response.status_code"),
        "502"
    );
    assert_eq!(
        attribute(&server.attributes, "error.type"),
        "carrier_unreachable"
    );
    let attempt = of_kind(&spans, SpanKind::Client)[0];
    assert!(failed(attempt));
    assert_eq!(
        attribute(&attempt.attributes, "error.type"),
        "carrier_unreachable"
    );
    drop(guard);
}

/// The caller decides about its trace, and the gateway about those that begin with it.
#[tokio::test]
async fn traces_that_nobody_samples_are_not_exported() {
    let collector = Collector::start().await;
    let world = collector.world("sample_ratio = 0").await;
    world.shop().await.assert_rates();
    let mut request = rate_request();
    let unsampled = PARENT.replace("-01", "-00").parse().expect("a value");
    request.headers_mut().insert("traceparent", unsampled);
    world.app.send(request).await.assert_rates();
    traced(&world).await;
    let (_, server) = only_request(&collector).await;
    assert_eq!(hex(&server.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(
        attribute(&server.attributes, "url.path"),
        "/api/rating/v2409/Shop"
    );
}

/// Whoever proves nothing cannot fill the queue by asking to be sampled.
#[tokio::test]
async fn stranger_that_asks_to_be_sampled_is_not() {
    let collector = Collector::start().await;
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(&format!(
            "[telemetry]\nendpoint = \"http://{}\"\nsample_ratio = 0\n[[app]]\nname = \"shop\"\nkey = {{ value = \
             \"planted-app-key-000\" }}\naccounts = [\"main\"]",
            collector.addr
        ))
        .start()
        .await;
    let mut request = rate_request();
    let parent = PARENT.parse().expect("a value");
    request.headers_mut().insert("traceparent", parent);
    for _ in 0..5 {
        world.app.send(request.clone()).await;
    }
    let key = "planted-app-key-000".parse().expect("a value");
    request.headers_mut().insert("waybill-key", key);
    world.app.send(request).await.assert_rates();
    let (_, server) = only_request(&collector).await;
    assert_eq!(attribute(&server.attributes, "waybill.app"), "shop");
    let everything: Vec<u8> = collector
        .received()
        .iter()
        .flat_map(|it| it.body.to_vec())
        .collect();
    for secret in ["planted", "mock-secret", "eyJ"] {
        let found = memchr::memmem::find(&everything, secret.as_bytes());
        assert!(found.is_none(), "{secret} is in a span");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
