//! A guarded stream for a server that takes one request at a time, without a parser of its own behind it.
//!
//! The check of a head reports where its fields stand, so nothing is parsed twice. Nothing behind a request is
//! looked at before that request is answered: it waits in the buffer, which is bounded, and then in the
//! system's.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::io::DISCARD_BYTES;
use super::{GuardedIo, ReadEnd, receive, thread_buffer};
use crate::head::{FieldSpan, FieldSpans};
use crate::position::Position;
use crate::request::{RequestFraming, RequestHead, RequestPart};
use crate::violation::Violation;

/// What one read asks for, and how much of later requests is read while one is served.
const READ: usize = 16 * 1024;
/// What one read asks for when a body is known to be long.
const LONG_READ: usize = 64 * 1024;

/// A request whose head is complete and valid.
#[derive(Debug)]
pub struct Arrival {
    /// What the head says.
    pub head: RequestHead,
    /// The head's bytes.
    pub bytes: Bytes,
    /// The content, if all of it came with the head. Otherwise it follows, if the head announces any.
    pub content: Option<Bytes>,
    /// Counts the requests of the connection.
    pub number: u64,
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Leaves all requests to [`GuardedIo::poll_head`] and [`GuardedIo::poll_content`]. Call it before anything
    /// is read.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.one_at_a_time = true;
        self
    }

    /// Whether requests are taken one at a time.
    pub fn takes_one_at_a_time(&self) -> bool {
        self.one_at_a_time
    }

    /// How many heads were complete so far, which is the number of the last request.
    pub fn number(&self) -> u64 {
        self.framing.heads()
    }

    /// Where the field lines of the last head stand in its bytes.
    pub fn spans(&self) -> &[FieldSpan] {
        self.spans.as_slice()
    }

    /// Waits for the next request. `None` if none follows, an error if it is to be refused; both end the
    /// connection.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arrival, Violation>>> {
        loop {
            match (self.read_end, self.framing.position()) {
                (Some(ReadEnd::Refused), _) => {
                    return Poll::Ready(self.state.refusal.get().map(Err));
                }
                // The body before it is not complete, or was the last one.
                (Some(ReadEnd::Failed(_)), _) | (_, Position::Body | Position::Ended) => {
                    return Poll::Ready(None);
                }
                (None | Some(ReadEnd::Closed), Position::Between | Position::Head) => {}
            }
            if let Some(arrival) = self.take_head() {
                return Poll::Ready(Some(Ok(arrival)));
            }
            match self.read_end {
                Some(ReadEnd::Closed) => return Poll::Ready(None),
                Some(ReadEnd::Refused | ReadEnd::Failed(_)) => continue,
                None => {}
            }
            if self.expire() {
                continue;
            }
            if let Some(arrival) = ready!(self.poll_first(cx)) {
                return Poll::Ready(Some(Ok(arrival)));
            }
        }
    }

    /// The next request, if its head is in the buffer.
    fn take_head(&mut self) -> Option<Arrival> {
        if self.buffer.is_empty() {
            return None;
        }
        if self.framing.position() == Position::Between {
            self.spans.clear();
        }
        match self.framing.next(self.buffer.bytes(), &mut self.spans) {
            Ok(RequestPart::Head(head)) => {
                let end = end_of_whole(&head, self.buffer.bytes().len());
                pass_content(&mut self.framing, &self.buffer.bytes()[head.length..end]);
                let bytes = self.buffer.split_to(end);
                Some(self.arrived(head, bytes))
            }
            // Content comes only where a body is.
            Ok(
                RequestPart::More
                | RequestPart::End
                | RequestPart::Content(_)
                | RequestPart::Skip(_),
            ) => {
                self.publish_position();
                None
            }
            Err(violation) => {
                self.refuse(violation);
                None
            }
        }
    }

    /// Reads what the next request begins with. Most requests come whole in one read: they are checked where
    /// they were read to, and copied once into memory of their size.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arrival>> {
        thread_buffer::with(|scratch| {
            let Self { io, state, .. } = &mut *self;
            let fresh = match ready!(receive::poll_receive(io, state, cx, &mut scratch[..READ])) {
                Ok(fresh) if !fresh.is_empty() => fresh,
                Ok(_) | Err(_) => {
                    self.read_end = Some(ReadEnd::Closed);
                    return Poll::Ready(None);
                }
            };
            if !self.buffer.is_empty() {
                self.buffer.extend(fresh);
                return Poll::Ready(None);
            }
            self.spans.clear();
            match self.framing.next(fresh, &mut self.spans) {
                Ok(RequestPart::Head(head)) => {
                    let end = end_of_whole(&head, fresh.len());
                    pass_content(&mut self.framing, &fresh[head.length..end]);
                    self.buffer.extend(&fresh[end..]);
                    let bytes = Bytes::copy_from_slice(&fresh[..end]);
                    Poll::Ready(Some(self.arrived(head, bytes)))
                }
                Ok(
                    RequestPart::More
                    | RequestPart::End
                    | RequestPart::Content(_)
                    | RequestPart::Skip(_),
                ) => {
                    self.buffer.extend(fresh);
                    self.publish_position();
                    Poll::Ready(None)
                }
                Err(violation) => {
                    self.refuse(violation);
                    Poll::Ready(None)
                }
            }
        })
    }

    /// A head is complete, and `bytes` begin with it: what follows there is all of its content.
    fn arrived(&mut self, head: RequestHead, mut bytes: Bytes) -> Arrival {
        self.publish_position();
        self.drop_behind_last();
        let content = bytes.split_off(head.length);
        let is_whole = self.framing.position() != Position::Body;
        Arrival {
            head,
            bytes,
            content: is_whole.then_some(content),
            number: self.framing.heads(),
        }
    }

    /// The next piece of the content of the request with this number; nothing at its end. An error without a
    /// violation says that the peer broke off.
    pub fn poll_content(
        &mut self,
        cx: &mut Context<'_>,
        number: u64,
    ) -> Poll<Option<Result<Bytes, Option<Violation>>>> {
        loop {
            if self.is_content_complete(number) {
                return Poll::Ready(None);
            }
            if let Some(ReadEnd::Failed(violation)) = self.read_end {
                return Poll::Ready(Some(Err(Some(violation))));
            }
            if !self.buffer.is_empty() {
                if let Some(piece) = self.take_content() {
                    return Poll::Ready(Some(Ok(piece)));
                }
                continue;
            }
            if self.read_end.is_some() {
                return Poll::Ready(Some(Err(None)));
            }
            if !self.expire() {
                ready!(self.poll_body(cx));
            }
        }
    }

    /// Whether nothing of the content of the request with this number is still to come.
    pub fn is_content_complete(&self, number: u64) -> bool {
        // Content of a later request is none of this one's.
        self.framing.heads() != number || self.framing.position() != Position::Body
    }

    /// The content in front of the buffer, which is not empty.
    fn take_content(&mut self) -> Option<Bytes> {
        let piece = match self.framing.next(self.buffer.bytes(), &mut self.spans) {
            Ok(RequestPart::Content(count)) => Some(self.buffer.split_to(count)),
            Ok(RequestPart::Skip(count)) => {
                self.buffer.skip(count);
                None
            }
            // A head comes only where no body is, and framing needs no byte more than there is.
            Ok(RequestPart::Head(_) | RequestPart::More | RequestPart::End) => None,
            Err(violation) => {
                self.read_end = Some(ReadEnd::Failed(violation));
                None
            }
        };
        self.publish_position();
        self.drop_behind_last();
        piece
    }

    /// Reads content into the buffer, which is empty: what is long is not copied.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.framing.remaining();
        let room = match left.map(usize::try_from) {
            Some(Ok(left)) if left <= READ => left,
            Some(Ok(_) | Err(_)) => LONG_READ,
            None => READ,
        };
        let Self {
            io, buffer, state, ..
        } = self;
        let read = pin!(io.read_buf(buffer.with_room(room))).poll(cx);
        match receive::note(state, cx, read) {
            Poll::Ready(Ok(0) | Err(_)) => self.read_end = Some(ReadEnd::Closed),
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => {
                // Thousands of slow bodies must not keep a buffer each.
                self.buffer.release_if_empty();
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// To be polled while a request is served and nothing else reads. Ready when the connection is lost, so
    /// that nobody waits for the response. Reads ahead as far as the budget of a connection goes.
    pub fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.read_end {
                Some(ReadEnd::Closed) => return self.poll_half_closed(cx).map(|_| ()),
                Some(ReadEnd::Refused | ReadEnd::Failed(_)) => return Poll::Pending,
                None => {}
            }
            let room = match self.framing.position() {
                // Whoever takes the content reads.
                Position::Body => 0,
                Position::Ended => DISCARD_BYTES.saturating_sub(self.discarded).min(READ),
                Position::Between | Position::Head => {
                    READ.saturating_sub(self.buffer.bytes().len())
                }
            };
            if room == 0 {
                self.state.wake_later(cx.waker());
                return Poll::Pending;
            }
            let Self {
                io, buffer, state, ..
            } = &mut *self;
            let received = thread_buffer::with(|scratch| {
                let read = receive::poll_receive(io, state, cx, &mut scratch[..room]);
                read.map_ok(|fresh| {
                    buffer.extend(fresh);
                    fresh.len()
                })
            });
            match ready!(received) {
                Ok(0) => self.read_end = Some(ReadEnd::Closed),
                Ok(_) => self.drop_behind_last(),
                Err(_) => return Poll::Ready(()),
            }
        }
    }

    /// Sees to it that everything written is on its way: TLS may hold a part of it.
    ///
    /// # Errors
    /// If the connection is lost, or its peer did not read in time.
    pub fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_write()?;
        let sent = Pin::new(&mut self.io).poll_flush(cx);
        // The sweep tells a peer that does not read from one that is merely waited for by this.
        self.state.write_blocked.set(sent.is_pending());
        if sent.is_pending() {
            self.state.wake_later(cx.waker());
        }
        sent
    }

    /// Refuses what follows: the request is answered with this violation, and nothing behind it is looked at.
    pub fn refuse(&mut self, violation: Violation) {
        self.stop(violation);
        self.publish_position();
    }

    /// RFC 9112 section 9.6: nothing behind the last request is served. Counted, so that closing knows whether
    /// the peer was still sending.
    fn drop_behind_last(&mut self) {
        if self.framing.position() == Position::Ended {
            let behind = self.buffer.bytes().len();
            self.discarded += behind;
            self.buffer.skip(behind);
        }
    }
}

/// Where the request ends if all of its content is there, otherwise where its head does.
fn end_of_whole(head: &RequestHead, available: usize) -> usize {
    let content = head.content.and_then(|length| usize::try_from(length).ok());
    match content {
        // Whoever waits for `100 Continue` gets it when the content is asked for, as everybody does.
        Some(length) if !head.expects_continue && length <= available - head.length => {
            head.length + length
        }
        Some(_) | None => head.length,
    }
}

/// Tells the check of content that is taken with its head.
fn pass_content(framing: &mut RequestFraming, content: &[u8]) {
    if !content.is_empty() {
        // No head is among it, so there is no field.
        let part = framing.next(content, &mut FieldSpans::default());
        debug_assert_eq!(part, Ok(RequestPart::Content(content.len())));
    }
}
