//! HTTP/1 on one connection, parked while it is idle.
//!
//! The framing check reads and judges every byte anyway, so it is also what finds the fields of a request. The
//! connection's one task reads a request, serves it and writes the response; nothing crosses to another task,
//! and nothing is parsed twice. A request begins when the one before it is answered: what an app sends ahead
//! waits in a buffer of 16 KiB, and then in the system's. So a connection whose app does not read holds one
//! piece of one response, however many requests the app has sent.
//!
//! An idle connection needs neither a buffer nor a future for a request, so the sweep parks it: only the stream
//! and its guard are left. Deadlines, limits and metrics belong to the connection's task and its guard, which
//! stay.
//!
//! * `app_stream`: the connection, shared with the body of the request that is read from it.
//! * `request_head`: a request, from where the check found its parts.
//! * `response_head`: the bytes of a response's head, and how its body ends.
//! * `sending`: a response as it goes out.
//! * `by_hyper`: the same by hyper, for one release (`http1_server` of `[limits]`).

mod app_stream;
mod by_hyper;
mod request_head;
mod response_head;
mod sending;

use crate::{
    fields::{Fields, LastNames},
    limits::Http1Server,
    message::Request,
    request,
    upstream::body::{AppBody, Arriving},
    worker::Connection,
};
use app_stream::AppStream;
use gateway_framing::{Arrival, ConnectionState, GuardedIo, Violation};
use http::{Method, Uri, Version};
use response_head::Recipient;
use sending::{Sending, Sent};
use std::{
    future::poll_fn,
    io,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Prepares the guard of a connection for the server that is chosen for it.
pub(super) fn guard<S>(connection: &Connection, stream: S) -> GuardedIo<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = connection.worker.settings();
    let io = GuardedIo::new(stream).bounded(settings.limits.bounds());
    match settings.limits.http1_server {
        Http1Server::Own => io.one_at_a_time(),
        Http1Server::Hyper => io,
    }
}

/// Serves a connection until it ends, by the server that its guard was made for.
pub(super) async fn serve<S>(connection: Rc<Connection>, io: Box<GuardedIo<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    // Not the setting: it may have changed since.
    if !io.takes_one_at_a_time() {
        return by_hyper::serve(connection, io).await;
    }
    let state = io.state();
    let stream = Rc::new(AppStream::new(io));
    while park(&connection, |cx| stream.io().poll_request(cx)).await {
        let server = Server {
            connection: &connection,
            stream: &stream,
            state: &state,
            spare: Fields::new(),
            names: LastNames::default(),
            sending: Sending::default(),
        };
        // Boxed: a parked connection keeps no room for a request. Before it is run: as an argument it would take
        // its room twice.
        let mut serving = Box::pin(server.serve_until_idle());
        let served = connection.control.run(serving.as_mut()).await;
        drop(serving);
        match served {
            Some(Pause::Idle) => {}
            Some(Pause::Lost) => {
                tracing::debug!(peer = %connection.peer.get(), "connection ended early");
                return;
            }
            // Cut: there is nobody to tell.
            None => return,
            Some(Pause::Ended) => {
                let closing = poll_fn(|cx| stream.poll_shutdown(cx));
                // Nothing is left to be done if the peer is gone.
                let _ = connection.control.run(closing).await;
                return;
            }
        }
    }
    close(|cx| stream.poll_shutdown(cx)).await;
}

