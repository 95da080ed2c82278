//! Phase 7: sending the request and taking the answer's head.

use crate::{
    client::RequestHead,
    error::{Code, Problem},
    names::{self, Fate},
    outgoing::{Again, Outgoing},
    ticks::Alarm,
    upstream::{Failure, NotAnswered, Received},
    view::RouteView,
    worker::Worker,
};
use http::{Response, header};
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

/// One attempt at a request.
pub(crate) struct Attempt<'a> {
    pub(crate) head: RequestHead<'a>,
    pub(crate) body: Outgoing,
}

/// Sends the attempt and waits for the head of the answer.
///
/// A pooled connection may have been closed by its server just now. As long as not a byte of the request
/// was sent, it goes out on another connection, whatever its method. After the first byte nothing is
/// ever sent again from here (H14).
pub(crate) async fn send(
    worker: &Worker,
    route: &RouteView,
    Attempt { head, mut body }: Attempt<'_>,
    again: &Again,
) -> Result<Response<Received>, Problem> {
    let idempotent = head.method.is_idempotent();
    loop {
        let lease = match route.upstream.take_idle() {
            Some(lease) => lease,
            None => {
                worker.metrics.upstream_connects.add(1);
                // Rare and large (resolver, TLS, HTTP/2): inside this future every request would
                // move its 13 KB, and every connection keep them.
                Box::pin(route.upstream.connect()).await?
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
        return malformed(idempotent);
    }
    let message = if idempotent {
        "the carrier closed the connection without an answer: try again later"
    } else {
        "the carrier closed the connection without an answer; outcome unknown: look whether it was \
         done before you repeat it"
    };
    Problem::new(Code::CarrierUnreachable, message)
}

fn malformed(idempotent: bool) -> Problem {
    let message = if idempotent {
        "the carrier's answer is not valid HTTP"
    } else {
        "the carrier's answer is not valid HTTP; outcome unknown: look whether it was done before \
         you repeat it"
    };
    Problem::new(Code::CarrierMalformed, message)
}

/// Checks an answer's head and removes what must not go on (H4, H8, H12).
pub(crate) fn clean(response: &mut Response<Received>, idempotent: bool) -> Result<(), Problem> {
    let status = response.status().as_u16();
    if !(200..600).contains(&status) {
        return Err(malformed(idempotent));
    }
    let mut removed = 0_u32;
    let (mut connection, mut encoding, mut lengths) = (false, false, 0);
    for name in response.headers().keys() {
        match names::of_answer(name.as_str()) {
            Fate::Keep | Fate::Host | Fate::Twin => {}
            Fate::Remove(at) => removed |= 1 << at,
            Fate::Connection => connection = true,
            Fate::TransferEncoding => encoding = true,
            Fate::ContentLength => lengths += 1,
        }
    }
    let headers = response.headers_mut();
    let several = || headers.get_all(header::CONTENT_LENGTH).iter().count() != 1;
    if lengths == 1 && (encoding || several()) {
        return Err(malformed(idempotent));
    }
    if encoding {
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let chunked = codings
            .next()
            .is_some_and(|c| c.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !chunked || codings.next().is_some() {
            return Err(malformed(idempotent));
        }
        headers.remove(header::TRANSFER_ENCODING);
    }
    if connection {
        crate::hygiene::remove_nominated(headers);
    }
    while removed != 0 {
        let at = removed.trailing_zeros() as usize;
        headers.remove(&names::REMOVED[at]);
        removed &= removed - 1;
    }
    response.extensions_mut().clear();
    Ok(())
}
