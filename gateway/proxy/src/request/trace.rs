//! A request's part in a distributed trace: the caller's context, the spans of its attempts, and what the carrier
//! is told.

use crate::{
    fields::Fields,
    recorded_path::recorded,
    settings::TraceSettings,
    trace_context::{Parent, TRACEPARENT, TRACESTATE, trace_of},
    worker::Worker,
};
use bytes::Bytes;
use gateway_model::{SpanContext, SpanId, TraceId};
use http::HeaderValue;
use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    time::Instant,
};

/// How many bytes of a path are recorded.
const PATH_BYTES: usize = 256;

/// A request's part in a trace.
#[derive(Debug)]
pub(super) struct RequestTrace {
    pub(super) id: TraceId,
    /// The span of the request.
    pub(super) span: SpanId,
    /// What the caller sent, if it is valid.
    pub(super) parent: Option<Parent>,
    /// The ratio chose the trace. A caller's choice counts only once the caller is known.
    chosen: bool,
    /// Spans go somewhere.
    exports: bool,
    /// The path that is sent to the carrier, as far as it may be recorded.
    pub(super) sent_path: OnceCell<String>,
    pub(super) attempts: RefCell<Vec<AttemptSpan>>,
    /// The token requests that it waited for.
    pub(super) links: RefCell<Vec<SpanContext>>,
}

/// The span of an attempt.
#[derive(Debug)]
pub(super) struct AttemptSpan {
    pub(super) id: SpanId,
    pub(super) began: Instant,
    /// When it ended and how: the status, or a code. None if the app ended the request before.
    pub(super) end: Option<(Instant, Result<u16, &'static str>)>,
}

/// An attempt that is under way.
pub(super) struct TracedAttempt<'a> {
    trace: &'a RequestTrace,
    at: usize,
    traceparent: HeaderValue,
}

impl RequestTrace {
    /// The part of a request with these fields and this id. None if traces are switched off.
    pub(super) fn begin(worker: &Worker, fields: &Fields, id: &Bytes) -> Option<Rc<Self>> {
        let settings = worker.settings();
        let trace = &settings.trace;
        if trace.context || trace.sink.is_some() {
            return Some(Self::new(worker, trace, fields, id));
        }
        None
    }

    #[cold]
    fn new(worker: &Worker, settings: &TraceSettings, fields: &Fields, id: &Bytes) -> Rc<Self> {
        let parent = Parent::of(fields);
        // A trace that begins here has the request's own id, so that each leads to the other.
        let id = parent.map_or_else(|| trace_of(id), |parent| parent.trace);
        Rc::new(Self {
            id,
            span: worker.ids.borrow_mut().span(),
            parent,
            chosen: is_chosen(id, settings.sample_ratio),
            exports: settings.sink.is_some(),
            sent_path: OnceCell::new(),
            attempts: RefCell::default(),
            links: RefCell::default(),
        })
    }

    /// Whether its spans are recorded. A stranger cannot ask for it, or it could take the place of all others.
    pub(super) fn is_recorded(&self, known_caller: bool) -> bool {
        let wanted = match self.parent {
            Some(parent) if known_caller => parent.is_sampled(),
            Some(parent) => parent.is_sampled() && self.chosen,
            None => self.chosen,
        };
        self.exports && wanted
    }

    /// Notes the token request that the request waited for.
    pub(super) fn waited_for(&self, token_request: Option<SpanContext>) {
        if self.exports {
            self.links.borrow_mut().extend(token_request);
        }
    }

    /// Leaves in the head what the carrier is told of the trace, but for what each attempt tells anew.
    pub(super) fn complete(&self, fields: &mut Fields) {
        if self.parent.is_none() {
            // It belongs to a context that is not there, or that nobody can read.
            fields.remove(&TRACESTATE);
        }
        if self.exports {
            fields.remove(&TRACEPARENT);
        } else if self.parent.is_none() {
            let context = Parent::outgoing(self.id, self.span, None, false);
            fields.insert(TRACEPARENT, context.value());
        }
    }

    /// Begins the span of an attempt. None if spans go nowhere: the carrier is told of the caller's then.
    pub(super) fn attempt(&self, worker: &Worker, path: &str) -> Option<TracedAttempt<'_>> {
        if !self.exports {
            return None;
        }
        let id = worker.ids.borrow_mut().span();
        // Its caller is known: attempts come after that.
        let recorded_too = self.is_recorded(true);
        let mut attempts = self.attempts.borrow_mut();
        if recorded_too {
            self.sent_path.get_or_init(|| recorded(path, PATH_BYTES));
            attempts.push(AttemptSpan {
                id,
                began: worker.clock.now(),
                end: None,
            });
        }
        let context = Parent::outgoing(self.id, id, self.parent, recorded_too);
        Some(TracedAttempt {
            trace: self,
            at: attempts.len().wrapping_sub(1),
            traceparent: context.value(),
        })
    }
}

impl TracedAttempt<'_> {
    /// What the carrier is told.
    pub(super) const fn traceparent(&self) -> &HeaderValue {
        &self.traceparent
    }

    /// The attempt has a status, or failed with this code.
    pub(super) fn end(self, worker: &Worker, result: Result<u16, &'static str>) {
        // There is none if spans of this trace are not recorded.
        if let Some(span) = self.trace.attempts.borrow_mut().get_mut(self.at) {
            span.end = Some((worker.clock.now(), result));
        }
    }
}

/// Whether the ratio chooses a trace: by the id, so that all parts of a trace come to the same answer.
fn is_chosen(id: TraceId, ratio: f64) -> bool {
    let [.., a, b, c, d, e, f, g, h] = id.0;
    // The part of OpenTelemetry's samplers: 63 bits from the end of the id.
    let position = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1;
    // All of them by the ratio itself: as a fraction the last positions round up to the end.
    ratio >= 1.0 || (position as f64) < ratio * (1_u64 << 63) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_chooses_its_part_of_all_ids() {
        let id = |number: u64| {
            let mut id = [7; 16];
            id[8..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
            TraceId(id)
        };
        for (ratio, least, most) in [(0.0, 0, 0), (0.25, 2_300, 2_700), (1.0, 10_000, 10_000)] {
            let chosen = (0..10_000)
                .filter(|number| is_chosen(id(*number), ratio))
                .count();
            assert!((least..=most).contains(&chosen), "{ratio}: {chosen}");
        }
        assert!(is_chosen(TraceId([0xff; 16]), 1.0));
    }
}
