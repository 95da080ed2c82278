//! A connection taken for one exchange, and the answer that comes over it.

use super::{Streams, Upstream};
use crate::{
    client::{self, Connection, RequestHead},
    outgoing::{BodyFault, Outgoing},
};
use bytes::Bytes;
use http::{Request, Response, Version, header, uri};
use hyper::{
    body::{Body, Incoming, SizeHint},
    client::conn::http2,
};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// See the module.
pub(crate) struct Lease {
    upstream: Rc<Upstream>,
    carrier: Carrier,
    /// It has served before, so its server may have closed it meanwhile.
    pub(crate) reused: bool,
}

/// What a request is sent by.
pub(super) enum Carrier {
    Http1(Box<Connection>),
    Http2(http2::SendRequest<Outgoing>, Streams),
}

/// Why no answer comes.
pub(crate) struct NotAnswered {
    pub(crate) failure: Failure,
    /// The body, if not a byte of the request was sent.
    pub(crate) unsent: Option<Outgoing>,
}

/// What went wrong with an exchange.
#[derive(Debug)]
pub(crate) enum Failure {
    Http1(client::Failure),
    Http2(hyper::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http1(client::Failure::Malformed(violation)) => f.write_str(violation.message()),
            Self::Http1(client::Failure::Body) => f.write_str("the app's body broke off"),
            Self::Http1(client::Failure::Lost(error)) => error.fmt(f),
            Self::Http2(error) => error.fmt(f),
        }
    }
}

impl Failure {
    /// What the app did wrong: its body was not as long as it had said.
    pub(crate) const fn fault(&self) -> Option<BodyFault> {
        match self {
            Self::Http1(client::Failure::Body) => Some(BodyFault::Malformed(None)),
            Self::Http1(_) | Self::Http2(_) => None,
        }
    }

    /// Whether the carrier's answer is not what an answer may be.
    pub(crate) fn is_malformed(&self) -> bool {
        match self {
            Self::Http1(failure) => matches!(failure, client::Failure::Malformed(_)),
            Self::Http2(error) => error.is_parse(),
        }
    }
}

impl Lease {
    pub(super) fn new(upstream: &Rc<Upstream>, carrier: Carrier, reused: bool) -> Self {
        Self {
            upstream: Rc::clone(upstream),
            carrier,
            reused,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        self,
        head: RequestHead<'_>,
        body: Outgoing,
    ) -> Result<Response<Received>, NotAnswered> {
        match self.carrier {
            Carrier::Http1(connection) => over_http1(self.upstream, connection, head, body).await,
            Carrier::Http2(sender, streams) => {
                over_http2(&self.upstream, sender, streams, head, body).await
            }
        }
    }
}

async fn over_http1(
    upstream: Rc<Upstream>,
    mut connection: Box<Connection>,
    head: RequestHead<'_>,
    body: Outgoing,
) -> Result<Response<Received>, NotAnswered> {
    connection.begin(head, body);
    match poll_fn(|cx| connection.poll_head(cx)).await {
        Ok(answer) => Ok(answer.map(|()| {
            Received::Http1(Pooled {
                upstream,
                connection: Some(connection),
            })
        })),
        Err(failure) => Err(NotAnswered {
            failure: Failure::Http1(failure),
            unsent: connection.unsent(),
        }),
    }
}

async fn over_http2(
    upstream: &Upstream,
    mut sender: http2::SendRequest<Outgoing>,
    streams: Streams,
    head: RequestHead<'_>,
    body: Outgoing,
) -> Result<Response<Received>, NotAnswered> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.clone_from(head.headers);
    headers.remove(header::HOST);
    for (name, value) in head.added {
        headers.insert(name, value.clone());
    }
    let mut parts = uri::Parts::default();
    parts.scheme = Some(upstream.scheme.clone());
    parts.authority = Some(upstream.authority.clone());
    parts.path_and_query = Some(head.target.clone());
    *request.uri_mut() =
        uri::Uri::from_parts(parts).expect("a scheme, an authority and a path are a URI");
    match sender.try_send_request(request).await {
        Ok(answer) => Ok(answer.map(|body| Received::Http2(body, streams))),
        Err(mut error) => {
            let unsent = error.take_message().map(Request::into_body);
            let failure = Failure::Http2(error.into_error());
            Err(NotAnswered { failure, unsent })
        }
    }
}

/// The body of a carrier's answer. Once it is complete, its connection may serve again.
pub(crate) enum Received {
    Http1(Pooled),
    Http2(
        Incoming,
        #[expect(dead_code, reason = "counts by living")] Streams,
    ),
}

/// A connection on its way back.
pub(crate) struct Pooled {
    upstream: Rc<Upstream>,
    /// Taken when it goes back.
    connection: Option<Box<Connection>>,
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take_if(|it| it.is_reusable()) {
            self.upstream.give_back(connection);
        }
    }
}

impl Received {
    /// The next piece of content; trailers end here, for nobody announced them downstream.
    pub(crate) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        match self {
            Self::Http1(pooled) => match &mut pooled.connection {
                Some(connection) => connection
                    .poll_content(cx)
                    .map(|piece| piece.map(|piece| piece.map_err(Failure::Http1))),
                None => Poll::Ready(None),
            },
            Self::Http2(body, _) => loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Some(Err(Failure::Http2(error))));
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
