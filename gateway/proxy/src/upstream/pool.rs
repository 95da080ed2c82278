//! A worker's connections to one origin.
//!
//! The pool is a stack: the connection used last is used next, so that few stay busy (warm caches,
//! warm congestion windows) and the others expire.

use super::{
    body::RequestBody,
    client::{Connection, Stream},
    dialer::Dialer,
    local_exec::LocalExec,
    tls::TlsStream,
};
use crate::{
    error::{Code, Problem},
    settings::Settings,
    ticks::{Ticks, timeout},
};
use gateway_model::{Origin, Scheme};
use http::uri;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
};
use tokio::net::TcpStream;

/// Bytes of one answer that an HTTP/2 server may send ahead of its app.
const STREAM_WINDOW: u32 = 128 * 1024;

/// An upstream server, and the connections to it that one worker has.
pub(crate) struct UpstreamPool {
    dialer: Dialer,
    pub(crate) scheme: uri::Scheme,
    pub(crate) authority: uri::Authority,
    settings: RefCell<Rc<Settings>>,
    ticks: Rc<Ticks>,
    idle: RefCell<Vec<IdleConnection>>,
    shared: RefCell<Vec<Http2Connection>>,
}

/// A connection that one request is sent over.
pub(super) enum PooledConnection {
    Http1(Box<Connection>),
    Http2(http2::SendRequest<RequestBody>, StreamGuard),
}

/// An HTTP/2 connection and how many streams use it.
struct Http2Connection {
    sender: http2::SendRequest<RequestBody>,
    streams: Rc<Cell<u32>>,
    /// How many streams its server accepts now.
    max_streams: Box<dyn Fn() -> usize>,
    /// When it was last seen in use.
    since: u64,
}

impl Http2Connection {
    /// Whether its server takes one more stream.
    fn has_room(&self, limit: u32) -> bool {
        // Both limits: the operator's, and the one that the server announced last.
        let used = self.streams.get();
        used < limit && (used as usize) < (self.max_streams)()
    }
}

struct IdleConnection {
    connection: Box<Connection>,
    since: u64,
}

/// Counts one stream of a shared connection while it lives.
pub(crate) struct StreamGuard(Rc<Cell<u32>>);

