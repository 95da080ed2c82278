//! The body of a request to an upstream server.

use super::stream::{BodyFault, Stream};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// What is sent as a request's body.
#[derive(Debug)]
pub(crate) enum RequestBody {
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

impl RequestBody {
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

impl Body for RequestBody {
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
                let piece = stream.poll_next(cx);
                piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(body) => body.is_none(),
            Self::Pieces { left, .. } => left.len() == 0,
            Self::Stream(stream) => stream.is_end(),
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
