//! A connection taken for one exchange.

use super::{
    body::RequestBody,
    client::{Connection, RequestHead},
    error::ExchangeError,
    pool::{PooledConnection, StreamGuard, UpstreamPool},
    response::{Pooled, UpstreamBody},
};
use crate::{error::Problem, message::Response, trace_context::TRACEPARENT};
use http::{HeaderMap, Request, Version, header, uri};
use hyper::client::conn::http2;
use std::{future::poll_fn, rc::Rc};

/// A connection that one exchange has to itself (one stream of it, with HTTP/2).
pub(crate) struct Lease {
    upstream: Rc<UpstreamPool>,
    connection: PooledConnection,
    /// It served an earlier request, so its server may have closed it meanwhile.
    pub(crate) reused: bool,
}

/// Why a request got no response.
pub(crate) struct SendError {
    pub(crate) error: ExchangeError,
    /// The body, if not a byte of the request was sent.
    pub(crate) unsent: Option<RequestBody>,
    /// No byte of a response came.
    pub(crate) silent: bool,
}

impl Lease {
    /// A connection that has served before and is open, if there is one.
    pub(crate) fn idle(upstream: &Rc<UpstreamPool>) -> Option<Self> {
        upstream.take_idle().map(|connection| Self {
            upstream: Rc::clone(upstream),
            connection,
            reused: true,
        })
    }

    /// A new connection.
    pub(crate) async fn connect(upstream: &Rc<UpstreamPool>) -> Result<Self, Problem> {
        Ok(Self {
            connection: upstream.connect().await?,
            upstream: Rc::clone(upstream),
            reused: false,
        })
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        self,
        head: RequestHead<'_>,
        body: RequestBody,
    ) -> Result<Response<UpstreamBody>, SendError> {
        match self.connection {
            PooledConnection::Http1(connection) => {
                over_http1(self.upstream, connection, head, body).await
            }
            PooledConnection::Http2(sender, streams) => {
                over_http2(&self.upstream, sender, streams, head, body).await
            }
        }
    }
}

async fn over_http1(
    upstream: Rc<UpstreamPool>,
    mut connection: Box<Connection>,
    head: RequestHead<'_>,
    body: RequestBody,
) -> Result<Response<UpstreamBody>, SendError> {
    connection.begin(head, body);
    match poll_fn(|cx| connection.poll_head(cx)).await {
        Ok(answer) => Ok(answer.map(|()| UpstreamBody::Http1(Pooled::new(upstream, connection)))),
        Err(error) => Err(SendError {
            error: ExchangeError::Http1(error),
            silent: !connection.has_received(),
            unsent: connection.unsent(),
        }),
    }
}

async fn over_http2(
    upstream: &UpstreamPool,
    mut sender: http2::SendRequest<RequestBody>,
    streams: StreamGuard,
    head: RequestHead<'_>,
    body: RequestBody,
) -> Result<Response<UpstreamBody>, SendError> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.version_mut() = Version::HTTP_2;
    // A copy, because HTTP/2's client takes its request over.
    let mut headers = HeaderMap::from(head.fields.clone());
    // `:authority` takes its place; a server may refuse a request that has both.
    headers.remove(header::HOST);
    for (name, value) in head.added {
        headers.insert(name, value.clone());
    }
    if let Some(value) = head.traceparent {
        headers.insert(TRACEPARENT, value.clone());
    }
    *request.headers_mut() = headers;
    let mut parts = uri::Parts::default();
    parts.scheme = Some(upstream.scheme.clone());
    parts.authority = Some(upstream.authority.clone());
    parts.path_and_query = Some(head.target.clone());
    *request.uri_mut() =
        uri::Uri::from_parts(parts).expect("a scheme, an authority and a path are a URI");
    // `try_`: it gives the request back if not a byte of it was sent.
    match sender.try_send_request(request).await {
        Ok(answer) => Ok(Response::from(answer).map(|body| UpstreamBody::Http2(body, streams))),
        Err(mut error) => {
            let unsent = error.take_message().map(Request::into_body);
            let error = ExchangeError::Http2(error.into_error());
            // HTTP/2 reports a response with its first frame: without one, none of its bytes came.
            Err(SendError {
                error,
                unsent,
                silent: true,
            })
        }
    }
}
