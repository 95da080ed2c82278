//! The downstream connection as hyper sees it: only bytes that passed [`RequestFraming`].

mod io;
mod receive;
mod requests;
mod thread_buffer;

pub use requests::Arrival;

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection_state::ConnectionState;
use crate::expiry::Expiry;
use crate::head::FieldSpans;
use crate::http2_frames::Http2Frames;
use crate::limits::Bounds;
use crate::position::Position;
use crate::read_buffer::ReadBuffer;
use crate::request::RequestFraming;
use crate::violation::Violation;

/// How an HTTP/2 connection starts (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What hyper reads instead of a refused head; [`ConnectionState::refusal`] recognises it.
const REFUSED: &[u8] = b"WAYBILL-REFUSED / HTTP/1.1\r\nhost: refused\r\n\r\n";

/// The protocol that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or 1.1, or anything that is not HTTP/2.
    Http1,
    /// HTTP/2 with prior knowledge, or agreed by ALPN.
    Http2,
}

/// Why nothing more is read from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    /// hyper gets a request that stands for the refused one, then nothing.
    Refused,
    /// Every further read fails.
    Failed(Violation),
    /// The peer has closed for writing, or was idle for too long.
    Closed,
}

/// A downstream stream (TCP or TLS) between its peer and hyper.
///
/// A head is handed to hyper when it is complete and valid; body bytes at once. A violation in a head becomes
/// a stand-in request that the service answers ([`ConnectionState::refusal`]), after all requests before it.
/// A violation in a body becomes a read error that carries it ([`violation_in`](crate::violation_in)). In both
/// cases no byte behind it is ever parsed. Nor is any byte behind the last request of a connection.
///
/// An idle connection owns no buffer.
#[derive(Debug)]
pub struct GuardedIo<T> {
    io: T,
    state: Rc<ConnectionState>,
    framing: RequestFraming,
    frames: Http2Frames,
    protocol: Protocol,
    buffer: ReadBuffer,
    /// Where the fields of the head that is read, or was read last, stand.
    spans: FieldSpans,
    /// The server behind takes one request at a time, instead of reading as hyper does.
    one_at_a_time: bool,
    read_end: Option<ReadEnd>,
    /// How many bytes were read and dropped because nothing may be parsed any more.
    discarded: usize,
    write_closed: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Guards a stream that speaks HTTP/1, unless [`GuardedIo::poll_protocol`] finds HTTP/2.
    pub fn new(io: T) -> Self {
        Self {
            io,
            state: ConnectionState::new(),
            framing: RequestFraming::new(),
            frames: Http2Frames::default(),
            protocol: Protocol::Http1,
            buffer: ReadBuffer::default(),
            spans: FieldSpans::default(),
            one_at_a_time: false,
            read_end: None,
            discarded: 0,
            write_closed: false,
        }
    }

