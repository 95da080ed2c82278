//! Phase 1, second half: one app's connection, its deadlines and its end.
//!
//! Deadlines of the connection (idle, head, body, write) are swept, not timed: see `connections.rs`.
//! Deadlines of a single request (first byte, credential) belong to its future: see `ticks.rs`.

use crate::{
    framing::{ConnectionState, GuardedIo, Protocol},
    http1,
    read_ahead::ReadAhead,
    serve,
    streams::{Polled, Streams},
    ticks::timeout,
    worker::Worker,
};
use hyper::{server::conn, service::service_fn};
use hyper_util::rt::TokioTimer;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

/// What the worker knows about one connection while it lives.
pub(crate) struct Connection {
    pub(crate) worker: Rc<Worker>,
    pub(crate) peer: SocketAddr,
    /// Encrypted by us.
    pub(crate) secure: bool,
    /// The caller needs no credentials: loopback peer on a trusting listener.
    pub(crate) trusted: bool,
    /// What the last `Host` of this connection meant.
    pub(crate) host_memo: RefCell<Option<crate::hygiene::HostMemo>>,
    /// What the answer did that was polled last.
    pub(crate) polled: Cell<Option<Polled>>,
    /// It can be told that it ends before it does.
    http2: Cell<bool>,
    goodbye: Cell<bool>,
    told_to_drain: Cell<bool>,
    told_to_rest: Cell<bool>,
    resting: Cell<bool>,
    pub(crate) cut: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    slot: usize,
}

impl Connection {
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Runs a future of the connection until it ends or the connection is cut.
    pub(crate) async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.cut.get() {
                return Poll::Ready(None);
            }
            let mut waker = self.waker.borrow_mut();
            if !waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                *waker = Some(cx.waker().clone());
            }
            drop(waker);
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Whether it is time, for the first time, to tell the peer that this connection ends.
    pub(crate) fn should_tell_to_drain(&self) -> bool {
        let ends = self.goodbye.get() || self.worker.connections.is_draining();
        ends && !self.told_to_drain.replace(true)
    }

    /// Ends an idle HTTP/2 connection by `GOAWAY`, so that a request on its way to us is known not to
    /// have been served. Works once: a peer that does not react is cut the next time.
    pub(crate) fn says_goodbye(&self) -> bool {
        if !self.http2.get() || self.told_to_drain.get() || self.goodbye.replace(true) {
            return false;
        }
        self.wake();
        true
    }

    /// From now on the sweep looks after the peer's pace.
    fn watch(&self, state: Rc<ConnectionState>) {
        self.worker.connections.watch(self.slot, state);
    }

    /// Whether the sweep found, since this was asked last, that hyper's part of the connection rests.
    pub(crate) fn was_told_to_rest(&self) -> bool {
        self.told_to_rest.take()
    }

    /// Waits for a request, without a buffer: until it comes, or the connection has to end.
    pub(crate) async fn resting<F: Future>(&self, request: F) -> Option<F::Output> {
        let mut request = pin!(request);
        let resting = &self.worker.metrics.connections_resting;
        resting.add(1);
        self.resting.set(true);
        let waiting = self.run(poll_fn(|cx| {
            if self.should_tell_to_drain() {
                return Poll::Ready(None);
            }
            request.as_mut().poll(cx).map(Some)
        }));
        let request = waiting.await.flatten();
        self.resting.set(false);
        resting.sub(1);
        request
    }

    /// Takes hyper's part of it apart, if that has nothing to do.
    pub(crate) fn rest(&self) {
        if !self.resting.get() && !self.http2.get() {
            self.told_to_rest.set(true);
            self.wake();
        }
    }
}

