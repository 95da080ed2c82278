//! Phase 7: sending the request and taking the answer's head.

use crate::{
    directory::RouteView,
    error::{Code, Problem},
    ticks::Alarm,
    upstream::{
        Failure, Lease, NotAnswered, Received,
        body::{Again, Outgoing},
        client::RequestHead,
    },
    worker::Worker,
};
use http::Response;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

/// One attempt at a request.
pub(super) struct Attempt<'a> {
    pub(super) head: RequestHead<'a>,
    pub(super) body: Outgoing,
}

/// Sends the attempt and waits for the head of the answer.
///
/// A pooled connection may have been closed by its server just now. As long as not a byte of the request
/// was sent, it goes out on another connection, whatever its method. After the first byte nothing is
/// ever sent again from here (H14).
pub(super) async fn send(
    worker: &Worker,
    route: &RouteView,
    Attempt { head, mut body }: Attempt<'_>,
    again: &Again,
) -> Result<Response<Received>, Problem> {
    let idempotent = head.method.is_idempotent();
    loop {
        let lease = match Lease::idle(&route.upstream) {
            Some(lease) => lease,
            None => {
                worker.metrics.upstream_connects.add(1);
                // Rare and large (resolver, TLS, HTTP/2): inside this future every request would
                // move its 13 KB, and every connection keep them.
                Box::pin(Lease::connect(&route.upstream)).await?
            }
        };
        let reused = lease.reused;
        match within_first_byte(worker, again, pin!(lease.send(head, body))).await {
            None => return Err(timed_out(idempotent)),
            Some(Ok(response)) => return Ok(response),
            Some(Err(NotAnswered {
                unsent: Some(unsent),
                ..
            })) if reused => {
                worker.metrics.retries.add(1);
                body = unsent;
            }
            Some(Err(NotAnswered { failure, .. })) => {
                return Err(explain(&failure, again, idempotent));
            }
        }
    }
}

/// Waits for the answer; time counts from the last piece of the app's body, not from its first.
async fn within_first_byte<F: Future>(
    worker: &Worker,
    again: &Again,
    mut sending: Pin<&mut F>,
) -> Option<F::Output> {
    let span = worker.settings.limits.first_byte;
    let mut alarm = Alarm::new(&worker.ticks);
    let mut seen = again.last_progress();
    poll_fn(|cx| {
        if let Poll::Ready(output) = sending.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if alarm.poll(cx, span).is_ready() {
            let last = again.last_progress();
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
        "the carrier did not answer in time; outcome unknown: look whether it was done before you repeat it"
    };
    Problem::new(Code::CarrierTimeout, message)
}

/// Whose fault a failed exchange is.
#[cold]
fn explain(failure: &Failure, again: &Again, idempotent: bool) -> Problem {
    let fault = again.fault();
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
        "the carrier closed the connection without an answer; outcome unknown: look whether it was \
         done before you repeat it"
    };
    Problem::new(Code::CarrierUnreachable, message)
}
