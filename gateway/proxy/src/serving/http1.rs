//! HTTP/1 on one connection, taken apart while it rests.
//!
//! hyper keeps some 20 KB for a connection: two buffers, its state, the future of the last request. A
//! connection between two requests needs none of that, so after a moment of rest only the stream and
//! its guard are left, and hyper's part is made again when the next byte comes. Deadlines, limits and
//! metrics belong to the connection's task and its guard, which stay.

use crate::{framing::GuardedIo, request, worker::Connection};
use hyper::{rt::Write as _, server::conn, service::service_fn};
use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves a connection until it ends. The stream is boxed because it goes to and fro.
pub(super) async fn serve<S>(connection: Rc<Connection>, mut io: Box<GuardedIo<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while rest(&connection, &mut io).await {
        // Boxed: a resting connection need not keep room for it.
        match Box::pin(busy(&connection, io)).await {
            Some(stream) => io = stream,
            None => return,
        }
    }
}

/// Waits for a request; whether one comes. If none does, the stream is closed.
async fn rest<S>(connection: &Connection, io: &mut GuardedIo<S>) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = connection.resting(poll_fn(|cx| io.poll_request(cx)));
    let begins = request.await.unwrap_or(false);
    if !begins {
        // One attempt: everything is sent, so there is room for the few bytes of a goodbye.
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *io).poll_shutdown(cx).is_ready())).await;
    }
    begins
}

/// Serves requests; gives the stream back when the connection is to rest.
async fn busy<S>(connection: &Rc<Connection>, io: Box<GuardedIo<S>>) -> Option<Box<GuardedIo<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (state, serving) = (io.state(), Rc::clone(connection));
    let known = io.state();
    let service =
        service_fn(move |request| request::serve(Rc::clone(&serving), Rc::clone(&state), request));
    // The guard's bounds are narrower than these.
    let mut builder = conn::http1::Builder::new();
    builder.max_buf_size(connection.worker.settings.limits.buffer());
    let mut http = builder.serve_connection(io, service);
    let ended = connection.control.run(poll_fn(|cx| {
        if connection.should_tell_to_drain() {
            Pin::new(&mut http).graceful_shutdown();
        }
        match Pin::new(&mut http).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            // Only with everything served, read and sent is there nothing in hyper to lose.
            Poll::Pending if connection.control.was_told_to_rest() => {
                let done = known.is_idle() && known.has_served_all();
                if done {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }
            Poll::Pending => Poll::Pending,
        }
    }));
    match ended.await? {
        None => {
            let parts = http.into_parts();
            // Bytes in hyper would be of a request it does not know: rather no connection than a
            // second reading of them.
            parts.read_buf.is_empty().then_some(parts.io)
        }
        Some(Ok(())) => None,
        Some(Err(error)) => {
            tracing::debug!(peer = %connection.peer, %error, "connection ended early");
            None
        }
    }
}
