//! A response as it goes out.

use super::{
    app_stream::AppStream,
    response_head::{self, BodyFacts, Recipient, Remainder},
};
use crate::{
    fields::Fields, message::Response, request::ResponseBody, worker::Worker,
    write_queue::WriteQueue,
};
use bytes::Bytes;
use hyper::body::Body as _;
use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Small pieces are collected up to here before they are written.
const COLLECTED: usize = 16 * 1024;

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it is sent, and another request may follow.
    More,
    /// All of it is sent, and the connection ends with it.
    Last,
    /// It cannot be completed.
    BrokenOff,
}

/// The response that is being sent.
#[derive(Default)]
pub(super) struct Sending {
    queue: WriteQueue,
    /// Let go with its last piece.
    body: Option<ResponseBody>,
    remainder: Remainder,
    is_last: bool,
    /// The body ended early.
    is_broken: bool,
    /// The stream did not take all that there is.
    is_stuck: bool,
}

impl Sending {
    /// Writes the head into the buffer. Returns the memory of the response's fields.
    pub(super) fn begin(
        &mut self,
        response: Response<ResponseBody>,
        recipient: Recipient,
        worker: &Worker,
    ) -> Fields {
        let head = response.map(|body| {
            let body = self.body.insert(body);
            BodyFacts {
                is_end: body.is_end_stream(),
                length: body.size_hint().exact(),
            }
        });
        (self.remainder, self.is_last) = worker
            .http_date(|date| response_head::write(self.queue.head(), &head, recipient, date));
        head.fields.emptied()
    }

    /// Sends all of it.
    pub(super) fn poll<S>(&mut self, cx: &mut Context<'_>, stream: &AppStream<S>) -> Poll<Sent>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            // What the app has not taken comes first: until then it gets nothing more, so that a connection
            // holds one piece. Otherwise the head waits for the first piece, and both leave with one write.
            let is_waiting = !self.is_stuck && self.collect(cx).is_pending();
            let written = self.poll_write(cx, stream);
            self.is_stuck = written.is_pending();
            if ready!(written).is_err() || self.is_broken {
                return Poll::Ready(Sent::BrokenOff);
            }
            let is_whole = self.body.is_none();
            if is_whole || is_waiting {
                match stream.io().poll_sent(cx) {
                    Poll::Ready(Err(_)) => return Poll::Ready(Sent::BrokenOff),
                    Poll::Ready(Ok(())) if is_whole => return Poll::Ready(self.end()),
                    Poll::Pending if is_whole => return Poll::Pending,
                    Poll::Ready(Ok(())) | Poll::Pending => {}
                }
            }
            if is_waiting {
                // The app may go while the carrier is waited for.
                return stream.io().poll_lost(cx).map(|()| Sent::BrokenOff);
            }
        }
    }

    /// Takes pieces of the body until there is enough for a write. Pending if the next one is waited for.
    fn collect(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(body) = &mut self.body {
            if self.remainder == Remainder::None {
                // Content that may not be sent, of a response to `HEAD`: taken, so that it counts as complete.
                if !body.is_end_stream() {
                    let _ = Pin::new(body).poll_frame(cx);
                }
                self.body = None;
                break;
            }
            if self.is_broken || self.queue.holds_piece() || self.queue.head().len() >= COLLECTED {
                break;
            }
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let is_end = body.is_end_stream();
                    self.push(frame.into_data().unwrap_or_default());
                    if is_end {
                        self.finish();
                    }
                }
                None => self.finish(),
                // What came before goes out first.
                Some(Err(_)) => self.is_broken = true,
            }
        }
        Poll::Ready(())
    }

    /// A piece of the body goes out next.
    fn push(&mut self, mut piece: Bytes) {
        let is_chunk = match &mut self.remainder {
            Remainder::Length(left) => {
                let Some(less) = left.checked_sub(piece.len() as u64) else {
                    // Bytes behind the length would be read as the start of another response.
                    piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                    self.is_last = true;
                    self.queue.add(piece);
                    self.remainder = Remainder::Length(0);
                    return;
                };
                *left = less;
                false
            }
            // An empty chunk would be the last one.
            Remainder::Chunks if piece.is_empty() => return,
            Remainder::Chunks => true,
            Remainder::UntilClose => false,
            Remainder::None => return,
        };
        if is_chunk {
            // Writing to a vector does not fail.
            let _ = write!(self.queue.head(), "{:X}\r\n", piece.len());
        }
        self.queue.add(piece);
        if is_chunk {
            self.queue.add_end(b"\r\n");
        }
    }

    /// The body has ended.
    fn finish(&mut self) {
        match self.remainder {
            // Too short: the app must not take it for complete.
            Remainder::Length(1..) => self.is_broken = true,
            Remainder::Length(0) | Remainder::UntilClose | Remainder::None => {}
            // With the line end of the last piece's chunk.
            Remainder::Chunks if self.queue.holds_piece() => self.queue.add_end(b"\r\n0\r\n\r\n"),
            Remainder::Chunks => self.queue.add_end(b"0\r\n\r\n"),
        }
        // Its record counts the request: before the app can see the end of the response.
        self.body = None;
    }

    /// Writes what was collected.
    fn poll_write<S>(&mut self, cx: &mut Context<'_>, stream: &AppStream<S>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.queue
            .poll_write(|slices| stream.poll_write(cx, slices))
    }

    fn end(&mut self) -> Sent {
        // Many small pieces must not keep their memory for the next response.
        self.queue.shrink();
        if self.is_last { Sent::Last } else { Sent::More }
    }
}
