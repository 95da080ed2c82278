//! Accepts connections and serves HTTP on them until the mock stops.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
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
use crate::serving::exchange::{Activity, Connection};
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
    let sweeps = Arc::new(Sweeps::default());
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
                    let sweeps = Arc::clone(&sweeps);
                    connections.spawn(serve_stream(stream, role.clone(), sweeps, stop.clone()));
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

async fn serve_stream(
    stream: TcpStream,
    role: Role,
    sweeps: Arc<Sweeps>,
    stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true); // a failure costs latency only
    let Some(tls) = &role.tls else {
        // Peeked, not read: the bytes must be there for HTTP/1 if it is not the preface.
        let speaks_http2 = begins_with_preface(&stream, role.mock.limits.idle).await;
        let wire = Transport::plain(stream);
        serve_http(wire, speaks_http2, &role, &sweeps, stop).await;
        return;
    };
    // Errors here are the client's: a scan, a distrusted certificate. There is nobody to answer.
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else {
        return;
    };
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    serve_http(Transport::tls(stream), speaks_http2, &role, &sweeps, stop).await;
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
    sweeps: &Sweeps,
    stop: watch::Receiver<bool>,
) {
    let scheme = if role.tls.is_some() { "https" } else { "http" };
    let connection = Arc::new(Connection::new(
        Arc::clone(&role.mock),
        role.environment,
        scheme,
        // Taken before the connection owns the wire, so that a fault can turn it.
        wire.ending(),
    ));
    if http2 {
        let quiet = Quiet::new(role.mock.limits.idle, sweeps, stop);
        Box::pin(serve_http2(wire, connection, role.mock.limits.idle, quiet)).await;
    } else {
        // Now and not when it was accepted: until its first bytes came it had no buffers.
        sweeps.note_newcomer();
        serve_http1(wire, connection, role.mock.limits.idle, sweeps, stop).await;
    }
}

async fn serve_http2(
    wire: Transport,
    connection: Arc<Connection>,
    idle: Duration,
    mut quiet: Quiet,
) {
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        })
    };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // Enough for one client's load test; the streams share one connection's memory.
        .max_concurrent_streams(256)
        // The bearer alone is more than a kilobyte, and tests send large fields on purpose.
        .max_header_list_size(65_536);
    let mut served = pin!(builder.serve_connection(TokioIo::new(wire), service));
    loop {
        let first = poll_beside(served.as_mut(), pin!(quiet.next())).await;
        match first {
            FirstReady::Busy(_) => return, // an error is the client's or a fault's
            FirstReady::Quiet(Event::Stop) => {
                // Graceful: the answer in progress goes out, then the connection ends.
                served.as_mut().graceful_shutdown();
                let _ = served.await;
                return;
            }
            FirstReady::Quiet(Event::Tick) => {
                if quiet.lasted(connection.activity()) >= idle {
                    return;
                }
            }
            // Its streams are not parked.
            FirstReady::Quiet(Event::FirstLook | Event::Sweep) => {}
        }
    }
}

/// HTTP/1.1 until the connection ends. Between requests that are far apart a connection is parked: hyper's
/// buffers are freed, and only the socket waits.
async fn serve_http1(
    mut wire: Transport,
    connection: Arc<Connection>,
    idle: Duration,
    sweeps: &Sweeps,
    mut stop: watch::Receiver<bool>,
) {
    let mut crowd = NEWCOMERS;
    loop {
        let awake = sweeps.enter(crowd);
        let quiet = Quiet::new(idle, sweeps, stop.clone());
        // Boxed, so that a parked connection does not keep the room for it.
        let conversation = Box::pin(converse(wire, Arc::clone(&connection), awake, quiet));
        let Some(parked) = conversation.await else {
            return;
        };
        let request_or_end = tokio::time::timeout(idle, parked.readable());
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            readable = request_or_end => if !matches!(readable, Ok(Ok(()))) {
                return;
            },
        }
        wire = parked;
        crowd = REGULARS;
    }
}

