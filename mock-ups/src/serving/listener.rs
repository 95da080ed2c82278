//! Accepts connections and serves HTTP on them until the mock stops.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::api::Environment;
use crate::mock_state::MockState;
use crate::serving::exchange::Connection;
use crate::serving::poll_beside::{FirstReady, poll_beside};
use crate::serving::transport::Transport;

// A client that connects and says nothing must not hold a task.
const HANDSHAKE: Duration = Duration::from_secs(10);
// Load tests open thousands of connections at once; the system lowers it to its own bound.
const BACKLOG: i32 = 4_096;
/// The start of the HTTP/2 preface.
// Four bytes are enough: no HTTP method begins like this and a space.
const PREFACE: &[u8] = b"PRI ";

/// A listener's fixed properties.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) mock: Arc<MockState>,
    pub(crate) environment: Environment,
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Binds a listener. With `shared_port` several workers can bind one port and share its connections.
pub(crate) fn bind(address: SocketAddr, shared_port: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Not `SO_REUSEPORT` unless asked for: with it, a second mock on a taken port would go unnoticed.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared_port)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves until `stop` changes or its sender is gone; then waits for the answers in progress.
pub(crate) async fn serve(
    listener: TcpListener,
    role: Role,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    // From the standard library's listener, so that binding errors show before the runtime starts.
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let limits = role.mock.limits.clone();
    let mut connections = JoinSet::new();
    loop {
        // Over the bound nothing is accepted: clients wait in the backlog instead of being refused.
        let room = connections.len() < limits.connections;
        tokio::select! {
            // Stop first, or a busy listener could postpone it for ever.
            biased;
            _ = stop.changed() => break,
            // Finished tasks are collected here, or the set would grow with every connection.
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_stream(stream, role.clone(), stop.clone()));
                }
                // Out of descriptors or an aborted handshake: the next one may work.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    // Closed before draining: no new client must queue up.
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(limits.drain, drained).await;
    connections.shutdown().await;
    Ok(())
}

async fn serve_stream(stream: TcpStream, role: Role, stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true); // a failure costs latency only
    let Some(tls) = &role.tls else {
        // Peeked, not read: the bytes must be there for HTTP/1 if it is not the preface.
        let speaks_http2 = begins_with_preface(&stream, role.mock.limits.idle).await;
        serve_http(Transport::plain(stream), speaks_http2, &role, "http", stop).await;
        return;
    };
    // Errors here are the client's: a scan, a distrusted certificate. There is nobody to answer.
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else {
        return;
    };
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    serve_http(Transport::tls(stream), speaks_http2, &role, "https", stop).await;
}

/// Whether an HTTP/2 client with prior knowledge is at the other end.
async fn begins_with_preface(stream: &TcpStream, patience: Duration) -> bool {
    let mut start = [0_u8; PREFACE.len()];
    let peeked = tokio::time::timeout(patience, stream.peek(&mut start)).await;
    matches!(peeked, Ok(Ok(length)) if length == PREFACE.len() && start == *PREFACE)
}

async fn serve_http(
    wire: Transport,
    http2: bool,
    role: &Role,
    scheme: &'static str,
    stop: watch::Receiver<bool>,
) {
    let mock = Arc::clone(&role.mock);
    let idle = mock.limits.idle;
    let connection = Arc::new(Connection::new(
        // Taken before the connection owns the wire, so that a fault can turn it.
        mock,
        role.environment,
        scheme,
        wire.ending(),
    ));
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        })
    };
    let io = TokioIo::new(wire);
    if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            // Enough for one client's load test; the streams share one connection's memory.
            .max_concurrent_streams(256)
            // The bearer alone is more than a kilobyte, and tests send large fields on purpose.
            .max_header_list_size(65_536);
        let served = pin!(builder.serve_connection(io, service));
        drive(
            served,
            http2::Connection::graceful_shutdown,
            &connection,
            idle,
            stop,
        )
        .await;
    } else {
        // No header timer: `drive` watches for idle connections without a timer per request.
        let mut builder = http1::Builder::new();
        // Room for large headers. Without half-close, a client that shuts its side counts as gone.
        builder.max_buf_size(128 * 1024).half_close(false);
        let served = pin!(builder.serve_connection(io, service));
        drive(
            served,
            http1::Connection::graceful_shutdown,
            &connection,
            idle,
            stop,
        )
        .await;
    }
}

/// Runs a connection to its end; ends it early when it idles or when the mock stops.
async fn drive<C>(
    mut served: std::pin::Pin<&mut C>,
    shut_down: impl Fn(std::pin::Pin<&mut C>),
    connection: &Connection,
    idle: Duration,
    mut stop: watch::Receiver<bool>,
) where
    C: Future,
{
    // Half the idle time: two quiet ticks in a row are at least that long.
    let mut ticks = tokio::time::interval(idle / 2);
    let mut seen = connection.activity();
    let mut quiet_ticks = 0;
    ticks.tick().await; // the first one is immediate
    loop {
        let quiet = pin!(async {
            tokio::select! {
                // Stop before tick, so that the last tick cannot hide it.
                biased;
                _ = stop.changed() => Event::Stop,
                _ = ticks.tick() => Event::Tick,
            }
        });
        match poll_beside(served.as_mut(), quiet).await {
            FirstReady::Busy(_) => return, // an error is the client's or a fault's
            FirstReady::Quiet(Event::Stop) => {
                // Graceful: the answer in progress goes out, then the connection ends.
                shut_down(served.as_mut());
                served.await;
                return;
            }
            FirstReady::Quiet(Event::Tick) => {
                let now = connection.activity();
                // Also unchanged: a request that came and went between two ticks is activity.
                let is_quiet = now == seen && !now.in_progress();
                quiet_ticks = if is_quiet { quiet_ticks + 1 } else { 0 };
                seen = now;
                if quiet_ticks >= 2 {
                    return;
                }
            }
        }
    }
}

/// What can happen to a connection from outside.
enum Event {
    Stop,
    Tick,
}
