//! A response as it goes out.

use super::{
    app_stream::AppStream,
    response_head::{self, BodyFacts, Recipient, Remainder},
};
use crate::{fields::Fields, message::Response, request::ResponseBody, worker::Worker};
use bytes::{Buf as _, Bytes};
use hyper::body::Body as _;
use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Shorter pieces are copied behind the head, which costs less than a further element of a vectored write.
const SMALL: usize = 512;
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
    /// To be written in this order: `head` from `at` on, then `piece`, then `tail`.
    head: Vec<u8>,
    at: usize,
    piece: Bytes,
    tail: &'static [u8],
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
        (self.remainder, self.is_last) =
            worker.http_date(|date| response_head::write(&mut self.head, &head, recipient, date));
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
            if self.is_broken || !self.piece.is_empty() || self.head.len() >= COLLECTED {
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
                    self.add(piece);
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
            let _ = write!(self.head, "{:X}\r\n", piece.len());
        }
        self.add(piece);
        if is_chunk {
            self.add_end(b"\r\n");
        }
    }

    fn add(&mut self, piece: Bytes) {
        if piece.len() < SMALL {
            self.head.extend_from_slice(&piece);
        } else {
            self.piece = piece;
        }
    }

    /// Adds bytes behind everything else.
    fn add_end(&mut self, bytes: &'static [u8]) {
        if self.piece.is_empty() {
            self.head.extend_from_slice(bytes);
        } else {
            self.tail = bytes;
        }
    }

    /// The body has ended.
    fn finish(&mut self) {
        match self.remainder {
            // Too short: the app must not take it for complete.
            Remainder::Length(1..) => self.is_broken = true,
            Remainder::Length(0) | Remainder::UntilClose | Remainder::None => {}
            Remainder::Chunks if self.piece.is_empty() => self.add_end(b"0\r\n\r\n"),
            // Behind the line end of the last piece's chunk.
            Remainder::Chunks => self.add_end(b"\r\n0\r\n\r\n"),
        }
        // Its record counts the request: before the app can see the end of the response.
        self.body = None;
    }

    /// Writes what was collected.
    fn poll_write<S>(&mut self, cx: &mut Context<'_>, stream: &AppStream<S>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while self.at < self.head.len() || !self.piece.is_empty() || !self.tail.is_empty() {
            let pieces = [&self.head[self.at..], &self.piece, self.tail];
            let mut written = ready!(stream.poll_write(cx, pieces))?;
            let of_head = written.min(self.head.len() - self.at);
            self.at += of_head;
            written -= of_head;
            let of_piece = written.min(self.piece.len());
            self.piece.advance(of_piece);
            self.tail = &self.tail[written - of_piece..];
        }
        self.piece = Bytes::new();
        self.head.clear();
        self.at = 0;
        Poll::Ready(Ok(()))
    }

    fn end(&mut self) -> Sent {
        // Many small pieces must not keep their memory for the next response.
        self.head.shrink_to(COLLECTED);
        if self.is_last { Sent::Last } else { Sent::More }
    }
}