    /// Replaces the default bounds of heads. Call it before anything is read.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.framing = self.framing.bounded(bounds);
        self
    }

    /// The state that the service and the sweep need.
    #[must_use]
    pub fn state(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// The guarded stream.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// Lets HTTP/2 pass from now on: ALPN agreed on it. The peer's pace is still observed, and trailer
    /// sections are changed so that h2 checks them.
    pub fn set_http2(&mut self) {
        self.protocol = Protocol::Http2;
        // What was read before the agreement was known counts as well.
        let early = std::mem::take(&mut self.buffer);
        let mut changed = Vec::new();
        let passed = self
            .frames
            .advance(early.bytes(), &self.state, &mut changed);
        self.buffer.extend(&early.bytes()[..passed]);
        self.buffer.extend(&changed);
        self.buffer.approve_all();
    }

    /// Detects by the first bytes whether a plaintext peer speaks HTTP/2.
    ///
    /// # Errors
    /// If reading fails, or the connection expired.
    pub async fn protocol(&mut self) -> Result<Protocol> {
        std::future::poll_fn(|cx| self.poll_protocol(cx)).await
    }

    /// The poll function of [`GuardedIo::protocol`].
    ///
    /// # Errors
    /// If reading fails, or the connection expired.
    pub fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<Result<Protocol>> {
        loop {
            let buffered = self.buffer.bytes();
            let compared = buffered.len().min(PREFACE.len());
            // The first byte that differs decides: an HTTP/1 client must not wait for 24 bytes.
            if buffered[..compared] != PREFACE[..compared] {
                break;
            }
            if compared == PREFACE.len() {
                self.set_http2();
                return Poll::Ready(Ok(Protocol::Http2));
            }
            if self.state.expiry().is_some() {
                return Poll::Ready(Err(Error::from(ErrorKind::TimedOut)));
            }
            if ready!(self.poll_buffer(cx))? == 0 {
                self.read_end = Some(ReadEnd::Closed);
                break;
            }
        }
        if !self.one_at_a_time {
            self.check_buffer();
        }
        Poll::Ready(Ok(Protocol::Http1))
    }

    /// Waits for the next request without a buffer, and returns whether one begins. To be called between
    /// two requests, while nothing else reads.
    pub fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.spans.release();
        loop {
            // What was read before is told first, then the end.
            match self.read_end {
                Some(ReadEnd::Closed) => return Poll::Ready(false),
                None if self.buffer.is_empty() => {}
                Some(ReadEnd::Refused | ReadEnd::Failed(_)) | None => return Poll::Ready(true),
            }
            if self.framing.position() == Position::Ended {
                return Poll::Ready(false);
            }
            if self.expire() {
                continue;
            }
            // TLS may still hold a part of the last response, and nothing else flushes while hyper is gone.
            let flushed = Pin::new(&mut self.io).poll_flush(cx);
            if matches!(flushed, Poll::Ready(Err(_))) {
                self.read_end = Some(ReadEnd::Closed);
                continue;
            }
            match ready!(self.poll_buffer(cx)) {
                Ok(0) | Err(_) => self.read_end = Some(ReadEnd::Closed),
                // Looked at when it is taken.
                Ok(_) if self.one_at_a_time => {}
                Ok(_) => self.check_buffer(),
            }
        }
    }

    /// Reads from the peer and hands on in one step, while nothing is buffered: what is read into `buf` is
    /// checked there, and what is not approved leaves it again.
    fn poll_pass(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<usize>> {
        // Only behind what the caller had in its buffer before.
        let before = buf.filled().len();
        ready!(receive::poll_fill(&mut self.io, &self.state, cx, buf))?;
        let fresh = &buf.filled()[before..];
        let received = fresh.len();
        if self.protocol == Protocol::Http2 {
            let mut changed = Vec::new();
            let passed = self.frames.advance(fresh, &self.state, &mut changed);
            // Nothing else is in the buffer, and hyper reads it next.
            self.buffer.extend(&changed);
            self.buffer.approve_all();
            buf.set_filled(before + passed);
            return Poll::Ready(Ok(received));
        }
        let advance = self.framing.advance(fresh);
        let remainder = &fresh[advance.approved..];
        // Counted, so that closing knows whether the peer was still sending.
        if self.framing.position() == Position::Ended {
            self.discarded += remainder.len();
        } else if advance.violation.is_none() {
            self.buffer.extend(remainder);
        }
        // Everything behind leaves the caller's buffer: hyper never sees a byte that was not checked.
        buf.set_filled(before + advance.approved);
        self.publish_position();
        if let Some(violation) = advance.violation {
            self.stop(violation);
        }
        Poll::Ready(Ok(received))
    }

    /// Reads from the peer into the buffer.
    fn poll_buffer(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize>> {
        let Self {
            io, buffer, state, ..
        } = self;
        thread_buffer::with(|scratch| {
            let fresh = ready!(receive::poll_receive(io, state, cx, scratch))?;
            buffer.extend(fresh);
            // Bytes that are not checked yet count as a head, so that the deadline for heads runs.
            if state.position.get() == Position::Between && !buffer.is_empty() {
                state.position.set(Position::Head);
            }
            Poll::Ready(Ok(fresh.len()))
        })
    }

    /// Checks the buffer, of which nothing is approved yet.
    fn check_buffer(&mut self) {
        let advance = self.framing.advance(self.buffer.bytes());
        self.buffer.approve(advance.approved);
        self.publish_position();
        if self.framing.position() == Position::Ended {
            self.discarded += self.buffer.bytes().len() - advance.approved;
            self.buffer.discard_unapproved();
        }
        if let Some(violation) = advance.violation {
            self.buffer.discard_unapproved();
            self.stop(violation);
        }
    }

    fn publish_position(&self) {
        self.state.position.set(self.framing.position());
        self.state.heads.set(self.framing.heads());
    }

    /// Ends reading because of `violation`, behind the approved bytes.
    fn stop(&mut self, violation: Violation) {
        if self.framing.position() == Position::Body {
            // hyper has the head already, so only an error of its body can tell the service.
            self.read_end = Some(ReadEnd::Failed(violation));
            return;
        }
        // Set before hyper reads the stand-in, since the service asks for it then.
        self.state.refusal.set(Some(violation));
        self.read_end = Some(ReadEnd::Refused);
        self.buffer.discard_unapproved();
        if !self.one_at_a_time {
            self.buffer.extend(REFUSED);
            self.buffer.approve_all();
        }
    }

    /// Whether responses to approved requests are still to be made or sent, and the connection's end must not
    /// be told to hyper before: it would drop them.
    ///
    /// A peer that closes for writing may still read (RFC 9112 section 9.6), and cannot be told from one that
    /// is gone until the response is sent. A body that breaks off is no complete request.
    fn owes_responses(&self) -> bool {
        self.protocol == Protocol::Http1
            && self.framing.position() != Position::Body
            && self.state.expiry().is_none()
            && self.state.has_unfinished()
    }

    /// Waits for the last response after the peer has closed for writing. A reset ends the wait.
    fn poll_half_closed(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.state.half_closed.set(true);
        self.state.wake_later(cx.waker());
        // Behind the end of the stream a read finds nothing but its end. A write of nothing sends nothing,
        // and fails if the connection was reset.
        match Pin::new(&mut self.io).poll_write(cx, &[]) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(_)) | Poll::Pending => Poll::Pending,
        }
    }

    /// Ends reading if the sweep found the peer too slow, and returns whether it did.
    fn expire(&mut self) -> bool {
        match (self.state.expiry(), self.framing.position()) {
            (None, _) => return false,
            // HTTP/2 has answers of its own for a slow peer, and no head to refuse here.
            (Some(_), _) if self.protocol == Protocol::Http2 => {
                self.read_end = Some(ReadEnd::Closed);
            }
            (Some(Expiry::Head), Position::Head) => self.stop(Violation::HeadTimeout),
            (Some(Expiry::Body), Position::Body) => self.stop(Violation::BodyTimeout),
            (Some(Expiry::Idle | Expiry::Write | Expiry::Linger | Expiry::Flood), _) => {
                self.read_end = Some(ReadEnd::Closed);
            }
            // The head or body became complete after the sweep had looked.
            (Some(Expiry::Head | Expiry::Body), _) => {
                // Taken back, so that the next look starts anew.
                self.state.expiry.set(None);
                return false;
            }
        }
        true
    }
}
