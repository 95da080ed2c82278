//! The spans of a request that is over, by OpenTelemetry's conventions for HTTP.
//!
//! They hold names that the operator chose, numbers and codes: no field, no content, no query.

use super::Record;
use crate::{
    error::Code,
    recorded_path::recorded,
    request::trace::{AttemptSpan, RequestTrace},
    worker::Now,
};
use gateway_model::{Attribute, AttributeValue, Span, SpanKind};
use std::time::Instant;

/// How many bytes of a path are recorded.
const PATH_BYTES: usize = 256;

impl Record {
    /// Gives the spans of the request away, if they are recorded.
    #[cold]
    pub(super) fn export(&self, trace: &RequestTrace, ended: Instant) {
        let worker = &self.connection.worker;
        let known_caller = self.app.is_some() || self.account.is_some();
        let settings = worker.settings();
        let Some(sink) = &settings.trace.sink else {
            return;
        };
        if !trace.is_recorded(known_caller) {
            return;
        }
        let now = worker.both_clocks();
        for (resends, attempt) in trace.attempts.borrow().iter().enumerate() {
            sink.record(self.attempt_span(trace, attempt, resends, (now, ended)));
        }
        sink.record(self.request_span(trace, (now, ended)));
    }

    fn request_span(&self, trace: &RequestTrace, (now, ended): (Now, Instant)) -> Span {
        let mut attributes = self.common();
        let text = |text: String| AttributeValue::text(text);
        let scheme = if self.connection.secure {
            "https"
        } else {
            "http"
        };
        attributes.push(("url.scheme", scheme.into()));
        if let Some((_, target)) = &self.target {
            attributes.push(("url.path", text(recorded(target.path(), PATH_BYTES))));
        }
        let peer = self.connection.peer.get().ip();
        attributes.push(("client.address", text(peer.to_string())));
        let id = String::from_utf8_lossy(&self.id);
        attributes.push(("waybill.request_id", text(id.into_owned())));
        if let Some(operation) = self.known_operation() {
            attributes.push(("http.route", text(operation.path.as_str().to_owned())));
        }
        if self.status != 0 {
            attributes.push(("http.response.status_code", number(self.status)));
        }
        if self.replayed {
            attributes.push(("waybill.replayed", AttributeValue::Bool(true)));
        }
        let failure = self.server_failure();
        if let Some(why) = &failure {
            attributes.push(("error.type", text(why.clone())));
        }
        Span {
            trace: trace.id,
            id: trace.span,
            parent: trace.parent.map(|parent| parent.span),
            name: self.span_name(),
            kind: SpanKind::Server,
            began: now.wall_of(self.started),
            ended: now.wall_of(ended),
            attributes,
            links: trace.links.borrow().clone(),
            failure,
        }
    }

    fn attempt_span(
        &self,
        trace: &RequestTrace,
        attempt: &AttemptSpan,
        resends: usize,
        (now, ended): (Now, Instant),
    ) -> Span {
        let mut attributes = self.common();
        let text = |text: String| AttributeValue::text(text);
        if let Some(at) = self.route {
            let origin = &self.directory.index.routes[at].route.origin;
            attributes.push(("server.address", text(origin.host().to_owned())));
            attributes.push(("server.port", AttributeValue::Integer(origin.port().into())));
            if let Some(path) = trace.sent_path.get() {
                attributes.push(("url.full", text(format!("{origin}{path}"))));
            }
        }
        if let Some(operation) = self.known_operation() {
            attributes.push(("url.template", text(operation.path.as_str().to_owned())));
        }
        if resends > 0 {
            let resends = AttributeValue::Integer(i64::try_from(resends).unwrap_or(i64::MAX));
            attributes.push(("http.request.resend_count", resends));
        }
        let failure = match attempt.end {
            Some((_, Ok(status))) => {
                attributes.push(("http.response.status_code", number(status)));
                (status >= 400).then(|| status.to_string())
            }
            Some((_, Err(code))) => Some(code.to_owned()),
            None => Some("cancelled".to_owned()),
        };
        if let Some(why) = &failure {
            attributes.push(("error.type", text(why.clone())));
        }
        Span {
            trace: trace.id,
            id: attempt.id,
            parent: Some(trace.span),
            name: self.span_name(),
            kind: SpanKind::Client,
            began: now.wall_of(attempt.began),
            ended: now.wall_of(attempt.end.map_or(ended, |(at, _)| at)),
            attributes,
            links: Vec::new(),
            failure,
        }
    }

    /// What both kinds of spans tell.
    fn common(&self) -> Vec<Attribute> {
        let mut attributes = Vec::with_capacity(16);
        let text = |text: &str| AttributeValue::text(text);
        if let Some((method, _)) = &self.target {
            attributes.push(("http.request.method", text(method.as_str())));
        }
        let parties = self.places().parties(&self.directory.index);
        if let Some(route) = &parties.route {
            attributes.push(("waybill.route", text(route)));
        }
        if let Some(carrier) = &parties.carrier {
            attributes.push(("waybill.carrier", text(carrier.as_str())));
        }
        if let Some(environment) = parties.environment {
            attributes.push(("waybill.environment", environment.as_str().into()));
        }
        if let Some(account) = &parties.account {
            attributes.push(("waybill.account", text(account.as_str())));
        }
        if let Some(app) = &parties.app {
            attributes.push(("waybill.app", text(app.as_str())));
        }
        if let Some(operation) = self.known_operation() {
            attributes.push(("waybill.operation", text(operation.name.as_str())));
        }
        attributes
    }

    /// The method, and the path's template if there is one: the number of names is small.
    fn span_name(&self) -> String {
        let method = self.target.as_ref().map(|(method, _)| method.as_str());
        let method = method.unwrap_or("HTTP");
        match self.known_operation() {
            Some(operation) => format!("{method} {}", operation.path),
            None => method.to_owned(),
        }
    }

    /// A server's span failed only if the server did: an app's own mistake is no failure of the gateway.
    fn server_failure(&self) -> Option<String> {
        let code = self.error.map(Code::as_str).map(str::to_owned);
        if self.status >= 500 {
            return Some(code.unwrap_or_else(|| self.status.to_string()));
        }
        (!self.complete).then(|| code.unwrap_or_else(|| "incomplete".to_owned()))
    }
}

fn number(status: u16) -> AttributeValue {
    AttributeValue::Integer(status.into())
}
