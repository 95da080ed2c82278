//! TLS to a carrier, with as few copies as rustls allows.
//!
//! rustls' buffered interface reads four kilobytes at a time into a buffer that it clears and moves
//! as it grows, for each large record anew. Here its unbuffered one works on ours: one read takes
//! what is there, a record is decrypted where it was read to, and we copy its plaintext only to the
//! reader. What is sent is encrypted into one buffer and written by one call. The buffers are the
//! thread's; a connection has one only while something in it is left.
//!
//! What it costs is two more copies of what is written. So apps, to whom more is written than is
//! read from them, keep the buffered interface.
//!
//! * [`Session`]: rustls, and what it took in and gives out; no I/O.
//! * [`TlsStream`]: the same as a stream.

mod incoming;
mod outgoing;
mod session;

use outgoing::Scratch;
use rustls::client::UnbufferedClientConnection;
use session::{Progress, Session, invalid};
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Why a stream that just ends is an error: somebody may have cut it.
const CUT_OFF: &str = "peer closed connection without sending TLS close_notify";

/// An encrypted stream after its handshake.
pub(crate) struct TlsStream<T> {
    io: T,
    session: Session,
    /// The peer sent its last byte without saying so.
    cut_off: bool,
    /// Our side said that it sends nothing more.
    closing: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> TlsStream<T> {
    /// Shakes hands. Has no deadline.
    pub(crate) async fn open(client: UnbufferedClientConnection, io: T) -> io::Result<Self> {
        let mut stream = Self {
            io,
            session: Session::new(client),
            cut_off: false,
            closing: false,
        };
        poll_fn(|cx| stream.poll_handshake(cx)).await?;
        Ok(stream)
    }

    /// Whether both sides agreed on HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.session.alpn() == Some(b"h2")
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut nowhere = ReadBuf::new(&mut []);
            let progress = self.advance(cx, &mut nowhere)?;
            // Before waiting for the peer, which may wait for this.
            ready!(self.poll_send(cx))?;
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            match progress {
                Progress::Data => {}
                Progress::Waits(()) => {
                    if ready!(self.session.incoming.poll_fill(&mut self.io, cx))? == 0 {
                        let kind = io::ErrorKind::UnexpectedEof;
                        return Poll::Ready(Err(io::Error::new(kind, "tls handshake eof")));
                    }
                }
                Progress::Closed => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }

    /// Works on what was read. If that fails, the peer is told why, as far as it listens.
    fn advance(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> io::Result<Progress<()>> {
        let done = self.session.advance(buf, |_| ());
        if done.is_err() {
            // The first error counts.
            let _ = self.session.outgoing.poll_send(&mut self.io, cx);
        }
        done.map_err(invalid)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.session.outgoing.poll_send(&mut self.io, cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Encrypts `plain` and writes it; what does not go out at once is kept.
    fn poll_seal(
        &mut self,
        cx: &mut Context<'_>,
        plain: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let length = self.session.seal(plain, sealed)?;
        let sealed = &sealed[..length];
        let outgoing = &mut self.session.outgoing;
        let sent = if outgoing.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, sealed) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(sent) => sent?,
                Poll::Pending => 0,
            }
        } else {
            0
        };
        outgoing.keep(&sealed[sent..]);
        Poll::Ready(Ok(plain.len()))
    }

    /// Whether a write may begin: what was accepted before has gone out.
    fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing {
            // After close_notify nothing may follow (RFC 8446 section 6.1).
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.session.outgoing.poll_send(&mut self.io, cx)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        if room == 0 || self.session.plaintext.deliver(buf) {
            return Poll::Ready(Ok(()));
        }
        loop {
            let progress = self.advance(cx, buf);
            let is_data = matches!(progress, Ok(Progress::Data));
            // More records are there already: one call fills as much of the room as it can.
            if is_data && buf.remaining() > 0 && !self.session.incoming.is_empty() {
                continue;
            }
            if buf.remaining() < room {
                // What follows, be it an error, is for the next call: the session remembers.
                return Poll::Ready(Ok(()));
            }
            let over = matches!(progress?, Progress::Closed) || self.session.peer_closed;
            if over {
                return Poll::Ready(Ok(()));
            }
            if self.cut_off {
                let kind = io::ErrorKind::UnexpectedEof;
                return Poll::Ready(Err(io::Error::new(kind, CUT_OFF)));
            }
            let Self { io, session, .. } = &mut *self;
            // What rustls answers by itself; if it cannot go now, the next write takes it along.
            if let Poll::Ready(Err(error)) = session.outgoing.poll_send(io, cx) {
                return Poll::Ready(Err(error));
            }
            // Without close_notify somebody may have cut the answer short.
            self.cut_off = ready!(session.incoming.poll_fill(io, cx))? == 0;
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_writable(cx))?;
        let plain = outgoing::part(buf);
        outgoing::with(|scratch| self.poll_seal(cx, plain, &mut scratch.sealed))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = bufs.iter().filter(|buf| !buf.is_empty());
        let (first, second) = (filled.next(), filled.next());
        if second.is_none() {
            return self.poll_write(cx, first.map_or(&[], |buf| buf));
        }
        ready!(self.poll_writable(cx))?;
        outgoing::with(|scratch| {
            let Scratch { joined, sealed } = scratch;
            outgoing::join(bufs, joined);
            let written = self.poll_seal(cx, joined, sealed);
            // It holds a credential.
            joined.fill(0);
            written
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closing {
            self.closing = true;
            self.session.say_goodbye();
        }
        ready!(self.poll_send(cx))?;
        match ready!(Pin::new(&mut self.io).poll_shutdown(cx)) {
            // The peer was faster.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }
}

#[cfg(test)]
mod tests;
