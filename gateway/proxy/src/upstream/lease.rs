//! A connection taken for one exchange.

use super::{
    body::Outgoing,
    client::{Connection, RequestHead},
    failure::Failure,
    pool::{Carrier, StreamGuard, Upstream},
    response::{Pooled, Received},
};
use crate::error::Problem;
use http::{Request, Response, Version, header, uri};
use hyper::client::conn::http2;
use std::{future::poll_fn, rc::Rc};

/// A connection that one exchange has to itself (one stream of it, with HTTP/2).
pub(crate) struct Lease {
    upstream: Rc<Upstream>,
    carrier: Carrier,
    /// It has served before, so its server may have closed it meanwhile.
    pub(crate) reused: bool,
}

/// Why no answer comes.
pub(crate) struct NotAnswered {
    pub(crate) failure: Failure,
    /// The body, if not a byte of the request was sent.
    pub(crate) unsent: Option<Outgoing>,
}

impl Lease {
    /// A connection that has served before and is open, if there is one.
    pub(crate) fn idle(upstream: &Rc<Upstream>) -> Option<Self> {
        upstream.take_idle().map(|carrier| Self {
            upstream: Rc::clone(upstream),
            carrier,
            reused: true,
        })
    }

    /// A new connection.
    pub(crate) async fn connect(upstream: &Rc<Upstream>) -> Result<Self, Problem> {
        Ok(Self {
            carrier: upstream.connect().await?,
            upstream: Rc::clone(upstream),
            reused: false,
        })
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
        Ok(answer) => Ok(answer.map(|()| Received::Http1(Pooled::new(upstream, connection)))),
        Err(failure) => Err(NotAnswered {
            failure: Failure::Http1(failure),
            unsent: connection.unsent(),
        }),
    }
}

async fn over_http2(
    upstream: &Upstream,
    mut sender: http2::SendRequest<Outgoing>,
    streams: StreamGuard,
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
