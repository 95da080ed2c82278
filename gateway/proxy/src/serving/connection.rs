//! Phase 1: one app's connection, from its first byte to its end.
//!
//! The deadlines of a connection (idle, head, body, write) have no timer: the sweep of
//! `worker/connection_table.rs` checks them. The deadlines of a single request (first byte, credential)
//! belong to its future (`ticks.rs`).

use super::{
    http1, http2_fields,
    http2_streams::Streams,
    http2_unread::{CountedBody, Unread},
    read_ahead::ReadAhead,
};
use crate::{
    message::Request,
    request,
    ticks::timeout,
    upstream::body::AppBody,
    worker::{Connection, Worker},
};
use gateway_framing::{GuardedIo, Protocol, read_proxy_header};
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::rt::TokioTimer;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    rc::Rc,
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How much of a response the system holds for an app beyond what is on its way. Without a bound it takes
/// megabytes, and an app that does not read them would look like one that has read its response.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 16 * 1024;

/// Serves a connection until it ends.
pub(super) fn start(worker: &Rc<Worker>, listener: usize, stream: TcpStream) {
    // The peer is gone already.
    let Ok(peer) = stream.peer_addr() else {
        worker.loads.end(worker.number);
        return;
    };
    // Without TCP_NODELAY a small response waits for the peer's delayed acknowledgement. An error here
    // costs only that speed.
    let _ = stream.set_nodelay(true);
    // An error here leaves the system's own bound.
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
    let settings = worker.settings();
    let settings = &settings.listeners[listener];
    let proxied = settings.client_address.expects_proxy_header(peer.ip());
    // Canonical, since `::ffff:127.0.0.1` is this machine too. A proxy on this machine speaks for others.
    let local = !proxied && peer.ip().to_canonical().is_loopback();
    let tls = settings.tls.clone();
    let connection = Connection::begin(worker, peer, tls.is_some(), (listener, local));
    tokio::task::spawn_local(async move {
        let mut stream = stream;
        // Boxed like TLS and HTTP/2 below: a plaintext HTTP/1 connection keeps no room for their state.
        let is_served = !proxied || Box::pin(read_client(&connection, &mut stream)).await;
        match tls {
            _ if !is_served => {}
            None => serve_plaintext(Rc::clone(&connection), stream).await,
            Some(tls) => Box::pin(serve_tls(Rc::clone(&connection), tls, stream)).await,
        }
        connection.end();
    });
}

/// Reads whom a load balancer's connection comes from, and returns whether it may be served.
async fn read_client(connection: &Connection, stream: &mut TcpStream) -> bool {
    let worker = &connection.worker;
    let header = read_proxy_header(stream);
    let header = timeout(&worker.ticks, worker.settings().limits.handshake, header);
    match connection.control.run(header).await {
        Some(Ok(Ok(client))) => {
            if let Some(client) = client {
                connection.peer.set(client);
            }
            true
        }
        Some(Ok(Err(error))) => {
            if let Some(left_out) = worker.nameless_connections.admit(worker.now()) {
                tracing::warn!(
                    peer = %connection.peer.get(), %error, left_out,
                    "a connection of a trusted proxy was closed: let the proxy send the PROXY protocol, or \
                     remove its address from listen.trusted_proxies"
                );
            }
            false
        }
        // Too late, or the gateway ends.
        Some(Err(_)) | None => false,
    }
}

/// HTTP/1.1, or HTTP/2 if the client begins with its preface (RFC 9113 section 3.3).
async fn serve_plaintext(connection: Rc<Connection>, stream: TcpStream) {
    let mut io = Box::new(http1::guard(&connection, stream));
    connection.watch(io.state());
    match connection.parked(io.protocol()).await {
        Some(Ok(Protocol::Http1)) => http1::serve(connection, io).await,
        Some(Ok(Protocol::Http2)) => Box::pin(serve_http2(connection, io)).await,
        Some(Err(_)) | None => {}
    }
}

async fn serve_tls(connection: Rc<Connection>, tls: Arc<rustls::ServerConfig>, stream: TcpStream) {
    // Boxed, and freed when it is over: its state takes 6 KB, for which an idle connection would keep room.
    let Some((io, protocol)) = Box::pin(handshake(&connection, tls, stream)).await else {
        return;
    };
    match protocol {
        Protocol::Http1 => {
            connection.watch(io.state());
            http1::serve(connection, io).await;
        }
        Protocol::Http2 => Box::pin(serve_http2(connection, io)).await,
    }
}

/// An app's connection with TLS.
type TlsIo = GuardedIo<TlsStream<ReadAhead<TcpStream>>>;

/// Agrees on keys and on a protocol. A handshake that fails or takes too long has no reader for an error.
async fn handshake(
    connection: &Connection,
    tls: Arc<rustls::ServerConfig>,
    stream: TcpStream,
) -> Option<(Box<TlsIo>, Protocol)> {
    let worker = &connection.worker;
    let handshake = TlsAcceptor::from(tls).accept(ReadAhead::new(stream));
    let handshake = timeout(&worker.ticks, worker.settings().limits.handshake, handshake);
    let stream = connection.control.run(handshake).await?.ok()?.ok()?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut io = Box::new(http1::guard(connection, stream));
    // The negotiated protocol decides, not a preface: an app that agreed on HTTP/1 must not switch.
    if !http2 {
        return Some((io, Protocol::Http1));
    }
    io.set_http2();
    Some((io, Protocol::Http2))
}

async fn serve_http2<S>(connection: Rc<Connection>, io: Box<GuardedIo<S>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let settings = connection.worker.settings();
    let limits = &settings.limits;
    connection.watch(io.state());
    connection.speaks_http2();
    let (state, serving) = (io.state(), Rc::clone(&connection));
    let unread = Unread::default();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let request = Request::from(request.map(AppBody::Hyper));
        let (serving, state) = (Rc::clone(&serving), Rc::clone(&state));
        let unread = Rc::clone(&unread);
        // Boxed, so that a stream keeps no room for it while the app reads the response.
        Box::pin(async move {
            let response = request::serve(serving, state, request).await;
            response.map(|response| {
                let response = response.map(|body| CountedBody::new(body, &unread));
                let mut response = http::Response::from(response);
                http2_fields::detach(response.headers_mut());
                response
            })
        })
    });
    let mut builder = conn::http2::Builder::new(Streams(Rc::clone(&connection)));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(64 * 1024)
        // Rapid reset (CVE-2023-44487): these end a connection whose streams are reset in series.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(1024)
        // Eight windows of a stream: some stalled streams must not stop the others.
        .initial_stream_window_size(128 * 1024)
        .initial_connection_window_size(1024 * 1024)
        // Half of the idle time, so that a dead peer is found before it counts as idle.
        .keep_alive_interval(limits.keep_alive_idle / 2)
        .keep_alive_timeout(limits.write_idle);
    let mut http = pin!(builder.serve_connection(io, service));
    let ended = connection.control.run(poll_fn(|cx| {
        if connection.should_tell_to_drain() {
            http.as_mut().graceful_shutdown();
        }
        http.as_mut().poll(cx)
    }));
    if let Some(Err(error)) = ended.await {
        tracing::debug!(peer = %connection.peer.get(), %error, "connection ended early");
    }
}
