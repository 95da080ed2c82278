//! The span of a token call, for distributed traces.

use crate::{context::BrokerContext, flight::FlightOutcome};
use gateway_model::{AttributeValue, Span, SpanKind};
use std::time::SystemTime;

/// Gives the span of a call away. It begins a trace of its own: a token serves many requests. It has names and codes
/// only, since whatever else a plugin says may come from the carrier's answer.
pub(crate) fn record(context: &BrokerContext, outcome: &FlightOutcome, ended: SystemTime) {
    let Some(spans) = context.spans() else {
        return;
    };
    let (trace, id) = context.trace_ids();
    let spec = &outcome.spec;
    let text = |text: &str| AttributeValue::text(text);
    let mut attributes = vec![
        ("waybill.account", text(spec.account.as_str())),
        ("waybill.carrier", text(spec.carrier.as_str())),
        ("waybill.environment", spec.environment.as_str().into()),
        ("waybill.token.cause", outcome.plan.cause.as_str().into()),
    ];
    let failure = outcome.result.as_ref().err();
    let class = failure.map(|failure| failure.class.as_str());
    if let Some(class) = class {
        attributes.push(("error.type", class.into()));
    }
    spans.record(Span {
        trace,
        id,
        parent: None,
        name: "token request".to_owned(),
        kind: SpanKind::Client,
        began: outcome.began_at,
        ended,
        attributes,
        failure: class.map(str::to_owned),
    });
}
