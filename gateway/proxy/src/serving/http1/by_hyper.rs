//! HTTP/1 by hyper, parked while it is idle: the way back from the data plane's own server, for one release.
//!
//! hyper keeps about 20 KB for a connection: two buffers, its state, the future of the last request. An
//! idle connection needs none of that, so the sweep parks it: only the stream and its guard are left, and
//! hyper's part is made again when the next byte arrives.

use crate::{message::Request, request, upstream::body::AppBody, worker::Connection};
use gateway_framing::GuardedIo;
use http::{HeaderValue, header::CONNECTION};
use hyper::{body::Incoming, rt::Write as _, server::conn, service::service_fn};
use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves a connection until it ends. The stream is boxed because it moves into hyper and back.
pub(super) async fn serve<S>(connection: Rc<Connection>, mut io: Box<GuardedIo<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while super::park(&connection, |cx| io.poll_request(cx)).await {
        // Boxed: a parked connection keeps no room for hyper's state.
        match Box::pin(serve_until_idle(&connection, io)).await {
            Some(stream) => io = stream,
            None => return,
        }
    }
    super::close(|cx| Pin::new(&mut *io).poll_shutdown(cx)).await;
}

/// Serves requests. Returns the stream when the connection is to be parked.
async fn serve_until_idle<S>(
    connection: &Rc<Connection>,
    io: Box<GuardedIo<S>>,
) -> Option<Box<GuardedIo<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (state, serving) = (io.state(), Rc::clone(connection));
    let known = io.state();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (serving, state) = (Rc::clone(&serving), Rc::clone(&state));
        let request = Request::from(request.map(AppBody::Hyper));
        async move {
            let mut response = request::serve(Rc::clone(&serving), state, request).await;
            if let Ok(response) = &mut response
                && serving.worker.connections.is_draining()
            {
                let close = HeaderValue::from_static("close");
                response.fields.insert(CONNECTION, close);
            }
            response.map(http::Response::from)
        }
    });
    // Larger than the guard's bounds, so that the guard decides and its error reaches the app.
    let mut builder = conn::http1::Builder::new();
    builder.max_buf_size(connection.worker.settings().limits.buffer());
    let mut http = builder.serve_connection(io, service);
    // hyper's own graceful shutdown is not used: it closes a connection in the middle of a request's head.
    let ended = connection.control.run(poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut http).poll(cx) {
            return Poll::Ready(Some(ended));
        }
        let parks = connection.control.was_told_to_park();
        // Park only when everything is served, read and sent: bytes inside hyper would be lost.
        if (parks || connection.worker.connections.closes_idle())
            && known.is_idle()
            && known.has_begun_all()
        {
            return Poll::Ready(None);
        }
        Poll::Pending
    }));
    match ended.await? {
        None => {
            let parts = http.into_parts();
            // Bytes left here were approved by the guard already. Reading them a second time could frame
            // them differently, so the connection is given up.
            parts.read_buf.is_empty().then_some(parts.io)
        }
        Some(Ok(())) => None,
        Some(Err(error)) => {
            tracing::debug!(peer = %connection.peer.get(), %error, "connection ended early");
            None
        }
    }
}
