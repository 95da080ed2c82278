//! The downstream connection as hyper sees it: only bytes that passed [`RequestFraming`].

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Violation;
use super::held::Held;
use super::http2::Frames;
use super::limits::Bounds;
use super::request::{Position, RequestFraming};
use super::scratch;
use super::state::ConnectionState;
use super::watch::Expiry;

/// How an HTTP/2 connection starts.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What hyper reads instead of a refused head; [`ConnectionState::refusal`] knows it.
const REFUSED: &[u8] = b"WAYBILL-REFUSED / HTTP/1.1\r\nhost: refused\r\n\r\n";
/// How much of what a refused peer goes on sending is read, so that it sees the answer and not a
/// reset.
const LINGER_BYTES: usize = 256 * 1024;

/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or 1.1, or nothing sensible.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Sniffing,
    Http1,
    Http2,
}

/// How reading ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// hyper gets a request that stands for the refused one, then nothing.
    Refused,
    /// Every further read fails.
    Failed(Violation),
    /// The peer was idle for too long, or has closed.
    Closed,
}

/// A downstream stream (TCP or TLS) between its peer and hyper.
///
/// A head is handed to hyper when it is whole and fine; body bytes at once. A violation in a head
/// turns into a stand-in request that the service answers ([`ConnectionState::refusal`]), after
/// every request before it. A violation in a body is a read error that carries it
/// ([`super::violation_in`]). In both cases nothing behind it is ever parsed.
///
/// An idle connection holds no buffer.
#[derive(Debug)]
pub struct GuardedIo<T> {
    io: T,
    state: Rc<ConnectionState>,
    framing: RequestFraming,
    mode: Mode,
    end: Option<End>,
    held: Held,
    lingered: usize,
    shut: bool,
    frames: Frames,
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Guards a stream that speaks HTTP/1, or whatever [`GuardedIo::poll_protocol`] finds.
    pub fn new(io: T) -> Self {
        Self {
            io,
            state: ConnectionState::new(),
            framing: RequestFraming::new(),
            mode: Mode::Http1,
            end: None,
            held: Held::default(),
            lingered: 0,
            shut: false,
            frames: Frames::default(),
        }
    }

    /// The same with other bounds for heads; to be called before anything is read.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.framing = self.framing.bounded(bounds);
        self
    }

    /// What the service and the sweep need.
    #[must_use]
    pub fn state(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// The guarded stream.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// From now on everything passes: ALPN agreed on HTTP/2. Only its pace is looked after.
    pub fn set_http2(&mut self) {
        self.mode = Mode::Http2;
        self.held.approve_all();
        self.frames.advance(self.held.bytes(), &self.state);
    }

    /// Finds out by its first bytes whether a plaintext peer speaks HTTP/2.
    ///
    /// # Errors
    /// When reading fails, or the connection expired.
    pub async fn protocol(&mut self) -> io::Result<Protocol> {
        std::future::poll_fn(|cx| self.poll_protocol(cx)).await
    }

    /// See [`GuardedIo::protocol`].
    ///
    /// # Errors
    /// When reading fails, or the connection expired.
    pub fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Protocol>> {
        self.mode = Mode::Sniffing;
        loop {
            let held = self.held.bytes();
            let shown = held.len().min(PREFACE.len());
            if held[..shown] != PREFACE[..shown] {
                break;
            }
            if shown == PREFACE.len() {
                self.set_http2();
                return Poll::Ready(Ok(Protocol::Http2));
            }
            if self.state.expiry().is_some() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            if ready!(self.poll_hold(cx))? == 0 {
                self.end = Some(End::Closed);
                break;
            }
        }
        self.mode = Mode::Http1;
        self.judge_held();
        Poll::Ready(Ok(Protocol::Http1))
    }

    /// Waits for the next request without a buffer; whether there is one. To be called between two
    /// requests, while nobody else reads.
    pub fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match self.end {
                Some(End::Closed) => return Poll::Ready(false),
                None if self.held.is_empty() => {}
                Some(End::Refused | End::Failed(_)) | None => return Poll::Ready(true),
            }
            if self.expire() {
                continue;
            }
            // What TLS could not send yet of the last answer; nobody else asks for it.
            let sent = Pin::new(&mut self.io).poll_flush(cx);
            let failed = matches!(sent, Poll::Ready(Err(_)));
            match failed {
                false => match ready!(self.poll_hold(cx)) {
                    Ok(0) | Err(_) => self.end = Some(End::Closed),
                    Ok(_) => self.judge_held(),
                },
                true => self.end = Some(End::Closed),
            }
        }
    }

    /// Reads into `held`.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self {
            io, held, state, ..
        } = self;
        scratch::with(|scratch| {
            let fresh = ready!(poll_receive(io, state, cx, scratch))?;
            held.extend(fresh);
            if state.position.get() == Position::Between && !held.is_empty() {
                state.position.set(Position::Head);
            }
            Poll::Ready(Ok(fresh.len()))
        })
    }

    /// Reads and hands on in one step, when nothing is held: what comes is judged where it is read
    /// to, and what is not approved leaves again.
    fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let before = buf.filled().len();
        ready!(poll_fill(&mut self.io, &self.state, cx, buf))?;
        let fresh = &buf.filled()[before..];
        let received = fresh.len();
        if self.mode == Mode::Http2 {
            self.frames.advance(fresh, &self.state);
            return Poll::Ready(Ok(received));
        }
        let advance = self.framing.advance(fresh);
        if advance.violation.is_none() {
            self.held.extend(&fresh[advance.approved..]);
        }
        buf.set_filled(before + advance.approved);
        note(&self.state, &self.framing);
        if let Some(violation) = advance.violation {
            self.stop(violation);
        }
        Poll::Ready(Ok(received))
    }

    /// Judges `held`, of which nothing is approved yet.
    fn judge_held(&mut self) {
        let advance = self.framing.advance(self.held.bytes());
        self.held.approve(advance.approved);
        note(&self.state, &self.framing);
        if let Some(violation) = advance.violation {
            self.held.cut();
            self.stop(violation);
        }
    }

    /// Ends reading because of `violation`, behind what was approved.
    fn stop(&mut self, violation: Violation) {
        let end = ending(self.framing.position(), violation, &self.state);
        self.end = Some(end);
        if end == End::Refused {
            self.held.cut();
            self.held.extend(REFUSED);
            self.held.approve_all();
        }
    }

    /// Ends reading if the sweep found the peer too slow; whether it did.
    fn expire(&mut self) -> bool {
        match (self.state.expiry(), self.framing.position()) {
            (None, _) => return false,
            (Some(_), _) if self.mode == Mode::Http2 => self.end = Some(End::Closed),
            (Some(Expiry::Head), Position::Head) => self.stop(Violation::HeadTimeout),
            (Some(Expiry::Body), Position::Body) => self.stop(Violation::BodyTimeout),
            (Some(Expiry::Idle | Expiry::Write | Expiry::Linger | Expiry::Flood), _) => {
                self.end = Some(End::Closed);
            }
            // It went on meanwhile.
            (Some(Expiry::Head | Expiry::Body), _) => {
                self.state.expiry.set(None);
                return false;
            }
        }
        true
    }

    /// Reads and forgets what a peer still sends, so that closing does not reset the connection
    /// before the peer has read our answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state.lingering.set(true);
        while self.lingered < LINGER_BYTES && self.state.expiry() != Some(Expiry::Linger) {
            let Self { io, state, .. } = self;
            let received = scratch::with(|scratch| {
                poll_receive(io, state, cx, scratch).map_ok(|fresh| fresh.len())
            });
            match received {
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(received)) => self.lingered += received,
                // Without a sweep nobody would ever end the wait.
                Poll::Pending if self.state.watched.get() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }

    fn sent(&self, cx: &Context<'_>, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &poll {
            Poll::Ready(Ok(sent)) => {
                self.state.sent.set(self.state.sent.get() + *sent as u64);
                self.state.write_blocked.set(false);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.state.write_blocked.set(true);
                self.state.wake_later(cx.waker());
            }
        }
        poll
    }

    fn check_write(&self) -> io::Result<()> {
        match self.state.expiry() {
            Some(Expiry::Write | Expiry::Flood) => Err(io::ErrorKind::TimedOut.into()),
            Some(Expiry::Idle | Expiry::Head | Expiry::Body | Expiry::Linger) | None => Ok(()),
        }
    }
}

