//! Phase 8: sending the request and reading the head of the response.

use crate::{
    directory::RouteView,
    error::{Code, Problem},
    message::Response,
    ticks::Alarm,
    upstream::{
        ExchangeError, Lease, SendError, UpstreamBody,
        body::{ReplayBody, RequestBody},
        client::RequestHead,
    },
    worker::Worker,
};
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

/// One attempt at a request.
pub(super) struct Attempt<'a> {
    pub(super) head: RequestHead<'a>,
    pub(super) body: RequestBody,
    /// Only over a new connection.
    pub(super) fresh: bool,
}

/// Why an attempt got no response.
pub(super) enum AttemptError {
    /// There was no connection to send it over.
    NotSent(Problem),
    /// The carrier closed a kept connection after the request was sent, at least in part, and before any
    /// byte of a response.
    Dropped(Problem),
    /// Anything else.
    Failed(Problem),
}

impl AttemptError {
    /// What the app is told of it, if nothing else is tried.
    pub(super) const fn problem(&self) -> &Problem {
        match self {
            Self::NotSent(problem) | Self::Dropped(problem) | Self::Failed(problem) => problem,
        }
    }
}

/// Sends the attempt and waits for the head of the answer.
///
/// A pooled connection may have been closed by its server just now. As long as not a byte of the request
/// was sent, it goes out on another connection, whatever its method. After the first byte it is never
/// sent again from here: the carrier may have created a shipment. `retry` decides what may be repeated.
pub(super) async fn send(
    worker: &Worker,
    route: &RouteView,
    Attempt {
        head,
        mut body,
        fresh,
    }: Attempt<'_>,
    replay_body: &ReplayBody,
) -> Result<Response<UpstreamBody>, AttemptError> {
    let idempotent = head.method.is_idempotent();
    loop {
        // A pooled one first, because a handshake takes further round trips.
        let kept = if fresh {
            None
        } else {
            Lease::idle(&route.upstream)
        };
        let lease = match kept {
            Some(lease) => lease,
            None => {
                worker.metrics.upstream_connects.add(1);
                // Rare and large (resolver, TLS, HTTP/2): inside this future every request would
                // move its 13 KB, and every connection keep them.
                let connecting = Box::pin(Lease::connect(&route.upstream));
                connecting.await.map_err(AttemptError::NotSent)?
            }
        };
        let reused = lease.reused;
        match within_first_byte(worker, replay_body, pin!(lease.send(head, body))).await {
            None => return Err(AttemptError::Failed(timed_out(idempotent))),
            Some(Ok(response)) => return Ok(response),
            Some(Err(SendError {
                unsent: Some(unsent),
                ..
            // Only on a reused connection: a new one that took nothing says that the carrier is down,
            // and another attempt would loop.
            })) if reused => {
                worker.metrics.retries.add(1);
                // The very body that came back: not a byte of it was sent.
                body = unsent;
            }
            Some(Err(SendError { error, silent, .. })) => {
                let problem = explain(&error, replay_body, idempotent);
                // A new connection that ends without a response says that the carrier is in trouble, so
                // only a kept one counts as dropped.
                let dropped = reused && silent && error.is_lost();
                return Err(if dropped {
                    AttemptError::Dropped(problem)
                } else {
                    AttemptError::Failed(problem)
                });
            }
        }
    }
}

/// Waits for the response. The time counts from the last piece of the app's body, not from the first:
/// a slow upload is limited by its own deadlines.
async fn within_first_byte<F: Future>(
    worker: &Worker,
    replay_body: &ReplayBody,
    mut sending: Pin<&mut F>,
) -> Option<F::Output> {
    let span = worker.settings().limits.first_byte;
    let mut alarm = Alarm::new(&worker.ticks);
    let mut seen = replay_body.last_progress();
    poll_fn(|cx| {
        if let Poll::Ready(output) = sending.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if alarm.poll(cx, span).is_ready() {
            // The alarm is not moved with each piece; it asks here whether one came meanwhile.
            let last = replay_body.last_progress();
            if last == seen {
                return Poll::Ready(None);
            }
            seen = last;
            alarm.disarm();
            // Pending by construction: it was just disarmed.
            let _ = alarm.poll(cx, span);
        }
        Poll::Pending
    })
    .await
}

fn timed_out(idempotent: bool) -> Problem {
    let message = if idempotent {
        "the carrier did not answer in time: try again later"
    } else {
        "the carrier did not answer in time; outcome unknown: check whether it was done before you repeat it"
    };
    Problem::new(Code::CarrierTimeout, message)
}

/// Maps a failed exchange to the side that is at fault.
#[cold]
fn explain(failure: &ExchangeError, replay_body: &ReplayBody, idempotent: bool) -> Problem {
    let fault = replay_body.fault();
    // The app's fault first: a body that broke off also looks like a carrier that closed.
    if let Some(fault) = fault.or_else(|| failure.fault()) {
        return fault.problem();
    }
    tracing::debug!(error = %failure, "exchange failed");
    if failure.is_malformed() {
        return Problem::malformed_response(idempotent);
    }
    let message = if idempotent {
        "the carrier closed the connection without an answer: try again later"
    } else {
        "the carrier closed the connection without an answer; outcome unknown: check whether it was \
         done before you repeat it"
    };
    Problem::new(Code::CarrierUnreachable, message)
}
