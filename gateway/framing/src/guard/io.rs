//! The traits by which hyper reads and writes a guarded stream, and how the stream is closed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{GuardedIo, Protocol, ReadEnd, receive, thread_buffer};
use crate::expiry::Expiry;
use crate::position::Position;

/// How many bytes that may not be parsed any more are read and dropped.
pub(super) const DISCARD_BYTES: usize = 256 * 1024;

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for GuardedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.remaining();
        loop {
            // An empty buffer asks for nothing, and a read of nothing would look like the end of the stream.
            if before == 0 || self.buffer.deliver(buf) || buf.remaining() < before {
                return Poll::Ready(Ok(()));
            }
            match self.read_end {
                // hyper closes once it has written the refusal. An end of file here would make it
                // drop the connection before that.
                Some(ReadEnd::Refused) => return Poll::Pending,
                Some(ReadEnd::Failed(violation)) => return Poll::Ready(Err(violation.into())),
                Some(ReadEnd::Closed) if self.owes_responses() => {
                    return self.poll_half_closed(cx);
                }
                Some(ReadEnd::Closed) => return Poll::Ready(Ok(())),
                None => {}
            }
            if self.expire() {
                continue;
            }
            if self.discarded >= DISCARD_BYTES {
                // From here on TCP holds the peer back, until hyper has written the last response.
                self.state.wake_later(cx.waker());
                return Poll::Pending;
            }
            let received = if self.buffer.is_empty() {
                ready!(self.poll_pass(cx, buf))?
            } else {
                let received = ready!(self.poll_buffer(cx))?;
                self.check_buffer();
                received
            };
            if received == 0 {
                self.read_end = Some(ReadEnd::Closed);
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> hyper::rt::Read for GuardedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        hyper::rt::Read::poll_read(Pin::new(&mut TokioIo::new(&mut *self)), cx, cursor)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> hyper::rt::Write for GuardedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Before the write: a peer that does not read must not be handed more.
        self.check_write()?;
        let poll = Pin::new(&mut self.io).poll_write(cx, buf);
        self.count_write(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_write()?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Once only: TLS would append a second close_notify.
        if !self.write_closed {
            ready!(self.poll_close(cx))?;
            self.write_closed = true;
        }
        let peer_may_be_sending = match self.framing.position() {
            // What was read ahead, and is not served any more.
            Position::Between => self.one_at_a_time && !self.buffer.is_empty(),
            Position::Head | Position::Body => true,
            // Bytes behind the last request were dropped, so more of them may be on their way.
            Position::Ended => self.discarded > 0,
        };
        // HTTP/2 says by a frame that it ends, and needs no waiting.
        if self.protocol == Protocol::Http1 && peer_may_be_sending {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_write()?;
        let poll = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.count_write(cx, poll)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Reads and drops what the peer still sends (RFC 9112 section 9.6): closing a socket with unread bytes
    /// resets the connection, and the peer may then never see the last response.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state.lingering.set(true);
        while self.discarded < DISCARD_BYTES && self.state.expiry() != Some(Expiry::Linger) {
            let Self { io, state, .. } = self;
            let received = thread_buffer::with(|scratch| {
                receive::poll_receive(io, state, cx, scratch).map_ok(|fresh| fresh.len())
            });
            match received {
                // The peer has closed, which is what was waited for.
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(received)) => self.discarded += received,
                // Without a sweep nothing would ever end the wait.
                Poll::Pending if self.state.watched.get() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }

    /// Closes for writing. TLS has something to send for that, and the peer may not take it.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_write()?;
        let closed = Pin::new(&mut self.io).poll_shutdown(cx);
        self.state.write_blocked.set(closed.is_pending());
        if closed.is_pending() {
            self.state.wake_later(cx.waker());
        }
        closed
    }

    fn count_write(
        &self,
        cx: &Context<'_>,
        poll: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &poll {
            Poll::Ready(Ok(sent)) => {
                self.state.sent.set(self.state.sent.get() + *sent as u64);
                // A reader that was kept waiting for this response asks again whether it was the last.
                if self.state.write_blocked.replace(false) && self.state.half_closed.get() {
                    self.state.wake();
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                // The sweep tells a peer that does not read from one that is merely waited for by this.
                self.state.write_blocked.set(true);
                self.state.wake_later(cx.waker());
            }
        }
        poll
    }

    pub(super) fn check_write(&self) -> io::Result<()> {
        match self.state.expiry() {
            Some(Expiry::Write | Expiry::Flood) => Err(io::ErrorKind::TimedOut.into()),
            Some(Expiry::Idle | Expiry::Head | Expiry::Body | Expiry::Linger) | None => Ok(()),
        }
    }
}
