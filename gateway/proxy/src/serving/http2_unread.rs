//! What an HTTP/2 app has not read of its responses, over all streams of its connection.
//!
//! hyper takes pieces of a response as long as the app's windows and its own buffer have room. If the app opens its
//! windows wide and reads nothing, that is 130 KB for each of a hundred streams. Beyond a bound for the connection,
//! a stream takes its next piece when its last one is sent. A stream of which nothing waits always goes on: an app may
//! read its responses one after another, and the one that it reads must not wait for those that it does not.

use crate::request::ResponseBody;
use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
};

/// More than hyper takes for one stream, so that a response alone on its connection never waits here.
const BOUND: usize = 256 * 1024;

/// How many bytes were given to hyper and not sent yet, of all streams of a connection.
pub(super) type Unread = Rc<Cell<usize>>;

/// The part of one stream.
struct Share {
    connection: Unread,
    bytes: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
}

/// A response body whose pieces are counted until they are sent.
pub(super) struct CountedBody {
    body: ResponseBody,
    share: Rc<Share>,
}

impl CountedBody {
    pub(super) fn new(body: ResponseBody, connection: &Unread) -> Self {
        let share = Share {
            connection: Rc::clone(connection),
            bytes: Cell::new(0),
            waiting: RefCell::new(None),
        };
        Self {
            body,
            share: Rc::new(share),
        }
    }
}

impl Body for CountedBody {
    type Data = Piece;
    type Error = <ResponseBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Self::Error>>> {
        ready!(self.share.poll_room(cx));
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let count = |bytes| Piece::new(bytes, &self.share);
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(count))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Share {
    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.bytes.get() == 0 || self.connection.get() < BOUND {
            return Poll::Ready(());
        }
        self.waiting.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

/// A piece of a response, until it is sent.
pub(super) struct Piece {
    bytes: Bytes,
    /// How long it was.
    counted: usize,
    share: Rc<Share>,
}

impl Piece {
    fn new(bytes: Bytes, share: &Rc<Share>) -> Self {
        let counted = bytes.len();
        share.bytes.set(share.bytes.get() + counted);
        share.connection.set(share.connection.get() + counted);
        Self {
            bytes,
            counted,
            share: Rc::clone(share),
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let Share {
            connection, bytes, ..
        } = &*self.share;
        connection.set(connection.get() - self.counted);
        bytes.set(bytes.get() - self.counted);
        if bytes.get() == 0
            && let Some(stream) = self.share.waiting.take()
        {
            stream.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUND, Piece, Share, Unread};
    use bytes::Bytes;
    use std::{
        rc::Rc,
        task::{Context, Poll, Waker},
    };

    fn stream(connection: &Unread) -> Rc<Share> {
        Rc::new(Share {
            connection: Rc::clone(connection),
            bytes: 0.into(),
            waiting: None.into(),
        })
    }

    fn piece(share: &Rc<Share>, length: usize) -> Piece {
        Piece::new(Bytes::from(vec![0; length]), share)
    }

    #[test]
    fn stream_beyond_the_bound_waits_until_its_own_pieces_are_sent() {
        let cx = Context::from_waker(Waker::noop());
        let connection = Unread::default();
        let (stuck, read) = (stream(&connection), stream(&connection));
        let first = piece(&stuck, BOUND - 1);
        assert_eq!(stuck.poll_room(&cx), Poll::Ready(()), "below the bound");
        let second = piece(&stuck, 1);
        assert_eq!(stuck.poll_room(&cx), Poll::Pending);
        assert_eq!(read.poll_room(&cx), Poll::Ready(()), "nothing of it waits");
        let other = piece(&read, 1);
        assert_eq!(read.poll_room(&cx), Poll::Pending);
        drop(other);
        assert!(read.waiting.borrow().is_none(), "it was woken");
        assert_eq!(read.poll_room(&cx), Poll::Ready(()));
        drop(first);
        assert!(
            stuck.waiting.borrow().is_some(),
            "a piece of it still waits"
        );
        drop(second);
        assert!(stuck.waiting.borrow().is_none());
        assert_eq!(connection.get(), 0);
    }
}