/// Waits for a request without a buffer. Returns whether one begins; if not, the stream is to be closed.
async fn park(
    connection: &Connection,
    mut poll_request: impl FnMut(&mut Context<'_>) -> Poll<bool>,
) -> bool {
    let request = connection.parked(poll_fn(|cx| poll_request(cx)));
    request.await.unwrap_or(false)
}

/// Closes a connection that waited. One attempt: everything is sent, so the socket has room for TLS's
/// close_notify.
async fn close(mut poll_shutdown: impl FnMut(&mut Context<'_>) -> Poll<io::Result<()>>) {
    poll_fn(|cx| Poll::Ready(poll_shutdown(cx).is_ready())).await;
}

/// Why no request is served.
enum Pause {
    /// The connection waits, and is to be parked.
    Idle,
    /// The last response is sent, or the app asks for no more.
    Ended,
    /// A response cannot be delivered, so the connection must not look as if it had been.
    Lost,
}

/// What comes next on a connection.
enum Next {
    Request(Result<Arrival, Violation>),
    Nothing(Pause),
}

/// One connection that is not parked.
struct Server<'a, S> {
    connection: &'a Rc<Connection>,
    stream: &'a Rc<AppStream<S>>,
    state: &'a Rc<ConnectionState>,
    /// The list of the last response, whose memory the next request uses.
    spare: Fields,
    names: LastNames,
    sending: Sending,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Server<'_, S> {
    async fn serve_until_idle(mut self) -> Pause {
        loop {
            let arrived = match poll_fn(|cx| self.poll_next(cx)).await {
                Next::Request(arrived) => arrived,
                Next::Nothing(pause) => return pause,
            };
            let (request, mut recipient) = self.request(arrived);
            let response = {
                let (connection, state) = (Rc::clone(self.connection), Rc::clone(self.state));
                let mut serving = pin!(request::serve(connection, state, request));
                // The request first: a response that is ready goes out, even if the app has just gone.
                let served = poll_fn(|cx| match serving.as_mut().poll(cx) {
                    Poll::Ready(response) => Poll::Ready(response.ok()),
                    Poll::Pending => self.stream.io().poll_lost(cx).map(|()| None),
                });
                served.await
            };
            let Some(response) = response else {
                return Pause::Lost;
            };
            // A draining worker ends each connection with its next response.
            recipient.is_last |= self.connection.worker.connections.is_draining();
            // Known now, the app is told; content that is still being sent to the carrier may yet come.
            recipient.is_last |= self.stream.is_abandoned() && !self.drain().await;
            self.stream.begin_response();
            let (worker, stream) = (&self.connection.worker, &**self.stream);
            let spare = self.sending.begin(response, recipient, worker);
            let sent = poll_fn(|cx| self.sending.poll(cx, stream)).await;
            self.spare = spare;
            match sent {
                Sent::More if self.drain().await => {}
                Sent::More | Sent::Last => return Pause::Ended,
                Sent::BrokenOff => return Pause::Lost,
            }
        }
    }

    /// Whether all content of the request has come; what nobody takes is dropped. Waits for nothing.
    async fn drain(&self) -> bool {
        poll_fn(|cx| Poll::Ready(self.stream.drain(cx))).await
    }

    /// Waits for the next request, unless the connection is to be parked meanwhile.
    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        match self.stream.io().poll_head(cx) {
            Poll::Ready(Some(arrived)) => return Poll::Ready(Next::Request(arrived)),
            Poll::Ready(None) => return Poll::Ready(Next::Nothing(Pause::Ended)),
            Poll::Pending => {}
        }
        let parks = self.connection.control.was_told_to_park()
            || self.connection.worker.connections.closes_idle();
        // A head that has begun is no reason to wait without a buffer.
        if parks && self.state.is_idle() {
            return Poll::Ready(Next::Nothing(Pause::Idle));
        }
        Poll::Pending
    }

    /// The request as the phases see it. What cannot be made one is refused like what the check refuses.
    fn request(&mut self, arrived: Result<Arrival, Violation>) -> (Request<AppBody>, Recipient) {
        let assembled = arrived.and_then(|arrival| {
            let spare = std::mem::take(&mut self.spare);
            let io = self.stream.io();
            let request = request_head::assemble(&arrival, io.spans(), spare, &mut self.names);
            match request {
                Ok(request) => Ok((request, arrival)),
                Err(violation) => {
                    self.stream.io().refuse(violation);
                    Err(violation)
                }
            }
        });
        let Ok((request, arrival)) = assembled else {
            let recipient = Recipient {
                http_11: true,
                to_head: false,
                is_last: true,
            };
            let stand_in = Request {
                method: ConnectionState::stand_in(),
                uri: Uri::default(),
                version: Version::HTTP_11,
                fields: Fields::new(),
                body: AppBody::Empty,
            };
            return (stand_in, recipient);
        };
        let recipient = Recipient {
            http_11: arrival.head.http_11,
            to_head: request.method == Method::HEAD,
            is_last: arrival.head.is_last,
        };
        let body = match arrival.content {
            Some(content) if content.is_empty() => AppBody::Empty,
            Some(content) => AppBody::Whole(Some(content)),
            None => {
                self.stream.expect_content(arrival.head.expects_continue);
                let source = Rc::clone(self.stream);
                AppBody::Arriving(Arriving::new(source, arrival.number, arrival.head.content))
            }
        };
        (Request { body, ..request }, recipient)
    }
}
