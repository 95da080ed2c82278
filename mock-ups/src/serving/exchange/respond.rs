//! The end of every exchange with UPS's paths: fault, journal, response.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response, header};

use crate::clock::VirtualClock;
use crate::journal;
use crate::response_body::{EndCounter, MockBody};
use crate::serving::response::{self, Framing};

use super::edge_fields;
use super::fault_injection::{self, FaultedResponse};
use super::{Abort, Connection, ExchangeOutcome, ReceivedRequest};

/// How a body goes out.
enum Delivery {
    Whole,
    Slow(usize, Duration),
    Half,
}

impl Connection {
    /// Keeps the connection from counting as idle while a body is on its way.
    fn hold(&self) -> EndCounter {
        self.begun.fetch_add(1, Ordering::Relaxed);
        EndCounter(Arc::clone(&self.ended))
    }

    /// The fault's share, the journal, the response.
    pub(super) fn finish(
        &self,
        call: &ReceivedRequest<'_>,
        client: Option<&str>,
        outcome: ExchangeOutcome<'_>,
    ) -> Result<Response<MockBody>, Abort> {
        let ExchangeOutcome {
            answer,
            facts,
            is_api,
            spoil,
        } = outcome;
        // Settings before faults: a fault must spoil what the client would have got.
        let answer = self.mock.adjust(answer, call.body);
        let spoiled = match spoil {
            None => FaultedResponse::Answer(answer),
            Some(action) => fault_injection::apply_fault(action, answer),
        };
        let (sent, delivery, reset) = match spoiled {
            FaultedResponse::Answer(answer) => (Some(answer), Delivery::Whole, false),
            FaultedResponse::Slowly(answer, piece, pause) => {
                (Some(answer), Delivery::Slow(piece, pause), false)
            }
            FaultedResponse::Half(answer) => (Some(answer), Delivery::Half, true),
            FaultedResponse::ThenReset(answer) => (Some(answer), Delivery::Whole, true),
            FaultedResponse::Reset => (None, Delivery::Whole, true),
        };
        // Recorded before anything is sent, so that a client that has its answer finds the entry.
        self.mock.journal.record(&journal::Exchange {
            at_ms: call.now_ms,
            environment: call.environment,
            method: &call.parts.method,
            path: call.path,
            query: call.query,
            headers: &call.parts.headers,
            body: call.body,
            client: client.or(facts.client.as_deref()),
            facts: &facts,
            // 0 stands for no answer.
            status: sent.as_ref().map_or(0, |answer| answer.status.as_u16()),
            code: sent
                .as_ref()
                .and_then(|answer| answer.error.as_ref())
                .map(|error| &*error.code),
            answer: sent.as_ref().map_or(&[], |answer| &answer.body),
        });
        // Turned before the answer goes out; the socket acts on it when it closes.
        if reset {
            self.ending.reset();
        }
        // After the journal: a call without an answer is recorded too.
        let mut answer = sent.ok_or(Abort)?;
        let bytes = std::mem::take(&mut answer.body);
        let framing = Framing {
            transaction: is_api.then_some(&call.transaction[..]),
            close_after_error: self.mock.hot.closes_after_error(),
            findings: self.mock.hot.shows_findings().then_some(facts.findings),
        };
        let mut response = response::response(answer, &framing);
        *response.body_mut() = match delivery {
            // Held until the last piece is gone, or a slow body would count as idle.
            Delivery::Whole => MockBody::full(bytes),
            Delivery::Slow(piece, pause) => MockBody::slow(bytes, piece, pause, self.hold()),
            Delivery::Half => MockBody::broken(bytes, self.hold()),
        };
        // The edge in front of UPS adds them to API answers only.
        if is_api && self.mock.hot.adds_edge_fields() {
            let now = crate::clock::timestamp(call.now_ms);
            edge_fields::add(response.headers_mut(), &call.transaction, now);
        }
        if reset {
            // The client must not send its next request on a connection that is about to be reset.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        date_by_the_clock(response.headers_mut(), &self.mock.clock);
        Ok(response)
    }
}

/// hyper dates answers by the system's clock; a clock that was moved needs its own date.
fn date_by_the_clock(headers: &mut HeaderMap, clock: &VirtualClock) {
    if clock.is_moved() {
        let date = clock
            .now()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            headers.insert(header::DATE, date);
        }
    }
}
