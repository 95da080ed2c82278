//! The bodies of responses, whole or misbehaving.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// A response was cut on purpose.
#[derive(Debug, thiserror::Error)]
#[error("a fault cuts the answer here")]
pub(crate) struct ResponseCut;

/// Counts a request as ended when it is dropped.
#[derive(Debug)]
pub(crate) struct EndCounter(pub(crate) Arc<AtomicU32>);

impl Drop for EndCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of a response.
#[derive(Debug)]
pub(crate) enum MockBody {
    /// As it should be.
    Full(Bytes),
    /// In small pieces with pauses between them.
    Slow {
        pieces: VecDeque<Bytes>,
        left: u64,
        pause: Duration,
        timer: Option<Pin<Box<Sleep>>>,
        _hold: EndCounter,
    },
    /// The beginning, then the end of the connection.
    Broken {
        start: Bytes,
        announced: u64,
        timer: Option<Pin<Box<Sleep>>>,
        _hold: EndCounter,
    },
}

/// Time for the part that was written to leave the machine before the connection is cut.
const FLUSH: Duration = Duration::from_millis(20);

impl MockBody {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }

    /// Sends pieces; `hold` is dropped when the last one is gone.
    pub(crate) fn slow(bytes: Bytes, piece: usize, pause: Duration, hold: EndCounter) -> Self {
        let left = bytes.len() as u64;
        let mut pieces = VecDeque::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            // A piece of no bytes would make a frame without end.
            pieces.push_back(rest.split_to(piece.max(1).min(rest.len())));
        }
        Self::Slow {
            pieces,
            left,
            pause,
            timer: None,
            _hold: hold,
        }
    }

    /// Announces the whole length, sends half and cuts; `hold` is dropped with it.
    pub(crate) fn broken(mut bytes: Bytes, hold: EndCounter) -> Self {
        let announced = bytes.len() as u64;
        // Half, so that the client has read the head and waits for the rest.
        bytes.truncate(bytes.len() / 2);
        Self::Broken {
            start: bytes,
            // At least one byte is announced, or an empty answer would be complete and not cut.
            announced: announced.max(1),
            timer: None,
            _hold: hold,
        }
    }

    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Full(bytes) => bytes.len() as u64,
            Self::Slow { left, .. } => *left,
            Self::Broken { announced, .. } => *announced,
        }
    }
}

impl Body for MockBody {
    type Data = Bytes;
    type Error = ResponseCut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseCut>>> {
        match self.get_mut() {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Slow {
                pieces,
                left,
                pause,
                timer,
                ..
            } => {
                if pieces.is_empty() {
                    return Poll::Ready(None);
                }
                let sleep = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(*pause)));
                ready!(sleep.as_mut().poll(cx));
                *timer = None;
                let piece = pieces.pop_front().unwrap_or_default();
                *left = left.saturating_sub(piece.len() as u64);
                // The pause comes before the piece, so that the first byte is late too.
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::Broken { start, timer, .. } => {
                if !start.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(std::mem::take(start)))));
                }
                // Without the pause the reset could overtake the half that was sent.
                let sleep = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(FLUSH)));
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Some(Err(ResponseCut)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Slow { pieces, .. } => pieces.is_empty(),
            // Never: the end has to come as an error.
            Self::Broken { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
