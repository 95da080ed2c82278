//! Taking over an app's body.

use super::{
    outgoing::Outgoing,
    replay::Again,
    stream::{BodyFault, Stream, too_large},
};
use crate::{
    error::{Code, Problem},
    framing::violation_in,
    limits::Limits,
    ticks::{Ticks, poll_once},
};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use std::{future::poll_fn, rc::Rc};

/// The body of a request, and how to send it once more.
#[derive(Debug)]
pub(crate) struct Sendable {
    pub(crate) body: Outgoing,
    pub(crate) again: Again,
}

/// Takes over the app's body. A small one that came together with its head, which is the rule, costs
/// no copy and no bookkeeping.
pub(crate) fn take(
    mut body: Incoming,
    limits: &Limits,
    ticks: &Rc<Ticks>,
) -> Result<Sendable, Problem> {
    if body.is_end_stream() {
        return Ok(Sendable {
            body: Outgoing::Empty,
            again: Again::Empty,
        });
    }
    let size = body.size_hint().exact();
    if size.is_some_and(|size| size > limits.body_bytes) {
        return Err(too_large());
    }
    let keep = size.is_none_or(|size| size <= limits.replay_bytes as u64);
    let mut first = None;
    if keep && size.is_some() {
        match poll_once(&mut body.frame()) {
            Some(Some(Ok(frame))) => first = frame.into_data().ok(),
            Some(Some(Err(error))) => {
                return Err(BodyFault::Malformed(violation_in(&error)).problem());
            }
            Some(None) | None => {}
        }
        if let Some(whole) = first.as_ref().filter(|_| body.is_end_stream()) {
            let whole = whole.clone();
            return Ok(Sendable {
                body: Outgoing::Whole(Some(whole.clone())),
                again: Again::Whole(whole),
            });
        }
    }
    let room = if keep { limits.replay_bytes } else { 0 };
    let stream = Stream::new(body, first, size, room, limits, ticks);
    let progress = Rc::clone(&stream.progress);
    Ok(Sendable {
        body: Outgoing::Stream(Box::new(stream)),
        again: if keep {
            Again::Kept(progress)
        } else {
            Again::Never(progress)
        },
    })
}

/// Makes the length field say what is sent (H3). A length that is there and right stays; hyper adds
/// the field, or `chunked`, where it is missing.
pub(crate) fn frame(headers: &mut HeaderMap, said: Option<u64>, method: &Method, body: &Outgoing) {
    let size = body.size_hint().exact();
    if said.is_some() && said == size {
        return;
    }
    if said.is_some() {
        headers.remove(header::CONTENT_LENGTH);
    }
    let expects_length = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    if said.is_none() && size == Some(0) && expects_length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// The signature covers the content, and that is more than is held.
pub(crate) fn too_large_to_sign() -> Problem {
    Problem::new(
        Code::BodyTooLargeToSign,
        "this carrier wants the content signed, and the body is larger than what the gateway holds for \
         that: send less at a time, or have limits.replay_buffer raised",
    )
    .closing()
}

impl Sendable {
    /// Waits for the rest of the body. Limits and deadlines are those of a body that is passed on.
    pub(crate) async fn whole(self) -> Result<Self, Problem> {
        match self.body {
            Outgoing::Stream(stream) => {
                read(*stream, &self.again).await?;
                let body = self.again.body().ok_or_else(too_large_to_sign)?;
                Ok(Self {
                    body,
                    again: self.again,
                })
            }
            Outgoing::Empty | Outgoing::Whole(_) | Outgoing::Pieces { .. } => Ok(self),
        }
    }
}

/// Reads a body to its end; its pieces are kept by its progress.
async fn read(mut stream: Stream, again: &Again) -> Result<(), Problem> {
    while !again.is_lost() {
        let piece = poll_fn(|cx| stream.poll_next(cx));
        match piece.await {
            Some(Ok(_)) => {}
            Some(Err(fault)) => return Err(fault.problem()),
            None => return Ok(()),
        }
    }
    Err(too_large_to_sign())
}
