//! One connection of the admin listener, from its first byte to its end.

use crate::{
    client_address::Clients, connections::ConnectionSlot, context::Peer, error::AdminError,
    host::Encrypted,
};
use axum::Router;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use std::{
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

/// The time limit from the beginning of a connection to the end of its first request's head, with a TLS
/// handshake.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit from the end of a response to the end of the next request's head. It is longer than
/// the interval at which metrics are usually read.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// The maximum age of a connection, whatever it does.
// Longer than any one request may take.
const MAX_LIFE: Duration = Duration::from_secs(600);
/// The maximum size of a request's head.
// A token and a few fields; hyper by itself would hold some 400 KiB.
const MAX_HEAD: usize = 16 * 1024;
/// The first byte of a TLS connection: a record of the type handshake (RFC 8446 section 5.1). No method of
/// HTTP begins with it.
const HANDSHAKE: u8 = 22;

/// An accepted connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) peer: IpAddr,
    pub(crate) place: Arc<ConnectionSlot>,
    pub(crate) clients: Clients,
    /// TLS; without it HTTP in clear.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// A connection whose client is known.
struct Exchange<'c> {
    client: IpAddr,
    clients: Clients,
    place: Arc<ConnectionSlot>,
    first_head: Pin<&'c mut Sleep>,
    stopped: watch::Receiver<()>,
}

impl Connection {
    /// Serves it until it ends, or `stopped` changes.
    pub(crate) async fn serve(self, router: Router, mut stopped: watch::Receiver<()>) {
        let Self {
            mut stream,
            peer,
            place,
            clients,
            tls,
        } = self;
        let first_head = pin!(sleep(FIRST_HEAD_TIMEOUT));
        let client = clients.of_connection(&mut stream, peer, place, FIRST_HEAD_TIMEOUT);
        let client = tokio::select! {
            client = client => client,
            // The sender is dropped when the listener stops.
            _ = stopped.changed() => None,
        };
        let Some((client, place)) = client else {
            return;
        };
        let mut exchange = Exchange {
            client,
            clients,
            place,
            first_head,
            stopped,
        };
        let Some(tls) = tls else {
            return exchange.run(stream, Encrypted(false), router).await;
        };
        let mut first = [0];
        match exchange.before_http(stream.peek(&mut first)).await {
            Some(Ok(1)) if first == [HANDSHAKE] => {}
            // A person typed `http://`, or a program was not told: closing would leave them guessing.
            Some(Ok(1)) => return exchange.run(stream, Encrypted(false), refusal()).await,
            Some(Ok(_) | Err(_)) | None => return,
        }
        match (exchange.before_http(TlsAcceptor::from(tls).accept(stream))).await {
            Some(Ok(stream)) => exchange.run(stream, Encrypted(true), router).await,
            Some(Err(error)) => tracing::debug!(%client, %error, "a TLS handshake failed"),
            None => {}
        }
    }
}

/// Says that this listener speaks TLS, whatever was asked.
fn refusal() -> Router {
    Router::new().fallback(async || AdminError::TlsRequired)
}

impl Exchange<'_> {
    /// Does what comes before the first request; `None` if the connection must end.
    async fn before_http<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.place.evicted() => None,
            () = &mut self.first_head => None,
            _ = self.stopped.changed() => None,
        }
    }

    async fn run<S>(self, stream: S, encrypted: Encrypted, router: Router)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            client,
            clients,
            place,
            first_head,
            mut stopped,
        } = self;
        let service = TowerToHyperService::new(router);
        let service = service_fn(|mut request: http::Request<Incoming>| {
            let in_progress = place.begin();
            // Here, because the router does not know the connection.
            let client = clients.of_request(client, request.headers());
            request.extensions_mut().insert(Peer(client));
            request.extensions_mut().insert(encrypted);
            let response = service.call(request);
            async move {
                let response = response.await;
                // Idle from here on: a client that does not read its response gives way as well.
                drop(in_progress);
                response
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        // Over all requests of the connection, including one in progress; its handler ends in the tracker.
        let life = timeout(MAX_LIFE, async {
            let mut connection = pin!(connection);
            tokio::select! {
                done = connection.as_mut() => done,
                () = place.evicted() => Ok(()),
                () = silent(&place, first_head) => Ok(()),
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        });
        if let Ok(Err(error)) = life.await {
            // Clients that go away are usual, and a warning for each would fill the log.
            tracing::debug!(%error, "an admin connection ended early");
        }
    }
}

/// Completes when a connection has had no whole head for too long since it began.
async fn silent(place: &ConnectionSlot, first_head: Pin<&mut Sleep>) {
    first_head.await;
    if place.asked() {
        std::future::pending().await
    }
}