impl StreamGuard {
    fn of(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl UpstreamPool {
    pub(crate) fn new(origin: &Origin, settings: &Rc<Settings>, ticks: &Rc<Ticks>) -> Self {
        Self {
            dialer: Dialer::new(origin, settings),
            scheme: match origin.scheme() {
                Scheme::Http => uri::Scheme::HTTP,
                Scheme::Https => uri::Scheme::HTTPS,
            },
            authority: uri::Authority::try_from(origin.authority())
                .expect("an origin's authority is an authority"),
            settings: RefCell::new(Rc::clone(settings)),
            ticks: Rc::clone(ticks),
            idle: RefCell::default(),
            shared: RefCell::default(),
        }
    }

    fn settings(&self) -> Rc<Settings> {
        Rc::clone(&self.settings.borrow())
    }

    /// Keeps its connections, by other limits from now on.
    pub(super) fn reconfigure(&self, settings: &Rc<Settings>) {
        self.settings.replace(Rc::clone(settings));
    }

    /// A connection that has served before and is open, if there is one.
    pub(super) fn take_idle(&self) -> Option<PooledConnection> {
        let limit = self.settings().limits.http2_streams;
        let open =
            |shared: &&mut Http2Connection| !shared.sender.is_closed() && shared.has_room(limit);
        // The oldest with room, so that the others become idle and expire.
        if let Some(shared) = self.shared.borrow_mut().iter_mut().find(open) {
            shared.since = self.ticks.now();
            let stream = StreamGuard::of(&shared.streams);
            return Some(PooledConnection::Http2(shared.sender.clone(), stream));
        }
        let mut idle = self.idle.borrow_mut();
        while let Some(IdleConnection { mut connection, .. }) = idle.pop() {
            // Its server may have closed it, or sent bytes that nothing asked for: such bytes would be
            // taken for the next response.
            if connection.is_quiet() {
                return Some(PooledConnection::Http1(connection));
            }
        }
        None
    }

    /// Takes back a connection whose exchange is complete.
    pub(super) fn give_back(&self, mut connection: Box<Connection>) {
        connection.become_idle();
        let mut idle = self.idle.borrow_mut();
        if idle.len() < self.settings().limits.upstream_idle_connections {
            idle.push(IdleConnection {
                connection,
                since: self.ticks.now(),
            });
        } else {
            // Above the limit a connection is closed, so that a burst does not leave sockets behind.
            connection.close();
        }
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> Result<PooledConnection, Problem> {
        // One deadline for name resolution, TCP, TLS and the HTTP/2 preface together.
        let opened = timeout(&self.ticks, self.settings().limits.connect, self.open()).await;
        match opened {
            Ok(Ok(carrier)) => Ok(carrier),
            Ok(Err(error)) => {
                tracing::warn!(host = &*self.dialer.host, port = self.dialer.port, %error, "cannot connect upstream");
                Err(Problem::new(
                    Code::CarrierUnreachable,
                    "the carrier cannot be reached; the request was not sent: try again later",
                ))
            }
            Err(_) => {
                tracing::warn!(
                    host = &*self.dialer.host,
                    port = self.dialer.port,
                    "connecting upstream took too long"
                );
                Err(Problem::new(
                    Code::CarrierUnreachable,
                    "connecting to the carrier took too long; the request was not sent: try again later",
                ))
            }
        }
    }

    async fn open(&self) -> io::Result<PooledConnection> {
        match self.dialer.open().await? {
            Stream::Tls(stream) if stream.is_http2() => self.http2(*stream).await,
            stream @ (Stream::Plain(_) | Stream::Tls(_)) => Ok(self.http1(stream)),
        }
    }

    fn http1(&self, stream: Stream) -> PooledConnection {
        PooledConnection::Http1(Box::new(Connection::new(
            stream,
            self.settings().limits.bounds(),
        )))
    }

    async fn http2(&self, stream: TlsStream<TcpStream>) -> io::Result<PooledConnection> {
        let settings = self.settings();
        let limits = &settings.limits;
        let (sender, connection) = http2::Builder::new(LocalExec)
            .timer(TokioTimer::new())
            // A dead peer answers no PING; TCP alone would notice after minutes.
            .keep_alive_interval(limits.upstream_idle)
            .keep_alive_timeout(limits.connect)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            // Room for every stream: apps that do not take their answers cost the others nothing.
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAM_WINDOW * limits.http2_streams.max(1))
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
        let streams = StreamGuard::of(&count);
        self.shared.borrow_mut().push(Http2Connection {
            sender: sender.clone(),
            streams: count,
            max_streams: Box::new(move || {
                let connection = asked.upgrade();
                connection.map_or(0, |it| it.borrow().current_max_send_streams())
            }),
            since: self.ticks.now(),
        });
        Ok(PooledConnection::Http2(sender, streams))
    }

    /// Closes connections that nobody used for a while, and lets go of those that their server closed.
    pub(crate) fn expire(&self) {
        let now = self.ticks.now();
        // Ticks of a tenth of a second.
        let idle = self.settings().limits.upstream_idle;
        let span = u64::try_from(idle.as_millis() / 100).unwrap_or(u64::MAX);
        let mut idle = self.idle.borrow_mut();
        let expired = idle.extract_if(.., |idle| {
            now.saturating_sub(idle.since) > span || !idle.connection.is_quiet()
        });
        expired.for_each(|idle| idle.connection.close());
        self.shared.borrow_mut().retain_mut(|shared| {
            // A connection in use is never idle, however long its streams last.
            if shared.streams.get() > 0 {
                shared.since = now;
            }
            !shared.sender.is_closed() && now.saturating_sub(shared.since) <= span
        });
    }
}
