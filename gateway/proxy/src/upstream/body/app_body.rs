//! The body of an app's request as it comes in, whichever server reads it.

use bytes::Bytes;
use gateway_framing::{Violation, violation_in};
use hyper::body::{Body as _, Incoming};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A piece of a body, or why there is none: without a violation the app broke off.
pub(crate) type Piece = Result<Bytes, Option<Violation>>;

/// Reads the content of one connection's requests.
pub(crate) trait ContentSource {
    /// The next piece of the content of the request with this number; nothing at its end.
    fn poll_content(&self, cx: &mut Context<'_>, number: u64) -> Poll<Option<Piece>>;

    /// Whether all content of the request with this number was taken.
    fn is_content_complete(&self, number: u64) -> bool;

    /// Nobody takes the content of the present request any more.
    fn abandon_content(&self);
}

/// The body of an app's request.
#[derive(Debug)]
pub(crate) enum AppBody {
    /// Nothing.
    Empty,
    /// All of it came with the head; taken when it is read.
    Whole(Option<Bytes>),
    /// HTTP/1.1, as it arrives.
    Arriving(Arriving),
    /// What hyper reads: HTTP/2, and HTTP/1.1 where hyper is chosen.
    Hyper(Incoming),
}

/// A body that is read from its connection.
pub(crate) struct Arriving {
    source: Rc<dyn ContentSource>,
    number: u64,
    length: Option<u64>,
}

impl Arriving {
    pub(crate) fn new(source: Rc<dyn ContentSource>, number: u64, length: Option<u64>) -> Self {
        Self {
            source,
            number,
            length,
        }
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving")
            .field("number", &self.number)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.source.abandon_content();
    }
}

impl AppBody {
    /// Whether all of it was taken.
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(body) => body.is_none(),
            Self::Arriving(body) => body.source.is_content_complete(body.number),
            Self::Hyper(body) => body.is_end_stream(),
        }
    }

    /// Its length, if the head announced it. To be asked before anything is taken.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Whole(body) => Some(body.as_ref().map_or(0, Bytes::len) as u64),
            Self::Arriving(body) => body.length,
            Self::Hyper(body) => body.size_hint().exact(),
        }
    }

    /// The next piece. Trailers are dropped: a carrier might treat them as fields that were checked.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(body) => Poll::Ready(body.take().map(Ok)),
            Self::Arriving(body) => body.source.poll_content(cx, body.number),
            Self::Hyper(body) => loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Some(Err(violation_in(&error))));
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                }
            },
        }
    }

    /// Waits for the next piece.
    pub(crate) async fn piece(&mut self) -> Option<Piece> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }
}
