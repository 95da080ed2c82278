//! A stand-in of an OpenTelemetry collector: it decodes what it gets, and answers as a test wants.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::Metric,
    trace::v1::Span,
};
use prost::Message as _;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::{World, eventually};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the answer said that it was taken.
    pub(super) taken: bool,
}

/// How to answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<&'static str>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            status: 200,
            retry_after: None,
            body: Vec::new(),
            delay: Duration::ZERO,
        }
    }
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    replies: Mutex<VecDeque<Reply>>,
}

pub(super) struct Collector {
    pub(super) addr: SocketAddr,
    state: Arc<State>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                let answer = service_fn(move |request| answer(Arc::clone(&state), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { addr, state }
    }

    /// A gateway that exports to this collector.
    pub(super) async fn world(&self, more: &str) -> World {
        let endpoint = format!("[telemetry]\nendpoint = \"http://{}\"\n{more}", self.addr);
        World::builder().more(&endpoint).start().await
    }

    /// Answers the next requests so, one after another. Further ones are taken.
    pub(super) fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        let mut waiting = self.state.replies.lock().expect("no test panics in it");
        waiting.extend(replies);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.state
            .received
            .lock()
            .expect("no test panics in it")
            .clone()
    }

    /// What was taken on this path.
    fn taken(&self, path: &str) -> Vec<Received> {
        let taken = self.received().into_iter().filter(|it| it.taken);
        taken.filter(|it| it.path == path).collect()
    }

    /// The spans that were taken.
    pub(super) fn spans(&self) -> Vec<Span> {
        let taken = self.taken("/v1/traces");
        taken.iter().flat_map(|it| spans_of(&it.body)).collect()
    }

    /// The metrics that were taken, one request after another.
    pub(super) fn metrics(&self) -> Vec<Vec<Metric>> {
        let taken = self.taken("/v1/metrics");
        taken.iter().map(|it| metrics_of(&it.body)).collect()
    }

    /// The lines of the log that were taken, each with the part of the program that wrote it.
    pub(super) fn lines(&self) -> Vec<(String, LogRecord)> {
        let taken = self.taken("/v1/logs");
        taken.iter().flat_map(|it| lines_of(&it.body)).collect()
    }

    /// The spans, once there are some that the test waits for.
    pub(super) async fn spans_with(
        &self,
        what: &str,
        wanted: impl Fn(&[Span]) -> bool,
    ) -> Vec<Span> {
        eventually(what, async || wanted(&self.spans())).await;
        self.spans()
    }
}

fn spans_request(body: &Bytes) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(body.clone()).expect("the body is OTLP")
}

fn metrics_request(body: &Bytes) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest::decode(body.clone()).expect("the body is OTLP")
}

pub(super) fn spans_of(body: &Bytes) -> Vec<Span> {
    let resources = spans_request(body).resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn logs_request(body: &Bytes) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest::decode(body.clone()).expect("the body is OTLP")
}

/// The lines, each with its scope.
fn lines_of(body: &Bytes) -> Vec<(String, LogRecord)> {
    let resources = logs_request(body).resource_logs.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_logs);
    let lines = scopes.flat_map(|scope| {
        let name = scope.scope.expect("a scope").name;
        let records = scope.log_records.into_iter();
        records.map(move |record| (name.clone(), record))
    });
    lines.collect()
}

pub(super) fn metrics_of(body: &Bytes) -> Vec<Metric> {
    let resources = metrics_request(body).resource_metrics.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).collect()
}

/// What the sender says about itself.
pub(super) fn resource_of(received: &Received) -> Vec<KeyValue> {
    let body = &received.body;
    let resource = match received.path.as_str() {
        "/v1/traces" => spans_request(body).resource_spans.remove(0).resource,
        "/v1/logs" => logs_request(body).resource_logs.remove(0).resource,
        "/v1/metrics" => metrics_request(body).resource_metrics.remove(0).resource,
        other => unreachable!("{other}"),
    };
    resource.expect("a resource").attributes
}

/// An attribute as text; empty if it is not there.
pub(super) fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|it| it.key == name);
    let value = found
        .and_then(|it| it.value.clone())
        .and_then(|it| it.value);
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(fact)) => fact.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let reply = state
        .replies
        .lock()
        .expect("no test panics in it")
        .pop_front();
    let reply = reply.unwrap_or_default();
    let received = Received {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body,
        taken: reply.status == 200 && reply.delay.is_zero(),
    };
    state
        .received
        .lock()
        .expect("no test panics in it")
        .push(received);
    tokio::time::sleep(reply.delay).await;
    let mut response = Response::new(Full::new(reply.body.into()));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a status");
    if let Some(after) = reply.retry_after {
        response
            .headers_mut()
            .insert("retry-after", after.parse().expect("a value"));
    }
    Ok(response)
}
