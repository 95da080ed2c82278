//! A worker's connections to one origin.
//!
//! The pool is a stack: the connection used last is used next, so that few stay busy (warm caches,
//! warm congestion windows) and the others expire.

use crate::{
    error::{Code, Problem},
    framing::{UpstreamIo, UpstreamState, Violation},
    limits::Limits,
    local_exec::LocalExec,
    outgoing::Outgoing,
    settings::Settings,
    ticks::{Ticks, timeout},
    tls::TlsStream,
};
use futures_util::future::Either;
use gateway_model::{Origin, Scheme};
use http::{Request, Response, uri};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::client::UnbufferedClientConnection;
use rustls_pki_types::ServerName;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Bytes of one answer that an HTTP/2 server may send ahead of its app.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Not-ready connections looked at before a new one is opened.
const LOOK: usize = 4;

/// See the module.
pub(crate) struct Upstream {
    host: Box<str>,
    port: u16,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    pub(crate) scheme: uri::Scheme,
    pub(crate) authority: uri::Authority,
    limits: Limits,
    idle: RefCell<Vec<Idle>>,
    shared: RefCell<Vec<Shared>>,
}

/// An HTTP/2 connection and how many streams use it.
struct Shared {
    sender: http2::SendRequest<Outgoing>,
    streams: Rc<Cell<u32>>,
    /// How many its server takes.
    taken: Box<dyn Fn() -> usize>,
    /// When it was last seen in use.
    since: u64,
}

impl Shared {
    /// Whether its server takes one more stream.
    fn has_room(&self, limit: u32) -> bool {
        let used = self.streams.get();
        used < limit && (used as usize) < (self.taken)()
    }
}

struct Idle {
    sender: http1::SendRequest<Outgoing>,
    state: Rc<UpstreamState>,
    since: u64,
}

/// A connection taken for one exchange.
pub(crate) struct Lease {
    upstream: Rc<Upstream>,
    ticks: Rc<Ticks>,
    sender: Sender,
    /// It has served before, so its server may have closed it meanwhile.
    pub(crate) reused: bool,
}

enum Sender {
    Http1(http1::SendRequest<Outgoing>, Rc<UpstreamState>),
    Http2(
        http2::SendRequest<Outgoing>,
        #[expect(dead_code, reason = "counts by living")] Streams,
    ),
}

/// Counts one stream of a shared connection while it lives.
struct Streams(Rc<Cell<u32>>);

