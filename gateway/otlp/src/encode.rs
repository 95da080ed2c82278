//! Spans in the form of OTLP.

use crate::target::Resource;
use bytes::Bytes;
use gateway_model::{AttributeValue, Span, SpanKind};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1,
    trace::v1::{ResourceSpans, ScopeSpans, Span as WireSpan, Status, span, status},
};
use prost::Message as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The request that exports these spans.
pub(crate) fn request(resource: &Resource, spans: &[Span]) -> Bytes {
    let attributes = resource.iter();
    let attributes =
        attributes.map(|(name, value)| key_value(name, Value::StringValue(value.clone())));
    let spans = ScopeSpans {
        scope: Some(InstrumentationScope {
            name: "waybill".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        }),
        spans: spans.iter().map(wire).collect(),
        ..ScopeSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(v1::Resource {
                attributes: attributes.collect(),
                ..v1::Resource::default()
            }),
            scope_spans: vec![spans],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec().into()
}

fn wire(span: &Span) -> WireSpan {
    let kind = match span.kind {
        SpanKind::Server => span::SpanKind::Server,
        SpanKind::Client => span::SpanKind::Client,
    };
    let status = span.failure.as_ref().map(|why| Status {
        message: why.clone(),
        code: status::StatusCode::Error.into(),
    });
    let attributes = span.attributes.iter();
    let attributes = attributes.map(|(name, value)| {
        let value = match value {
            AttributeValue::Text(text) => Value::StringValue(text.clone().into_owned()),
            AttributeValue::Integer(number) => Value::IntValue(*number),
            AttributeValue::Bool(fact) => Value::BoolValue(*fact),
        };
        key_value(name, value)
    });
    WireSpan {
        trace_id: span.trace.0.to_vec(),
        span_id: span.id.0.to_vec(),
        parent_span_id: span
            .parent
            .map_or_else(Vec::new, |parent| parent.0.to_vec()),
        name: span.name.clone(),
        kind: kind.into(),
        start_time_unix_nano: nanos(span.began),
        end_time_unix_nano: nanos(span.ended),
        attributes: attributes.collect(),
        status,
        ..WireSpan::default()
    }
}

fn key_value(name: &str, value: Value) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Nanoseconds since 1970. A time before that, or after the year 2554, is the epoch.
fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
