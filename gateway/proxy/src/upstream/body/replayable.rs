//! Taking over an app's body.

use super::{
    app_body::AppBody,
    replay_body::ReplayBody,
    request_body::RequestBody,
    stream::{BodyFault, Stream, too_large},
};
use crate::{
    error::{Code, Problem},
    fields::Fields,
    limits::Limits,
    ticks::{Ticks, poll_once},
};
use http::{HeaderValue, Method, header};
use hyper::body::Body as _;
use std::{future::poll_fn, pin::pin, rc::Rc};

/// The body of a request, and what is held of it for a replay.
#[derive(Debug)]
pub(crate) struct ReplayableBody {
    pub(crate) body: RequestBody,
    pub(crate) replay_body: ReplayBody,
}

/// Takes over the app's body. A small one that came together with its head, which is the rule, costs
/// no copy and no bookkeeping.
pub(crate) fn take(
    mut body: AppBody,
    limits: &Limits,
    ticks: &Rc<Ticks>,
) -> Result<ReplayableBody, Problem> {
    if body.is_end() {
        return Ok(ReplayableBody {
            body: RequestBody::Empty,
            replay_body: ReplayBody::Empty,
        });
    }
    let size = body.length();
    // Refuse an announced length at once, before a byte of the body is read.
    if size.is_some_and(|size| size > limits.body_bytes) {
        return Err(too_large());
    }
    // A length that is not known may be short, so it is kept until the room is used up.
    let keep = size.is_none_or(|size| size <= limits.replay_bytes as u64);
    let mut first = None;
    // One poll: a small body mostly arrived with its head, and then needs no bookkeeping.
    if keep && size.is_some() {
        match poll_once(&mut pin!(body.piece())) {
            Some(Some(Ok(piece))) => first = Some(piece),
            Some(Some(Err(violation))) => return Err(BodyFault::Malformed(violation).problem()),
            Some(None) | None => {}
        }
        if let Some(whole) = first.as_ref().filter(|_| body.is_end()) {
            let whole = whole.clone();
            return Ok(ReplayableBody {
                body: RequestBody::Whole(Some(whole.clone())),
                replay_body: ReplayBody::Whole(whole),
            });
        }
    }
    let room = if keep { limits.replay_bytes } else { 0 };
    let stream = Stream::new(body, first, size, room, limits, ticks);
    let progress = Rc::clone(&stream.progress);
    Ok(ReplayableBody {
        body: RequestBody::Stream(Box::new(stream)),
        replay_body: if keep {
            ReplayBody::Kept(progress)
        } else {
            ReplayBody::Never(progress)
        },
    })
}

/// Makes `Content-Length` say what is sent. A correct length stays; the client adds the field, or
/// `chunked`, where it is missing.
pub(crate) fn frame(fields: &mut Fields, said: Option<u64>, method: &Method, body: &RequestBody) {
    let size = body.size_hint().exact();
    if said.is_some() && said == size {
        return;
    }
    // A length that is not the body's would let the carrier frame the message differently.
    if said.is_some() {
        fields.remove(&header::CONTENT_LENGTH);
    }
    // Some servers refuse a `POST` without a length (RFC 9110 section 8.6).
    let expects_length = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    if said.is_none() && size == Some(0) && expects_length {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
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

impl ReplayableBody {
    /// Waits for the rest of the body. Limits and deadlines are those of a body that is passed on.
    pub(crate) async fn collect(self) -> Result<Self, Problem> {
        match self.body {
            RequestBody::Stream(stream) => {
                read(*stream, &self.replay_body).await?;
                let body = self.replay_body.body().ok_or_else(too_large_to_sign)?;
                Ok(Self {
                    body,
                    replay_body: self.replay_body,
                })
            }
            RequestBody::Empty | RequestBody::Whole(_) | RequestBody::Pieces { .. } => Ok(self),
        }
    }
}

/// Reads a body to its end; its pieces are kept by its progress.
async fn read(mut stream: Stream, replay_body: &ReplayBody) -> Result<(), Problem> {
    // Given up as soon as it is too much: a signature needs all of it.
    while !replay_body.is_lost() {
        let piece = poll_fn(|cx| stream.poll_next(cx));
        match piece.await {
            Some(Ok(_)) => {}
            Some(Err(fault)) => return Err(fault.problem()),
            None => return Ok(()),
        }
    }
    Err(too_large_to_sign())
}
