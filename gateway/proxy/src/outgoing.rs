//! The body of a request to an upstream server.

mod whole;

pub(crate) use whole::too_large_to_sign;

use crate::{
    error::{Code, Problem},
    framing::{Violation, violation_in},
    limits::Limits,
    ticks::{Alarm, TICK, Ticks, poll_once},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    cell::{Cell, RefCell},
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

/// What is sent as a request's body.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Nothing.
    Empty,
    /// All of it is here; taken when sent.
    Whole(Option<Bytes>),
    /// Several pieces, all here; of a replay.
    Pieces {
        left: std::vec::IntoIter<Bytes>,
        size: u64,
    },
    /// As it comes from the app.
    Stream(Box<Stream>),
}

/// The app's body while it comes.
#[derive(Debug)]
pub(crate) struct Stream {
    first: Option<Bytes>,
    body: Incoming,
    size: Option<u64>,
    left: u64,
    progress: Rc<Progress>,
    alarm: Alarm,
    idle: Duration,
    pace: Pace,
}

/// How fast a body comes, not counting the time in which nobody asked for it. HTTP/2 needs it here:
/// the sweep sees connections, not streams.
#[derive(Debug)]
struct Pace {
    /// The least bytes per second.
    rate: u64,
    received: u64,
    waited: u64,
    since: Option<u64>,
}

impl Pace {
    /// Takes note of a piece; whether the body is slower than it may be.
    fn crawls(&mut self, now: u64, size: usize, idle: Duration) -> bool {
        self.received += size as u64;
        self.waited += self.since.take().map_or(0, |since| now - since);
        let waited = TICK.as_millis() * u128::from(self.waited);
        let due = u128::from(self.rate) * waited / 1000;
        waited >= idle.as_millis() && u128::from(self.received) < due
    }
}

/// What forwarding and replaying know about a body that is on its way.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    fault: Cell<Option<BodyFault>>,
    /// The tick of the last piece.
    last: Cell<u64>,
    ended: Cell<bool>,
    held: RefCell<Held>,
}

/// What is kept for a replay.
#[derive(Debug, Default)]
struct Held {
    pieces: Vec<Bytes>,
    room: usize,
    overflowed: bool,
}

/// Why the app's body ended early. Always the app's fault (H10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge,
    TooSlow,
    Malformed(Option<Violation>),
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the app's body ended early")
    }
}

impl std::error::Error for BodyFault {}

impl BodyFault {
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::TooLarge => too_large(),
            Self::TooSlow | Self::Malformed(Some(Violation::BodyTimeout)) => {
                Problem::new(Code::BodyTimeout, "the body did not come in time")
            }
            Self::Malformed(Some(violation @ Violation::TrailersTooLarge)) => {
                Problem::new(Code::HeadTooLarge, violation.message())
            }
            Self::Malformed(Some(violation)) => {
                Problem::new(Code::BodyMalformed, violation.message())
            }
            Self::Malformed(None) => Problem::new(Code::BodyMalformed, "the body broke off"),
        }
        .closing()
    }
}

pub(crate) fn too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        "the body is larger than this gateway accepts",
    )
    .closing()
}

/// The body of a request, and how to send it once more.
#[derive(Debug)]
pub(crate) struct Sendable {
    pub(crate) body: Outgoing,
    pub(crate) again: Again,
}

/// What is needed to send a body once more.
#[derive(Clone, Debug)]
pub(crate) enum Again {
    Empty,
    Whole(Bytes),
    /// Kept while it is sent, as far as there is room.
    Kept(Rc<Progress>),
    /// Too large to keep.
    Never(Rc<Progress>),
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
    let progress = Rc::new(Progress::default());
    progress.last.set(ticks.now());
    progress.held.borrow_mut().room = if keep { limits.replay_bytes } else { 0 };
    let stream = Stream {
        first,
        body,
        size,
        left: limits.body_bytes,
        progress: Rc::clone(&progress),
        alarm: Alarm::new(ticks),
        idle: limits.body_idle,
        pace: Pace {
            rate: limits.body_rate,
            received: 0,
            waited: 0,
            since: None,
        },
    };
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

impl Again {
    /// What the app did wrong, if its body ended early.
    pub(crate) fn fault(&self) -> Option<BodyFault> {
        self.progress().and_then(|progress| progress.fault.get())
    }

