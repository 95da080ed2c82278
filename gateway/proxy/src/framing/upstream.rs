//! An upstream connection as hyper sees it: only bytes that passed [`ResponseFraming`].

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use http::Method;
use hyper::rt::ReadBufCursor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::message::ResponseFraming;
use super::{Violation, held::Held, limits::Bounds, scratch};

/// Shared by an [`UpstreamIo`] and whoever sends requests over it.
#[derive(Debug, Default)]
pub struct UpstreamState {
    begun: Cell<Option<bool>>,
    idle: Cell<bool>,
    violation: Cell<Option<Violation>>,
}

impl UpstreamState {
    /// A request is about to be sent. Without this call its answer counts as unsolicited.
    pub fn begin(&self, method: &Method) {
        self.begun.set(Some(method == Method::HEAD));
        self.idle.set(false);
    }

    /// Whether every answer is complete and nothing was wrong with any: the connection may be
    /// asked again.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.idle.get() && self.violation.get().is_none()
    }

    /// What was wrong with an answer.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.violation.get()
    }
}

/// An upstream stream (TCP or TLS) between its server and hyper's client.
///
/// A head is handed to hyper when it is whole and fine; body bytes at once. Anything wrong is a
/// read error that carries the [`Violation`], so an answer that has begun never looks complete.
#[derive(Debug)]
pub struct UpstreamIo<T> {
    io: T,
    state: Rc<UpstreamState>,
    framing: ResponseFraming,
    held: Held,
    closed: bool,
}

impl<T> UpstreamIo<T> {
    /// Guards a fresh connection.
    pub fn new(io: T) -> Self {
        Self {
            io,
            state: Rc::new(UpstreamState {
                idle: Cell::new(true),
                ..UpstreamState::default()
            }),
            framing: ResponseFraming::new(),
            held: Held::default(),
            closed: false,
        }
    }

    /// The same with other bounds for heads; to be called before anything is read.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.framing = self.framing.bounded(bounds);
        self
    }

    /// What the sender of requests needs.
    #[must_use]
    pub fn state(&self) -> Rc<UpstreamState> {
        Rc::clone(&self.state)
    }

    /// The guarded stream.
    pub fn get_ref(&self) -> &T {
        &self.io
    }
}

impl<T: AsyncRead + Unpin> UpstreamIo<T> {
    /// Reads, judges, and hands on what can be handed on; returns how much was read.
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.held.is_empty() {
            // Judged where it is read to; what is not approved leaves again.
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
            self.begin();
            let fresh = &buf.filled()[before..];
            let received = fresh.len();
            let advance = self.framing.advance(fresh);
            if advance.violation.is_none() {
                self.held.extend(&fresh[advance.approved..]);
            }
            buf.set_filled(before + advance.approved);
            self.note(advance.violation);
            return Poll::Ready(Ok(received));
        }
        let received = scratch::with(|scratch| {
            let mut more = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut more))?;
            self.held.extend(more.filled());
            Poll::Ready(io::Result::Ok(more.filled().len()))
        });
        let received = ready!(received)?;
        self.begin();
        let advance = self.framing.advance(self.held.bytes());
        self.held.approve(advance.approved);
        if advance.violation.is_some() {
            self.held.cut();
        }
        self.note(advance.violation);
        Poll::Ready(Ok(received))
    }

    /// Takes note of the request that what comes now answers.
    fn begin(&mut self) {
        if let Some(to_head) = self.state.begun.take() {
            self.framing.begin(to_head);
        }
    }

    fn note(&self, violation: Option<Violation>) {
        self.state.idle.set(self.framing.is_idle());
        if violation.is_some() {
            self.state.violation.set(violation);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for UpstreamIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.remaining();
        loop {
            if before == 0 || self.held.deliver(buf) || buf.remaining() < before {
                return Poll::Ready(Ok(()));
            }
            if let Some(violation) = self.state.violation.get() {
                return Poll::Ready(Err(violation.into()));
            }
            if self.closed {
                return Poll::Ready(Ok(()));
            }
            if ready!(self.poll_answer(cx, buf))? == 0 {
                self.closed = true;
                self.state.idle.set(false);
            }
        }
    }
}

impl<T: AsyncRead + Unpin> hyper::rt::Read for UpstreamIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        hyper::rt::Read::poll_read(Pin::new(&mut TokioIo::new(&mut *self)), cx, cursor)
    }
}

impl<T: AsyncWrite + Unpin> hyper::rt::Write for UpstreamIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