/// Serves requests; gives the socket back when none came for a while, and nothing when the connection is over.
async fn converse(
    wire: Transport,
    connection: Arc<Connection>,
    awake: Awake<'_>,
    mut quiet: Quiet,
) -> Option<Transport> {
    let (can_park, ending) = (wire.can_park(), wire.ending());
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        })
    };
    // No header timer: the ticks below watch for idle connections without a timer per request.
    let mut builder = http1::Builder::new();
    // Room for large headers. Without half-close, a client that shuts its side counts as gone.
    builder.max_buf_size(128 * 1024).half_close(false);
    let mut served = builder.serve_connection(TokioIo::new(wire), service);
    loop {
        let first = poll_beside(Pin::new(&mut served), pin!(quiet.next())).await;
        let now = connection.activity();
        let may_park = match first {
            FirstReady::Busy(_) => return None, // an error is the client's or a fault's
            FirstReady::Quiet(Event::Stop) => {
                // Graceful: the answer in progress goes out, then the connection ends.
                Pin::new(&mut served).graceful_shutdown();
                let _ = served.await;
                return None;
            }
            FirstReady::Quiet(Event::Tick) => {
                let lasted = quiet.lasted(now);
                if lasted >= quiet.idle {
                    return None;
                }
                let in_crowd = awake.is_in_a_crowd() && now.is_between_requests();
                lasted >= PARK_AFTER || in_crowd
            }
            FirstReady::Quiet(Event::FirstLook) => {
                awake.is_in_a_crowd() && now.is_between_requests()
            }
            FirstReady::Quiet(Event::Sweep) => now.is_between_requests(),
        };
        // hyper would drop an answer that a slow client has not taken yet, and a parked socket would not end.
        if may_park && can_park && ending.is_settled() {
            connection.rest();
            let parts = served.into_parts();
            return Some(parts.io.into_inner().parked(&parts.read_buf));
        }
    }
}

/// How long a connection is quiet before it is parked.
const PARK_AFTER: Duration = Duration::from_secs(2);

/// New connections between two sweeps. Beside as many others with buffers a new one is parked after its first answer.
const NEWCOMERS: u32 = 128;
/// Beside as many others with buffers a connection that was parked before is parked after each answer. A load of fewer
/// connections must not pay for that.
const REGULARS: u32 = 1_024;

/// Parks what is quiet when many connections come at once. Otherwise all of them would have buffers before the first
/// one is parked, and the allocator keeps a heap of that size.
#[derive(Debug, Default)]
struct Sweeps {
    newcomers: AtomicU32,
    /// Connections that are not parked.
    awake: AtomicU32,
    sweep: watch::Sender<()>,
}

/// A connection with buffers, until it is dropped.
struct Awake<'a> {
    awake: &'a AtomicU32,
    crowd: u32,
}

impl Awake<'_> {
    /// Whether too many have buffers. A sweep alone comes late: its turn is behind all requests that wait already, and
    /// each of them takes buffers.
    fn is_in_a_crowd(&self) -> bool {
        self.awake.load(Ordering::Relaxed) > self.crowd
    }
}

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.awake.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sweeps {
    /// A connection takes buffers.
    fn enter(&self, crowd: u32) -> Awake<'_> {
        self.awake.fetch_add(1, Ordering::Relaxed);
        Awake {
            awake: &self.awake,
            crowd,
        }
    }

    /// One more connection has buffers. Those that were parked and speak again are not counted: many busy connections
    /// would sweep each other all the time.
    fn note_newcomer(&self) {
        let before = self.newcomers.fetch_add(1, Ordering::Relaxed);
        if before % NEWCOMERS == NEWCOMERS - 1 {
            self.sweep.send_replace(());
        }
    }
}

/// Watches for the stop signal, for sweeps, and for how long nothing was asked.
struct Quiet {
    /// A connection that is quiet for so long is over.
    idle: Duration,
    ticks: tokio::time::Interval,
    sweep: watch::Receiver<()>,
    stop: watch::Receiver<bool>,
    has_looked: bool,
    seen: Option<Activity>,
    ticks_since: u32,
}

impl Quiet {
    fn new(idle: Duration, sweeps: &Sweeps, stop: watch::Receiver<bool>) -> Self {
        // Half the time: two quiet ticks in a row are at least that long.
        let period = (idle / 2).min(PARK_AFTER / 2);
        Self {
            idle,
            ticks: tokio::time::interval(period),
            sweep: sweeps.sweep.subscribe(),
            stop,
            has_looked: false,
            seen: None,
            ticks_since: 0,
        }
    }

    async fn next(&mut self) -> Event {
        if !std::mem::replace(&mut self.has_looked, true) {
            return Event::FirstLook;
        }
        tokio::select! {
            // Stop before tick, so that the last tick cannot hide it.
            biased;
            _ = self.stop.changed() => Event::Stop,
            _ = self.ticks.tick() => Event::Tick,
            // Its sender lives as long as the listener's connections.
            _ = self.sweep.changed() => Event::Sweep,
        }
    }

    /// For how long the connection has been quiet, at a tick.
    fn lasted(&mut self, now: Activity) -> Duration {
        // Also unchanged: a request that came and went between two ticks is activity.
        let is_quiet = self.seen == Some(now) && !now.in_progress();
        self.ticks_since = if is_quiet { self.ticks_since + 1 } else { 0 };
        self.seen = Some(now);
        self.ticks.period() * self.ticks_since
    }
}

/// What can happen to a connection from outside.
enum Event {
    Stop,
    /// The connection has answered what was there when it began. Even a timer that is due comes later: behind all
    /// tasks that wait already.
    FirstLook,
    Tick,
    Sweep,
}
