//! A worker's connections to one origin.
//!
//! The pool is a stack: the connection used last is used next, so that few stay busy (warm caches,
//! warm congestion windows) and the others expire.

mod lease;

pub(crate) use lease::{Failure, Lease, NotAnswered, Received};

use crate::{
    client::{Connection, Stream},
    error::{Code, Problem},
    limits::Limits,
    local_exec::LocalExec,
    outgoing::Outgoing,
    settings::Settings,
    ticks::{Ticks, timeout},
    tls::TlsStream,
};
use gateway_model::{Origin, Scheme};
use http::uri;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use lease::Carrier;
use rustls::client::UnbufferedClientConnection;
use rustls_pki_types::ServerName;
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
};
use tokio::net::TcpStream;

/// Bytes of one answer that an HTTP/2 server may send ahead of its app.
const STREAM_WINDOW: u32 = 128 * 1024;

/// See the module.
pub(crate) struct Upstream {
    host: Box<str>,
    port: u16,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    pub(crate) scheme: uri::Scheme,
    pub(crate) authority: uri::Authority,
    limits: Limits,
    ticks: Rc<Ticks>,
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
    connection: Box<Connection>,
    since: u64,
}

/// Counts one stream of a shared connection while it lives.
pub(super) struct Streams(Rc<Cell<u32>>);

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
    pub(crate) fn new(origin: &Origin, settings: &Settings, ticks: &Rc<Ticks>) -> Self {
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
            ticks: Rc::clone(ticks),
            idle: RefCell::default(),
            shared: RefCell::default(),
        }
    }

    /// A connection that has served before and is open, if there is one.
    pub(crate) fn take_idle(self: &Rc<Self>) -> Option<Lease> {
        let limit = self.limits.http2_streams;
        let open = |shared: &&mut Shared| !shared.sender.is_closed() && shared.has_room(limit);
        // The oldest with room, so that the others expire.
        if let Some(shared) = self.shared.borrow_mut().iter_mut().find(open) {
            shared.since = self.ticks.now();
            let carrier = Carrier::Http2(shared.sender.clone(), Streams::of(&shared.streams));
            return Some(Lease::new(self, carrier, true));
        }
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { mut connection, .. }) = idle.pop() {
            if connection.is_quiet() {
                return Some(Lease::new(self, Carrier::Http1(connection), true));
            }
        }
        None
    }

    /// Takes back a connection whose exchange is complete.
    fn give_back(&self, mut connection: Box<Connection>) {
        connection.rest();
        let mut idle = self.idle.borrow_mut();
        if idle.len() < self.limits.upstream_idle_connections {
            idle.push(Idle {
                connection,
                since: self.ticks.now(),
            });
        } else {
            connection.close();
        }
    }

    /// Opens a connection.
    pub(crate) async fn connect(self: &Rc<Self>) -> Result<Lease, Problem> {
        let opened = timeout(&self.ticks, self.limits.connect, self.open()).await;
        let carrier = match opened {
            Ok(Ok(carrier)) => carrier,
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
        Ok(Lease::new(self, carrier, false))
    }

    async fn open(&self) -> io::Result<Carrier> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        // Without it the last packet of a request waits for an acknowledgement; it cannot be vital.
        let _ = stream.set_nodelay(true);
        let Some((config, name)) = &self.tls else {
            return Ok(self.http1(Stream::Plain(stream)));
        };
        let client = UnbufferedClientConnection::new(Arc::clone(config), name.clone());
        let stream = TlsStream::open(client.map_err(io::Error::other)?, stream).await?;
        if !stream.is_http2() {
            return Ok(self.http1(Stream::Tls(Box::new(stream))));
        }
        self.http2(stream).await
    }

    fn http1(&self, stream: Stream) -> Carrier {
        Carrier::Http1(Box::new(Connection::new(stream, self.limits.bounds())))
    }

    async fn http2(&self, stream: TlsStream<TcpStream>) -> io::Result<Carrier> {
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
            since: self.ticks.now(),
        });
        Ok(Carrier::Http2(sender, streams))
    }

    /// Closes connections that nobody used for a while, and lets go of those that their server closed.
    pub(crate) fn expire(&self) {
        let now = self.ticks.now();
        let span = u64::try_from(self.limits.upstream_idle.as_millis() / 100).unwrap_or(u64::MAX);
        let mut idle = self.idle.borrow_mut();
        let expired = idle.extract_if(.., |idle| {
            now.saturating_sub(idle.since) > span || !idle.connection.is_quiet()
        });
        expired.for_each(|idle| idle.connection.close());
        self.shared.borrow_mut().retain_mut(|shared| {
            if shared.streams.get() > 0 {
                shared.since = now;
            }
            !shared.sender.is_closed() && now.saturating_sub(shared.since) <= span
        });
    }
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()
}
