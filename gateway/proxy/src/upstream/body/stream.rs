//! An app's body while it comes: its limits, its pace, and what of it is kept.

use super::app_body::AppBody;
use crate::{
    error::{Code, Problem},
    limits::Limits,
    ticks::{Alarm, TICK, Ticks},
};
use bytes::Bytes;
use gateway_framing::Violation;
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

/// The app's body while it comes.
#[derive(Debug)]
pub(crate) struct Stream {
    first: Option<Bytes>,
    body: AppBody,
    pub(super) size: Option<u64>,
    left: u64,
    pub(super) progress: Rc<Progress>,
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
    fn is_too_slow(&mut self, now: u64, size: usize, idle: Duration) -> bool {
        self.received += size as u64;
        self.waited += self.since.take().map_or(0, |since| now - since);
        let waited = TICK.as_millis() * u128::from(self.waited);
        let due = u128::from(self.rate) * waited / 1000;
        // Not before `idle` has passed: a slow start alone is no attack.
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

/// The pieces that are held for a replay.
#[derive(Debug, Default)]
struct Held {
    pieces: Vec<Bytes>,
    room: usize,
    overflowed: bool,
}

/// Why the app's body ended early. Always the app's fault, so the response is a 4xx.
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
            Self::TooSlow | Self::Malformed(Some(Violation::BodyTimeout)) => Problem::new(
                Code::BodyTimeout,
                "the body did not arrive in time: send it faster, or in smaller requests",
            ),
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

impl Progress {
    pub(super) fn fault(&self) -> Option<BodyFault> {
        self.fault.get()
    }

    /// The tick of the last piece.
    pub(super) fn last(&self) -> u64 {
        self.last.get()
    }

    /// More came than is held.
    pub(super) fn has_overflowed(&self) -> bool {
        self.held.borrow().overflowed
    }

    /// Shows the pieces of the body, if all of it came and is held.
    pub(super) fn with_pieces<T>(&self, show: impl FnOnce(&[Bytes]) -> T) -> Option<T> {
        let held = self.held.borrow();
        let whole = self.ended.get() && !held.overflowed;
        whole.then(|| show(&held.pieces))
    }

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
    /// `first` was taken out of `body` already; what fits into `room` is kept for a replay.
    pub(super) fn new(
        body: AppBody,
        first: Option<Bytes>,
        size: Option<u64>,
        room: usize,
        limits: &Limits,
        ticks: &Rc<Ticks>,
    ) -> Self {
        let progress = Rc::new(Progress::default());
        progress.last.set(ticks.now());
        progress.held.borrow_mut().room = room;
        Self {
            first,
            body,
            size,
            left: limits.body_bytes,
            progress,
            alarm: Alarm::new(ticks),
            idle: limits.body_idle,
            pace: Pace {
                rate: limits.body_rate,
                received: 0,
                waited: 0,
                since: None,
            },
        }
    }

    /// The next piece.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFault>>> {
        let now = self.alarm.now();
        self.poll(cx, now)
    }

    pub(super) fn is_end(&self) -> bool {
        self.first.is_none() && self.body.is_end()
    }

    fn poll(&mut self, cx: &mut Context<'_>, now: u64) -> Poll<Option<Result<Bytes, BodyFault>>> {
        let next = match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.body.poll_piece(cx),
        };
        let piece = match next {
            Poll::Pending => {
                // The time counts from the first look in vain, not from the last piece.
                self.pace.since.get_or_insert(now);
                let passed = self.alarm.poll(cx, self.idle);
                return passed.map(|()| Some(Err(self.progress.fail(BodyFault::TooSlow))));
            }
            Poll::Ready(None) => {
                self.alarm.disarm();
                self.progress.ended.set(true);
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Err(violation))) => {
                let fault = BodyFault::Malformed(violation);
                return Poll::Ready(Some(Err(self.progress.fail(fault))));
            }
            Poll::Ready(Some(Ok(piece))) => piece,
        };
        self.alarm.disarm();
        self.progress.last.set(now);
        if self.pace.is_too_slow(now, piece.len(), self.idle) {
            return Poll::Ready(Some(Err(self.progress.fail(BodyFault::TooSlow))));
        }
        // Counted here because a chunked body announces no length.
        let Some(left) = self.left.checked_sub(piece.len() as u64) else {
            return Poll::Ready(Some(Err(self.progress.fail(BodyFault::TooLarge))));
        };
        self.left = left;
        // Kept after the checks: a body that is refused must not be replayed.
        self.progress.keep(&piece);
        // Known with the last piece, so that no further poll is needed for a replay.
        if self.body.is_end() {
            self.progress.ended.set(true);
        }
        Poll::Ready(Some(Ok(piece)))
    }
}