/// Serves a connection until it ends.
pub(crate) fn start(worker: &Rc<Worker>, listener: usize, stream: TcpStream) {
    let Ok(peer) = stream.peer_addr() else {
        worker.loads.end(worker.number);
        return;
    };
    // Without it small answers wait for the peer's delayed acknowledgement; it cannot be vital.
    let _ = stream.set_nodelay(true);
    let settings = &worker.settings.listeners[listener];
    let trusted = settings.trust_loopback && peer.ip().to_canonical().is_loopback();
    let secure = settings.tls.is_some();
    let connection = worker.connections.insert_with(|slot| {
        Rc::new(Connection {
            worker: Rc::clone(worker),
            peer,
            secure,
            trusted,
            host_memo: RefCell::new(None),
            polled: Cell::new(None),
            http2: Cell::new(false),
            goodbye: Cell::new(false),
            told_to_drain: Cell::new(false),
            told_to_rest: Cell::new(false),
            resting: Cell::new(false),
            cut: Cell::new(false),
            waker: RefCell::new(None),
            slot,
        })
    });
    worker.metrics.connections_open.add(1);
    let tls = settings.tls.clone();
    tokio::task::spawn_local(async move {
        let worker = Rc::clone(&connection.worker);
        match tls {
            None => serve_plaintext(Rc::clone(&connection), stream).await,
            // Boxed like HTTP/2 below: a plain connection need not keep room for their state.
            Some(tls) => Box::pin(serve_tls(Rc::clone(&connection), tls, stream)).await,
        }
        worker.connections.remove(connection.slot);
        worker.metrics.connections_open.sub(1);
        worker.loads.end(worker.number);
    });
}

/// HTTP/1.1, or HTTP/2 if the client begins with its preface (RFC 9113 section 3.3).
async fn serve_plaintext(connection: Rc<Connection>, stream: TcpStream) {
    let worker = &connection.worker;
    let mut io = Box::new(GuardedIo::new(stream).bounded(worker.settings.limits.bounds()));
    connection.watch(io.state());
    match connection.resting(io.protocol()).await {
        Some(Ok(Protocol::Http1)) => http1::serve(connection, io).await,
        Some(Ok(Protocol::Http2)) => Box::pin(serve_http2(connection, io)).await,
        Some(Err(_)) | None => {}
    }
}

async fn serve_tls(connection: Rc<Connection>, tls: Arc<rustls::ServerConfig>, stream: TcpStream) {
    let worker = &connection.worker;
    let handshake = TlsAcceptor::from(tls).accept(ReadAhead::new(stream));
    let handshake = timeout(&worker.ticks, worker.settings.limits.handshake, handshake);
    let Some(Ok(Ok(stream))) = connection.run(handshake).await else {
        return;
    };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut io = Box::new(GuardedIo::new(stream).bounded(worker.settings.limits.bounds()));
    if http2 {
        io.set_http2();
        Box::pin(serve_http2(connection, io)).await;
    } else {
        connection.watch(io.state());
        http1::serve(connection, io).await;
    }
}

async fn serve_http2<S>(connection: Rc<Connection>, io: Box<GuardedIo<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let limits = &connection.worker.settings.limits;
    connection.watch(io.state());
    connection.http2.set(true);
    let (state, serving) = (io.state(), Rc::clone(&connection));
    let service =
        service_fn(move |request| serve::serve(Rc::clone(&serving), Rc::clone(&state), request));
    let mut builder = conn::http2::Builder::new(Streams(Rc::clone(&connection)));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(64 * 1024)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(1024)
        // Several stalled streams must not shut the connection for the others.
        .initial_stream_window_size(128 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .keep_alive_interval(limits.keep_alive_idle / 2)
        .keep_alive_timeout(limits.write_idle);
    let mut http = pin!(builder.serve_connection(io, service));
    let ended = connection.run(poll_fn(|cx| {
        if connection.should_tell_to_drain() {
            http.as_mut().graceful_shutdown();
        }
        http.as_mut().poll(cx)
    }));
    if let Some(Err(error)) = ended.await {
        tracing::debug!(peer = %connection.peer, %error, "connection ended early");
    }
}