/// One read from the peer into `scratch`.
fn poll_receive<'buf, T: AsyncRead + Unpin>(
    io: &mut T,
    state: &ConnectionState,
    cx: &mut Context<'_>,
    scratch: &'buf mut [u8],
) -> Poll<io::Result<&'buf [u8]>> {
    let mut buf = ReadBuf::new(scratch);
    ready!(poll_fill(io, state, cx, &mut buf))?;
    let count = buf.filled().len();
    Poll::Ready(Ok(&scratch[..count]))
}

/// One read from the peer into `buf`.
fn poll_fill<T: AsyncRead + Unpin>(
    io: &mut T,
    state: &ConnectionState,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let before = buf.filled().len();
    let poll = Pin::new(io).poll_read(cx, buf);
    state.read_blocked.set(poll.is_pending());
    if poll.is_pending() {
        state.wake_later(cx.waker());
    }
    ready!(poll)?;
    let count = buf.filled().len() - before;
    state.received.set(state.received.get() + count as u64);
    Poll::Ready(Ok(()))
}

fn note(state: &ConnectionState, framing: &RequestFraming) {
    state.position.set(framing.position());
    state.heads.set(framing.heads());
}

fn ending(position: Position, violation: Violation, state: &ConnectionState) -> End {
    match position {
        Position::Body => End::Failed(violation),
        Position::Head | Position::Between => {
            state.refusal.set(Some(violation));
            End::Refused
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for GuardedIo<T> {
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
            match self.end {
                // hyper closes once it has written the refusal. An end of file here would make it
                // drop the connection before that.
                Some(End::Refused) => return Poll::Pending,
                Some(End::Failed(violation)) => return Poll::Ready(Err(violation.into())),
                Some(End::Closed) => return Poll::Ready(Ok(())),
                None => {}
            }
            if self.expire() {
                continue;
            }
            let received = if self.held.is_empty() {
                ready!(self.poll_pass(cx, buf))?
            } else {
                let received = ready!(self.poll_hold(cx))?;
                self.judge_held();
                received
            };
            if received == 0 {
                self.end = Some(End::Closed);
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
        self.check_write()?;
        let poll = Pin::new(&mut self.io).poll_write(cx, buf);
        self.sent(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_write()?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.shut = true;
        }
        if self.mode == Mode::Http1 && self.framing.position() != Position::Between {
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
        self.sent(cx, poll)
    }
}