    /// The tick of the body's last piece.
    pub(crate) fn last_progress(&self) -> u64 {
        self.progress().map_or(0, |progress| progress.last.get())
    }

    fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Empty | Self::Whole(_) => None,
            Self::Kept(progress) | Self::Never(progress) => Some(progress),
        }
    }

    /// The body once more, if all of it is held.
    pub(crate) fn body(&self) -> Option<Outgoing> {
        match self {
            Self::Empty => Some(Outgoing::Empty),
            Self::Whole(body) => Some(Outgoing::Whole(Some(body.clone()))),
            Self::Never(_) => None,
            Self::Kept(progress) => {
                let held = progress.held.borrow();
                let whole = progress.ended.get() && !held.overflowed;
                whole.then(|| Outgoing::Pieces {
                    size: held.pieces.iter().map(|piece| piece.len() as u64).sum(),
                    left: held.pieces.clone().into_iter(),
                })
            }
        }
    }
}

impl Progress {
    fn keep(&self, piece: &Bytes) {
        let mut held = self.held.borrow_mut();
        if held.overflowed {
            return;
        }
        if let Some(room) = held.room.checked_sub(piece.len()) {
            held.room = room;
            held.pieces.push(piece.clone());
        } else {
            // Freed at once: a replay is no longer possible.
            *held = Held {
                overflowed: true,
                ..Held::default()
            };
        }
    }

    fn fail(&self, fault: BodyFault) -> BodyFault {
        self.fault.set(Some(fault));
        fault
    }
}

impl Stream {
    fn poll(&mut self, cx: &mut Context<'_>, now: u64) -> Poll<Option<Result<Bytes, BodyFault>>> {
        let piece = loop {
            if let Some(first) = self.first.take() {
                break first;
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => {
                    self.pace.since.get_or_insert(now);
                    let passed = self.alarm.poll(cx, self.idle);
                    return passed.map(|()| Some(Err(self.progress.fail(BodyFault::TooSlow))));
                }
                Poll::Ready(None) => {
                    self.alarm.disarm();
                    self.progress.ended.set(true);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    let fault = BodyFault::Malformed(violation_in(&error));
                    return Poll::Ready(Some(Err(self.progress.fail(fault))));
                }
                // Trailers are not forwarded (H5).
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        break data;
                    }
                }
            }
        };
        self.alarm.disarm();
        self.progress.last.set(now);
        if self.pace.crawls(now, piece.len(), self.idle) {
            return Poll::Ready(Some(Err(self.progress.fail(BodyFault::TooSlow))));
        }
        let Some(left) = self.left.checked_sub(piece.len() as u64) else {
            return Poll::Ready(Some(Err(self.progress.fail(BodyFault::TooLarge))));
        };
        self.left = left;
        self.progress.keep(&piece);
        if self.body.is_end_stream() {
            self.progress.ended.set(true);
        }
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Outgoing {
    /// All of it, if it is here.
    pub(crate) fn pieces(&self) -> Option<&[Bytes]> {
        match self {
            Self::Empty => Some(&[]),
            Self::Whole(body) => Some(body.as_slice()),
            Self::Pieces { left, .. } => Some(left.as_slice()),
            Self::Stream(_) => None,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Pieces { left, .. } => {
                Poll::Ready(left.next().map(|piece| Ok(Frame::data(piece))))
            }
            Self::Stream(stream) => {
                let now = stream.alarm.now();
                stream
                    .poll(cx, now)
                    .map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(body) => body.is_none(),
            Self::Pieces { left, .. } => left.len() == 0,
            Self::Stream(stream) => stream.first.is_none() && stream.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Self::Pieces { size, .. } => SizeHint::with_exact(*size),
            Self::Stream(stream) => stream.size.map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}
