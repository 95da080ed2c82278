//! A request as it goes out.

use super::{super::body::RequestBody, error::Http1Error, stream::Stream};
use crate::{fields::Fields, trace_context::TRACEPARENT, write_queue::WriteQueue};
use http::{HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use hyper::body::Body as _;
use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::AsyncWrite as _;

/// Everything of a request but its body.
#[derive(Clone, Copy)]
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a PathAndQuery,
    pub(crate) fields: &'a Fields,
    /// Fields of ours, each in place of those of its name before it, here and among `fields`.
    pub(crate) added: &'a [(HeaderName, HeaderValue)],
    /// The `traceparent` of this attempt; `fields` have none then.
    pub(crate) traceparent: Option<&'a HeaderValue>,
}

/// What of the body is still to be written, and how its end is marked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Remainder {
    /// This many bytes follow.
    Length(u64),
    /// Chunks follow; an empty one is the last.
    Chunks,
    /// Nothing: all of it is in the buffer.
    None,
}

/// The request that is being sent.
#[derive(Debug)]
pub(super) struct Sending {
    queue: WriteQueue,
    body: RequestBody,
    remainder: Remainder,
    /// The stream took something, so the server may have it.
    begun: bool,
    flushed: bool,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            queue: WriteQueue::default(),
            body: RequestBody::Empty,
            remainder: Remainder::None,
            begun: false,
            flushed: true,
        }
    }
}

impl Sending {
    /// Queues what is here already. The body itself stays as it is until the stream
    /// took something, so that it can be given back.
    pub(super) fn begin(&mut self, head: RequestHead<'_>, body: RequestBody) {
        (self.begun, self.flushed) = (false, false);
        self.remainder = write_head(self.queue.head(), head, &body);
        // Head and body in one buffer: most requests leave with one write.
        if let Some(pieces) = body.pieces() {
            for piece in pieces {
                self.queue.head().extend_from_slice(piece);
            }
            self.remainder = Remainder::None;
        }
        self.body = body;
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) const fn is_done(&self) -> bool {
        self.flushed
    }

    /// Frees what the request needed if all of it is sent.
    pub(super) fn release_buffer(&mut self) {
        if self.flushed {
            self.queue = WriteQueue::default();
        }
    }

    /// The body, as long as nothing was sent.
    pub(super) fn unsent(self) -> Option<RequestBody> {
        (!self.begun).then_some(self.body)
    }

    /// Sends all of it.
    pub(super) fn poll(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Http1Error>> {
        loop {
            ready!(self.poll_write(stream, cx))?;
            if matches!(self.remainder, Remainder::None) {
                // TLS may still hold the last record; without a flush the server would wait for it.
                ready!(Pin::new(stream).poll_flush(cx))?;
                self.body = RequestBody::Empty;
                self.flushed = true;
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_body(cx))?;
        }
    }

    fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { queue, begun, .. } = self;
        ready!(queue.poll_write(|slices| {
            let written = ready!(Pin::new(&mut *stream).poll_write_vectored(cx, slices))?;
            // From here on the request must not be sent again on another connection.
            *begun |= written > 0;
            Poll::Ready(Ok(written))
        }))?;
        // A long head must not keep its memory for a whole connection's life.
        queue.shrink();
        Poll::Ready(Ok(()))
    }

    /// Queues the next piece of the body.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Http1Error>> {
        let piece = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(_)) => return Poll::Ready(Err(Http1Error::Body)),
            None => return Poll::Ready(self.end()),
        };
        match &mut self.remainder {
            // An empty chunk would be the last one.
            Remainder::Chunks if piece.is_empty() => {}
            Remainder::Chunks => {
                write!(self.queue.head(), "{:x}\r\n", piece.len())?;
                self.queue.add(piece);
                self.queue.add_end(b"\r\n");
            }
            Remainder::Length(left) => {
                // Bytes beyond the length would be read as the start of another request.
                let Some(less) = left.checked_sub(piece.len() as u64) else {
                    return Poll::Ready(Err(Http1Error::Body));
                };
                *left = less;
                self.queue.add(piece);
                if less == 0 && self.body.is_end_stream() {
                    self.remainder = Remainder::None;
                }
            }
            Remainder::None => {}
        }
        Poll::Ready(Ok(()))
    }

    /// The body has ended.
    fn end(&mut self) -> Result<(), Http1Error> {
        match self.remainder {
            // Too short: the carrier would wait for bytes that never come.
            Remainder::Length(1..) => return Err(Http1Error::Body),
            Remainder::Length(0) | Remainder::None => {}
            Remainder::Chunks => self.queue.add_end(b"0\r\n\r\n"),
        }
        self.remainder = Remainder::None;
        Ok(())
    }
}

/// Writes a request's head (RFC 9112 sections 3 and 6); says how its body will end.
pub(crate) fn write_head(
    buffer: &mut Vec<u8>,
    head: RequestHead<'_>,
    body: &RequestBody,
) -> Remainder {
    buffer.extend_from_slice(head.method.as_str().as_bytes());
    buffer.push(b' ');
    buffer.extend_from_slice(head.target.as_str().as_bytes());
    buffer.extend_from_slice(b" HTTP/1.1\r\n");
    let mut has_length = false;
    // The gateway's fields replace those of the same name, so that no second `Authorization` goes out.
    for (name, value) in head.fields.iter() {
        if head.added.iter().all(|(ours, _)| ours != name) {
            has_length |= name == header::CONTENT_LENGTH;
            write_field(buffer, name, value);
        }
    }
    for (at, (name, value)) in head.added.iter().enumerate() {
        // The last of one name wins: a signature may replace a field of the credential.
        if head.added[at + 1..].iter().all(|(later, _)| later != name) {
            write_field(buffer, name, value);
        }
    }
    if let Some(value) = head.traceparent {
        write_field(buffer, &TRACEPARENT, value);
    }
    let remainder = match body.size_hint().exact() {
        // No field at all: an empty body is announced where the method wants it.
        Some(0) => Remainder::None,
        Some(size) => {
            if !has_length {
                buffer.extend_from_slice(b"content-length: ");
                buffer.extend_from_slice(size.to_string().as_bytes());
                buffer.extend_from_slice(b"\r\n");
            }
            Remainder::Length(size)
        }
        None => {
            buffer.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Remainder::Chunks
        }
    };
    buffer.extend_from_slice(b"\r\n");
    remainder
}

fn write_field(buffer: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
    buffer.reserve(name.len() + value.len() + 4);
    buffer.extend_from_slice(name);
    buffer.extend_from_slice(b": ");
    buffer.extend_from_slice(value);
    buffer.extend_from_slice(b"\r\n");
}
