//! The connection to an app, shared by its server and the body of the request that is read from it.

use crate::upstream::body::{ContentSource, Piece};
use gateway_framing::GuardedIo;
use hyper::rt::Write as _;
use std::{
    cell::{Cell, RefCell, RefMut},
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// RFC 9110 section 15.2.1.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// How much of a body that nobody wants is read to keep the connection.
const UNWANTED: usize = 64 * 1024;

/// A guarded stream that a request's body can read from. Both are polled by the connection's one task.
pub(super) struct AppStream<S> {
    io: RefCell<Box<GuardedIo<S>>>,
    /// What of `100 Continue` is still to be sent before anything else.
    interim: Cell<&'static [u8]>,
    /// The app waits for `100 Continue`, and nobody has asked for the content yet.
    expects_continue: Cell<bool>,
    /// Nobody takes the content of the last request any more.
    abandoned: Cell<bool>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> AppStream<S> {
    pub(super) fn new(io: Box<GuardedIo<S>>) -> Self {
        Self {
            io: RefCell::new(io),
            interim: Cell::new(&[]),
            expects_continue: Cell::new(false),
            abandoned: Cell::new(false),
        }
    }

    /// The stream itself. To be let go before anything else is polled.
    pub(super) fn io(&self) -> RefMut<'_, Box<GuardedIo<S>>> {
        self.io.borrow_mut()
    }

    /// A request with content that has not arrived yet begins.
    pub(super) fn expect_content(&self, expects_continue: bool) {
        self.expects_continue.set(expects_continue);
        self.abandoned.set(false);
    }

    /// The head of the response goes out next: it is too late for `100 Continue`.
    pub(super) fn begin_response(&self) {
        self.expects_continue.set(false);
    }

    /// Whether the request's content is still to come although nobody takes it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.get()
    }

    /// Reads what has come of content that nobody takes. Returns whether that is all, so that another request can
    /// follow.
    pub(super) fn drain(&self, cx: &mut Context<'_>) -> bool {
        let mut io = self.io();
        let number = io.number();
        let mut left = UNWANTED;
        while !io.is_content_complete(number) {
            match io.poll_content(cx, number) {
                Poll::Ready(Some(Ok(piece))) if piece.len() < left => left -= piece.len(),
                Poll::Ready(None) => break,
                // Nobody waits for the rest of it.
                Poll::Ready(Some(_)) | Poll::Pending => return false,
            }
        }
        true
    }

    /// Writes some of the slices; how much.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        Pin::new(&mut **self.io()).poll_write_vectored(cx, slices)
    }

    /// Sends what is left of `100 Continue`.
    fn poll_interim(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let left @ [_, ..] = self.interim.get() {
            let written = ready!(Pin::new(&mut **self.io()).poll_write(cx, left))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim.set(&left[written..]);
        }
        Poll::Ready(Ok(()))
    }

    /// Closes the stream once everything is sent, and waits for the app to close, too, if it may be sending.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.io()).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ContentSource for AppStream<S> {
    fn poll_content(&self, cx: &mut Context<'_>, number: u64) -> Poll<Option<Piece>> {
        // Whoever asks for the content wants it sent (RFC 9110 section 10.1.1).
        if self.expects_continue.take() {
            self.interim.set(CONTINUE);
        }
        // Without it the app sends nothing. An error shows when something is read.
        if !self.interim.get().is_empty() && matches!(self.poll_interim(cx), Poll::Ready(Ok(()))) {
            // TLS may hold it back.
            let _ = self.io().poll_sent(cx);
        }
        self.io().poll_content(cx, number)
    }

    fn is_content_complete(&self, number: u64) -> bool {
        self.io().is_content_complete(number)
    }

    fn abandon_content(&self) {
        self.abandoned.set(true);
    }
}
