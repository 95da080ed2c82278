//! The span of a token call, for distributed traces.

use crate::{
    AccountSpec, Transport, authorizer::CallSpans, context::BrokerContext, flight::FlightOutcome,
};
use gateway_model::{Attribute, AttributeValue, Span, SpanContext, SpanKind};
use std::{sync::Arc, time::SystemTime};

/// The same transport, whose HTTP requests have spans below this one.
pub(crate) fn traced(
    context: &BrokerContext,
    span: Option<SpanContext>,
    spec: &AccountSpec,
    transport: Transport,
) -> Transport {
    let Some((spans, span)) = context.spans().zip(span) else {
        return transport;
    };
    let (spans, clock) = (Arc::clone(spans), Arc::clone(&context.clock));
    let calls = CallSpans::new(spans, clock, span, parties(spec));
    Transport::Traced(Box::new(transport), Arc::new(calls))
}

/// Gives the span of a call away. It begins a trace of its own: a token serves many requests. It has names and codes
/// only, since whatever else a plugin says may come from the carrier's answer.
pub(crate) fn record(context: &BrokerContext, outcome: &FlightOutcome, ended: SystemTime) {
    let Some((spans, span)) = context.spans().zip(outcome.span) else {
        return;
    };
    let mut attributes = parties(&outcome.spec);
    attributes.push(("waybill.token.cause", outcome.plan.cause.as_str().into()));
    let failure = outcome.result.as_ref().err();
    let class = failure.map(|failure| failure.class.as_str());
    if let Some(class) = class {
        attributes.push(("error.type", class.into()));
    }
    spans.record(Span {
        trace: span.trace,
        id: span.span,
        parent: None,
        name: "token request".to_owned(),
        kind: SpanKind::Internal,
        began: outcome.began_at,
        ended,
        attributes,
        links: Vec::new(),
        failure: class.map(str::to_owned),
    });
}

/// Whose token it is.
fn parties(spec: &AccountSpec) -> Vec<Attribute> {
    let text = |text: &str| AttributeValue::text(text);
    vec![
        ("waybill.account", text(spec.account.as_str())),
        ("waybill.carrier", text(spec.carrier.as_str())),
        ("waybill.environment", spec.environment.as_str().into()),
    ]
}
