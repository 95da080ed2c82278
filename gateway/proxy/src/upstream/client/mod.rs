//! HTTP/1.1 to a carrier: one request at a time on a connection, driven by the request's own task.
//!
//! hyper's client gives a connection a task of its own, so that a request and its answer cross to it
//! and back by channels, and each crossing wakes a task. Here the request's own task writes and reads,
//! and the checks of [`gateway_framing`], which see every byte anyway, are also what finds the fields. An
//! unused connection is only its socket: that its server closed it shows when it is taken.
//!
//! * [`Connection`]: an exchange, as far as it has come.
//! * `Sending`: the request, as it goes out.
//! * `Receiving`: the answer, as it comes in.
//! * `Stream`: TCP, or TLS over it.

mod error;
mod head;
mod large_buffer;
mod receiving;
mod sending;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use error::Http1Error;
pub(crate) use sending::{RequestHead, write_head};
pub(crate) use stream::Stream;

use super::body::RequestBody;
use crate::message::Response;
use bytes::Bytes;
use gateway_framing::limits::Bounds;
use http::Method;
use receiving::{READ, Receiving};
use sending::Sending;
use std::task::{Context, Poll, ready};

/// A connection, and the exchange on it.
pub(crate) struct Connection {
    stream: Stream,
    sending: Sending,
    receiving: Receiving,
    /// The answer said that it is the last one, or the request did not go out whole.
    last: bool,
}

impl Connection {
    pub(crate) fn new(stream: Stream, bounds: Bounds) -> Self {
        Self {
            stream,
            sending: Sending::default(),
            receiving: Receiving::new(bounds),
            last: false,
        }
    }

    /// Begins an exchange: the next polls send this. Only for a connection that is reusable.
    pub(crate) fn begin(&mut self, head: RequestHead<'_>, body: RequestBody) {
        self.receiving.begin(head.method == Method::HEAD);
        self.sending.begin(head, body);
    }

    /// Sends, and waits for the head of the answer.
    ///
    /// # Errors
    /// See [`Http1Error`]; whether the request is as good as never sent says [`Connection::unsent`].
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<()>, Http1Error>> {
        match self.poll_send(cx) {
            // The app's fault: waiting for a response to half a request would only hide it.
            Some(failure @ Http1Error::Body) => return Poll::Ready(Err(failure)),
            Some(failure) if !self.sending.has_begun() => return Poll::Ready(Err(failure)),
            // The server stopped reading, but may have answered first (413, for example): read on.
            Some(_) | None => {}
        }
        let Self {
            receiving, stream, ..
        } = self;
        let (answer, last) = ready!(receiving.poll_head(stream, cx))?;
        self.last |= last;
        if self.left().is_some_and(|left| left > READ as u64) {
            // The app may be slow to read so much, and holds this connection as long.
            self.sending.release_buffer();
        }
        Poll::Ready(Ok(answer))
    }

    /// The next piece of the answer's content; sends meanwhile what is left of the request.
    pub(crate) fn poll_content(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Http1Error>>> {
        if let Some(failure @ Http1Error::Body) = self.poll_send(cx) {
            return Poll::Ready(Some(Err(failure)));
        }
        let Self {
            receiving, stream, ..
        } = self;
        receiving.poll_content(stream, cx)
    }

    /// Sends what can be sent. A server that takes no more may have answered all the same, so that
    /// alone ends nothing: reading does.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Option<Http1Error> {
        if self.sending.is_done() {
            return None;
        }
        match self.sending.poll(&mut self.stream, cx) {
            Poll::Ready(Err(failure)) => {
                // A connection that did not take a whole request can take no other.
                self.last = true;
                Some(failure)
            }
            Poll::Ready(Ok(())) | Poll::Pending => None,
        }
    }

    /// The body of a request of which not a byte was sent.
    pub(crate) fn unsent(self) -> Option<RequestBody> {
        self.sending.unsent()
    }

    /// Whether any byte of a response to the current request came.
    pub(crate) fn has_received(&self) -> bool {
        self.receiving.has_begun()
    }

    /// Whether all of the answer's content was taken.
    pub(crate) fn is_answered(&self) -> bool {
        self.receiving.is_complete()
    }

    /// How much content is still to come, if the answer said so.
    pub(crate) fn left(&self) -> Option<u64> {
        self.receiving.left()
    }

    /// Whether it may carry another exchange.
    pub(crate) fn is_reusable(&self) -> bool {
        // All three: half a request or stray bytes would be taken for the next exchange's.
        !self.last && self.sending.is_done() && self.receiving.is_idle()
    }

    /// The exchange is over, and the connection is going to wait for the next one.
    pub(crate) fn become_idle(&mut self) {
        self.receiving.release_buffer();
    }

    /// Whether an unused connection is still open and silent, as it should be. Asks the system only if
    /// something came.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.stream.is_quiet()
    }

    /// Closes an idle connection; with TLS it sends close_notify.
    pub(crate) fn close(self) {
        self.stream.close();
    }
}