impl Streams {
    fn of(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Upstream {
    pub(crate) fn new(origin: &Origin, settings: &Settings) -> Self {
        let authority = origin.authority();
        let tls = match origin.scheme() {
            Scheme::Http => None,
            Scheme::Https => server_name(origin.host()).map(|name| {
                let mut config = rustls::ClientConfig::clone(&settings.upstream_tls);
                config.alpn_protocols = if settings.upstream_http2 {
                    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
                } else {
                    vec![b"http/1.1".to_vec()]
                };
                (Arc::new(config), name)
            }),
        };
        Self {
            host: origin.host().trim_matches(['[', ']']).into(),
            port: origin.port(),
            scheme: match origin.scheme() {
                Scheme::Http => uri::Scheme::HTTP,
                Scheme::Https => uri::Scheme::HTTPS,
            },
            authority: uri::Authority::try_from(authority)
                .expect("an origin's authority is an authority"),
            tls,
            limits: settings.limits.clone(),
            idle: RefCell::default(),
            shared: RefCell::default(),
        }
    }

    /// A connection that has served before and is ready, if there is one.
    pub(crate) fn take_idle(self: &Rc<Self>, ticks: &Rc<Ticks>) -> Option<Lease> {
        let limit = self.limits.http2_streams;
        let open = |shared: &&mut Shared| !shared.sender.is_closed() && shared.has_room(limit);
        // The oldest with room, so that the others expire.
        if let Some(shared) = self.shared.borrow_mut().iter_mut().find(open) {
            shared.since = ticks.now();
            let sender = Sender::Http2(shared.sender.clone(), Streams::of(&shared.streams));
            return Some(self.lease(sender, ticks, true));
        }
        let mut idle = self.idle.borrow_mut();
        let mut at = idle.len();
        let mut looked = 0;
        while at > 0 && looked < LOOK {
            at -= 1;
            looked += 1;
            let candidate = &idle[at];
            if candidate.sender.is_closed() || candidate.state.violation().is_some() {
                idle.remove(at);
            } else if candidate.sender.is_ready() && candidate.state.is_reusable() {
                let Idle { sender, state, .. } = idle.remove(at);
                drop(idle);
                return Some(self.lease(Sender::Http1(sender, state), ticks, true));
            }
        }
        None
    }

    fn lease(self: &Rc<Self>, sender: Sender, ticks: &Rc<Ticks>, reused: bool) -> Lease {
        Lease {
            upstream: Rc::clone(self),
            ticks: Rc::clone(ticks),
            sender,
            reused,
        }
    }

    /// Opens a connection.
    pub(crate) async fn connect(self: &Rc<Self>, ticks: &Rc<Ticks>) -> Result<Lease, Problem> {
        let opened = timeout(ticks, self.limits.connect, self.open(ticks.now())).await;
        let sender = match opened {
            Ok(Ok(sender)) => sender,
            Ok(Err(error)) => {
                tracing::warn!(host = &*self.host, port = self.port, %error, "cannot connect upstream");
                return Err(Problem::new(
                    Code::CarrierUnreachable,
                    "the carrier cannot be reached; the request was not sent: try again later",
                ));
            }
            Err(_) => {
                tracing::warn!(
                    host = &*self.host,
                    port = self.port,
                    "connecting upstream took too long"
                );
                return Err(Problem::new(
                    Code::CarrierUnreachable,
                    "connecting to the carrier took too long; the request was not sent: try again later",
                ));
            }
        };
        Ok(self.lease(sender, ticks, false))
    }

    async fn open(&self, now: u64) -> io::Result<Sender> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        // Without it the last packet of a request waits for an acknowledgement; it cannot be vital.
        let _ = stream.set_nodelay(true);
        let Some((config, name)) = &self.tls else {
            return handshake_http1(stream, &self.limits).await;
        };
        let client = UnbufferedClientConnection::new(Arc::clone(config), name.clone());
        let stream = TlsStream::open(client.map_err(io::Error::other)?, stream).await?;
        if !stream.is_http2() {
            return handshake_http1(stream, &self.limits).await;
        }
        let (sender, connection) = http2::Builder::new(LocalExec)
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.upstream_idle)
            .keep_alive_timeout(self.limits.connect)
            .max_header_list_size(u32::try_from(self.limits.head_bytes).unwrap_or(u32::MAX))
            // Room for every stream: apps that do not take their answers cost the others nothing.
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAM_WINDOW * self.limits.http2_streams.max(1))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // The task owns it: its end closes the sender. The pool only asks it.
        let connection = Rc::new(RefCell::new(connection));
        let asked = Rc::downgrade(&connection);
        tokio::task::spawn_local(async move {
            let ended = poll_fn(|cx| Pin::new(&mut *connection.borrow_mut()).poll(cx));
            if let Err(error) = ended.await {
                tracing::debug!(%error, "upstream connection ended");
            }
        });
        let count = Rc::new(Cell::new(0));
        let streams = Streams::of(&count);
        self.shared.borrow_mut().push(Shared {
            sender: sender.clone(),
            streams: count,
            taken: Box::new(move || {
                let connection = asked.upgrade();
                connection.map_or(0, |it| it.borrow().current_max_send_streams())
            }),
            since: now,
        });
        Ok(Sender::Http2(sender, streams))
    }

    /// Closes connections that nobody used for a while.
    pub(crate) fn expire(&self, now: u64) {
        let span = u64::try_from(self.limits.upstream_idle.as_millis() / 100).unwrap_or(u64::MAX);
        let mut idle = self.idle.borrow_mut();
        idle.retain(|idle| !idle.sender.is_closed() && now.saturating_sub(idle.since) <= span);
        self.shared.borrow_mut().retain_mut(|shared| {
            if shared.streams.get() > 0 {
                shared.since = now;
            }
            !shared.sender.is_closed() && now.saturating_sub(shared.since) <= span
        });
    }
}

async fn handshake_http1<S>(stream: S, limits: &Limits) -> io::Result<Sender>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let io = UpstreamIo::new(stream).bounded(limits.bounds());
    let state = io.state();
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(limits.buffer())
        .handshake(io)
        .await
        .map_err(io::Error::other)?;
    tokio::task::spawn_local(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "upstream connection ended");
        }
    });
    Ok(Sender::Http1(sender, state))
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()
}

impl Lease {
    /// Whether requests need absolute targets here.
    pub(crate) const fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(..))
    }

    /// Sends a request; an error gives it back if not a byte of it was sent.
    pub(crate) fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>> + use<>
    {
        match &mut self.sender {
            Sender::Http1(sender, state) => {
                state.begin(request.method());
                Either::Left(sender.try_send_request(request))
            }
            Sender::Http2(sender, _) => Either::Right(sender.try_send_request(request)),
        }
    }

    /// What was wrong with the answer, if it is that.
    pub(crate) fn violation(&self) -> Option<Violation> {
        match &self.sender {
            Sender::Http1(_, state) => state.violation(),
            Sender::Http2(..) => None,
        }
    }

    /// The exchange is complete: the connection may serve the next one.
    pub(crate) fn give_back(self) {
        let Sender::Http1(sender, state) = self.sender else {
            return;
        };
        let mut idle = self.upstream.idle.borrow_mut();
        let room = idle.len() < self.upstream.limits.upstream_idle_connections;
        if room && !sender.is_closed() && state.is_reusable() {
            idle.push(Idle {
                sender,
                state,
                since: self.ticks.now(),
            });
        }
    }
}
