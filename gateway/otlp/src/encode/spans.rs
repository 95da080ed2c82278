//! Spans in the form of OTLP.

use super::common::{attributes, nanos, resource, scope};
use crate::target::Resource;
use bytes::Bytes;
use gateway_model::{Span, SpanKind};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span as WireSpan, Status, span, status},
};
use prost::Message as _;

/// The request that exports these spans.
pub(crate) fn spans(from: &Resource, spans: &[Span]) -> Bytes {
    let spans = ScopeSpans {
        scope: Some(scope("waybill")),
        spans: spans.iter().map(wire).collect(),
        ..ScopeSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource(from)),
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
        SpanKind::Internal => span::SpanKind::Internal,
    };
    let status = span.failure.as_ref().map(|why| Status {
        message: why.clone(),
        code: status::StatusCode::Error.into(),
    });
    let links = span.links.iter().map(|link| span::Link {
        trace_id: link.trace.0.to_vec(),
        span_id: link.span.0.to_vec(),
        ..span::Link::default()
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
        attributes: attributes(&span.attributes),
        links: links.collect(),
        status,
        ..WireSpan::default()
    }
}
