//! An answer as it comes in.

use super::{error::Http1Error, head, large_buffer::LargeBuffer, stream::Stream};
use crate::{fields::LastNames, message::Response};
use bytes::{Buf as _, Bytes, BytesMut};
use gateway_framing::{
    FieldSpans, ResponseFraming, ResponseHead, ResponsePart, Violation, limits::Bounds,
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio_util::io::poll_read_buf;

/// What one read asks for: a record of TLS, and most answers whole.
pub(super) const READ: usize = 16 * 1024;
/// What one read asks for when the response is known to be long and no large buffer is left. An app that does not
/// read holds one of these.
const LONG_READ: usize = 32 * 1024;
/// Room that is worth a read.
const LEAST: usize = 4 * 1024;

/// An answer's head, and whether the connection ends with it.
type Answered = (Response<()>, bool);

/// What one read of content came to.
enum More {
    /// It is in the buffer.
    Buffered,
    /// It is content as a whole.
    Piece(Bytes),
    /// The stream has ended.
    End,
}

/// The response that is being received.
pub(super) struct Receiving {
    framing: ResponseFraming,
    spans: FieldSpans,
    names: LastNames,
    /// Read, and not handed on. Of an unused connection it is empty.
    buffer: BytesMut,
    /// What was read together with a head, if that was much; it comes before what is in the buffer.
    ahead: Bytes,
    /// The last answer was long, so the next one is expected to be.
    long: bool,
    /// A byte came since the exchange began.
    begun: bool,
}

impl Receiving {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            framing: ResponseFraming::new().bounded(bounds),
            spans: FieldSpans::default(),
            names: LastNames::default(),
            buffer: BytesMut::new(),
            ahead: Bytes::new(),
            long: false,
            begun: false,
        }
    }

    pub(super) fn begin(&mut self, to_head: bool) {
        self.framing.begin(to_head);
        self.begun = false;
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// The head, and whether the connection ends with this answer.
    pub(super) fn poll_head(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Answered, Http1Error>> {
        loop {
            match self.framing.next(&self.buffer, &mut self.spans)? {
                // An interim response (1xx): the final one follows.
                ResponsePart::Skip(count) => self.buffer.advance(count),
                ResponsePart::Head(answer) => {
                    let bytes = self.buffer.split_to(answer.length).freeze();
                    return Poll::Ready(self.answered(answer, &bytes));
                }
                // Content and End follow a head only.
                ResponsePart::More | ResponsePart::Content(_) | ResponsePart::End => {
                    if self.long
                        && self.buffer.is_empty()
                        && let Some(large) = LargeBuffer::take()
                    {
                        if let Some(answered) = ready!(self.poll_large_head(large, stream, cx))? {
                            return Poll::Ready(Ok(answered));
                        }
                        continue;
                    }
                    if ready!(self.poll_fill(stream, cx))? == 0 {
                        return Poll::Ready(Err(ended_early()));
                    }
                    self.begun = true;
                }
            }
        }
    }

    /// Takes a head in.
    fn answered(&mut self, head: ResponseHead, bytes: &Bytes) -> Result<Answered, Http1Error> {
        let made = head::assemble(head, bytes, self.spans.as_slice(), &mut self.names);
        self.spans.clear();
        let (answer, last) = made?;
        let left = self.framing.remaining();
        self.long = left.is_some_and(|left| left > LONG_READ as u64);
        Ok((answer, last || self.framing.ends_with_connection()))
    }

    /// One read of a head and the content behind it into a large buffer; nothing if it has to be looked at in the
    /// small one.
    fn poll_large_head(
        &mut self,
        mut large: LargeBuffer,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Answered>, Http1Error>> {
        let mut room = ReadBuf::new(large.room(usize::MAX));
        ready!(Pin::new(stream).poll_read(cx, &mut room))?;
        let fresh = room.filled();
        if fresh.is_empty() {
            return Poll::Ready(Err(ended_early()));
        }
        self.begun = true;
        let mut skipped = 0;
        // A small answer must not keep a large buffer.
        if fresh.len() > LONG_READ {
            match self.framing.next(fresh, &mut self.spans)? {
                ResponsePart::Head(head) => {
                    let filled = fresh.len();
                    let bytes = Bytes::copy_from_slice(&fresh[..head.length]);
                    self.ahead = large.into_bytes(filled).slice(bytes.len()..);
                    return Poll::Ready(self.answered(head, &bytes).map(Some));
                }
                ResponsePart::Skip(count) => skipped = count,
                ResponsePart::More | ResponsePart::Content(_) | ResponsePart::End => {}
            }
        }
        self.buffer.extend_from_slice(&fresh[skipped..]);
        Poll::Ready(Ok(None))
    }

    /// The next piece of content; nothing at its end.
    pub(super) fn poll_content(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Http1Error>>> {
        loop {
            if self.is_complete() {
                return Poll::Ready(None);
            }
            match self.next_part() {
                Err(violation) => return Poll::Ready(Some(Err(violation.into()))),
                Ok(ResponsePart::Skip(count)) => drop(self.take(count)),
                Ok(ResponsePart::Content(count)) => return Poll::Ready(Some(Ok(self.take(count)))),
                // A second head cannot follow the first.
                Ok(ResponsePart::End | ResponsePart::Head(_)) => return Poll::Ready(None),
                Ok(ResponsePart::More) => match ready!(self.poll_more(stream, cx)) {
                    // Without a length the end of the connection is the end of the content (RFC 9112 section 6.3).
                    Ok(More::End) if self.framing.ends_with_connection() => {
                        return Poll::Ready(None);
                    }
                    Ok(More::End) => return Poll::Ready(Some(Err(ended_early()))),
                    Ok(More::Piece(piece)) => return Poll::Ready(Some(Ok(piece))),
                    Ok(More::Buffered) => {}
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                },
            }
        }
    }

    /// What comes next of what was read.
    fn next_part(&mut self) -> Result<ResponsePart, Violation> {
        if self.ahead.is_empty() {
            return self.framing.next(&self.buffer, &mut self.spans);
        }
        let part = self.framing.next(&self.ahead, &mut self.spans)?;
        if part == ResponsePart::More {
            // Half of a chunk's size, for example: what follows comes behind it.
            self.buffer
                .extend_from_slice(&std::mem::take(&mut self.ahead));
        }
        Ok(part)
    }

    /// The first bytes of what was read.
    fn take(&mut self, count: usize) -> Bytes {
        if self.ahead.is_empty() {
            self.buffer.split_to(count).freeze()
        } else {
            self.ahead.split_to(count)
        }
    }

    /// One read of content.
    fn poll_more(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<More>> {
        let left = self.framing.remaining().unwrap_or(0);
        if left > LONG_READ as u64
            && let Some(large) = LargeBuffer::take()
        {
            return self.poll_large(large, left, stream, cx);
        }
        let read = self.poll_fill(stream, cx);
        read.map_ok(|count| {
            if count == 0 {
                More::End
            } else {
                More::Buffered
            }
        })
    }

    /// One read of content, of which `left` bytes are to come, into a large buffer.
    fn poll_large(
        &mut self,
        mut large: LargeBuffer,
        left: u64,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<More>> {
        // Not beyond the content, so that everything that comes is content.
        let mut room = ReadBuf::new(large.room(usize::try_from(left).unwrap_or(usize::MAX)));
        ready!(Pin::new(stream).poll_read(cx, &mut room))?;
        let fresh = room.filled();
        // A small piece must not keep a large buffer.
        if fresh.len() < READ {
            self.buffer.extend_from_slice(fresh);
            let is_end = fresh.is_empty();
            return Poll::Ready(Ok(if is_end { More::End } else { More::Buffered }));
        }
        let part = self.framing.next(fresh, &mut self.spans);
        let Ok(ResponsePart::Content(count)) = part else {
            // It has a length, so nothing else can follow.
            return Poll::Ready(Ok(More::End));
        };
        Poll::Ready(Ok(More::Piece(large.into_bytes(count))))
    }

    /// One read; how much came, 0 at the end of the stream.
    fn poll_fill(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // A small room would make many reads; growing costs one allocation.
        if self.buffer.capacity() - self.buffer.len() < LEAST {
            let long = self
                .framing
                .remaining()
                .is_none_or(|left| left > READ as u64);
            let room = if long { LONG_READ } else { READ };
            if self.buffer.is_empty() && !self.buffer.try_reclaim(room) {
                // `reserve` would keep the place of what was handed on in front of the room.
                self.buffer = BytesMut::with_capacity(room);
            } else {
                self.buffer.reserve(room);
            }
        }
        poll_read_buf(Pin::new(stream), cx, &mut self.buffer)
    }

    /// Frees what a long answer needed.
    pub(super) fn release_buffer(&mut self) {
        // A long response must not hold its buffer while the connection is idle. Only a buffer of more than one read can
        // be reclaimed to so much.
        if self.buffer.try_reclaim(READ + 1) {
            self.buffer = BytesMut::new();
        }
    }

    /// Whether all of the answer was handed on.
    pub(super) fn is_complete(&self) -> bool {
        self.framing.is_idle()
    }

    pub(super) fn left(&self) -> Option<u64> {
        self.framing.remaining()
    }

    /// Whether the next answer may come: this one is complete, and nothing followed it.
    pub(super) fn is_idle(&self) -> bool {
        self.framing.is_idle() && self.buffer.is_empty() && self.ahead.is_empty()
    }
}

fn ended_early() -> Http1Error {
    Http1Error::Lost(io::ErrorKind::UnexpectedEof.into())
}
