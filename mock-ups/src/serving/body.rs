//! Reads request bodies within limits; the bodies of responses, whole or misbehaving.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use crate::config::Limits;
use crate::serving::transport::{LINGER_BYTES, LINGER_TIME};

/// Why a request body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is larger than the limit")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the connection broke in the body")]
    Broken,
}

/// The whole body, within the limits of size and time.
pub(crate) async fn read(
    body: &mut Incoming,
    limits: &Limits,
    most: usize,
) -> Result<Bytes, Unreadable> {
    // A call without a body must not wait for one.
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // The announced length is enough to refuse; nothing is read.
    if body.size_hint().lower() > most as u64 {
        return Err(Unreadable::TooLarge);
    }
    let mut collected = pin!(collect(body, most));
    // Nearly every body is there with its head; only a late one costs a timer.
    match poll_fn(|cx| Poll::Ready(collected.as_mut().poll(cx))).await {
        Poll::Ready(body) => body,
        Poll::Pending => tokio::time::timeout(limits.body_deadline, collected)
            .await
            .unwrap_or(Err(Unreadable::TooSlow)),
    }
}

/// Reads and drops the rest of a body, up to a bound of bytes and time. Over HTTP/2 a stream whose
/// request is not read to its end is reset, and the answer may go with it.
pub(crate) async fn drain(body: &mut Incoming) {
    let all = async {
        // Bounded in bytes and time: a client could send for ever.
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(length);
            if left == 0 {
                return;
            }
        }
    };
    // Whether it came to its end makes no difference to the answer.
    let _ = tokio::time::timeout(LINGER_TIME, all).await;
}

async fn collect(body: &mut Incoming, limit: usize) -> Result<Bytes, Unreadable> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unreadable::Broken)?.into_data() else {
            // Trailers carry nothing that the mock looks at.
            continue;
        };
        // Checked before it is kept: the length may have been announced wrongly or not at all.
        if first.len() + rest.len() + data.len() > limit {
            return Err(Unreadable::TooLarge);
        }
        // A body in one piece, the usual case, is not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        rest.extend_from_slice(&std::mem::take(&mut first));
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

/// A response was cut on purpose.
#[derive(Debug, thiserror::Error)]
#[error("a fault cuts the answer here")]
pub(crate) struct Cut;

/// Counts a request as ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Hold(pub(crate) Arc<AtomicU32>);

impl Drop for Hold {
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
        _hold: Hold,
    },
    /// The beginning, then the end of the connection.
    Broken {
        start: Bytes,
        announced: u64,
        timer: Option<Pin<Box<Sleep>>>,
    },
}

/// Time for the part that was written to leave the machine before the connection is cut.
const FLUSH: Duration = Duration::from_millis(20);

impl MockBody {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }

    /// Sends pieces; `hold` is dropped when the last one is gone.
    pub(crate) fn slow(bytes: Bytes, piece: usize, pause: Duration, hold: Hold) -> Self {
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

    /// Announces the whole length, sends half and cuts.
    pub(crate) fn broken(mut bytes: Bytes) -> Self {
        let announced = bytes.len() as u64;
        // Half, so that the client has read the head and waits for the rest.
        bytes.truncate(bytes.len() / 2);
        Self::Broken {
            start: bytes,
            // At least one byte is announced, or an empty answer would be complete and not cut.
            announced: announced.max(1),
            timer: None,
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
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
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
                Poll::Ready(Some(Err(Cut)))
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
