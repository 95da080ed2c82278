//! The body of a carrier's response, and the return of its connection to the pool.

use super::{
    client::Connection,
    error::ExchangeError,
    pool::{StreamGuard, UpstreamPool},
};
use bytes::Bytes;
use hyper::body::{Body as _, Incoming, SizeHint};
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// The body of a carrier's answer. Once it is complete, its connection may serve again.
pub(crate) enum UpstreamBody {
    Http1(Pooled),
    Http2(
        Incoming,
        #[expect(dead_code, reason = "counts by living")] StreamGuard,
    ),
}

/// A connection on its way back.
pub(crate) struct Pooled {
    upstream: Rc<UpstreamPool>,
    /// Taken when it goes back.
    connection: Option<Box<Connection>>,
}

impl Pooled {
    pub(super) const fn new(upstream: Rc<UpstreamPool>, connection: Box<Connection>) -> Self {
        Self {
            upstream,
            connection: Some(connection),
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        // Only a complete response leaves the connection at a known place in its bytes.
        if let Some(connection) = self.connection.take_if(|it| it.is_reusable()) {
            self.upstream.give_back(connection);
        }
    }
}

impl UpstreamBody {
    /// The next piece of content. Trailers are dropped: the response head to the app announced none.
    pub(crate) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ExchangeError>>> {
        match self {
            Self::Http1(pooled) => match &mut pooled.connection {
                Some(connection) => connection
                    .poll_content(cx)
                    .map(|piece| piece.map(|piece| piece.map_err(ExchangeError::Http1))),
                None => Poll::Ready(None),
            },
            Self::Http2(body, _) => loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Some(Err(ExchangeError::Http2(error))));
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                }
            },
        }
    }

    /// Whether all of it was taken.
    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Self::Http1(pooled) => pooled.connection.as_ref().is_none_or(|it| it.is_answered()),
            Self::Http2(body, _) => body.is_end_stream(),
        }
    }

    /// How much is still to come, if the carrier said so.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(pooled) => {
                let left = pooled.connection.as_ref().and_then(|it| it.left());
                left.map_or_else(SizeHint::new, SizeHint::with_exact)
            }
            Self::Http2(body, _) => body.size_hint(),
        }
    }
}
