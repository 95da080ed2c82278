//! A running stand-in.

use crate::{
    endpoint::{Carrier, Quota},
    engine,
    fault::Fault,
    fields::Request,
    journal::Seen,
    state::State,
};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// A stand-in of one carrier. It ends when it is dropped.
#[must_use = "the stand-in ends when this is dropped"]
pub struct MockCarrier {
    state: Arc<State>,
    address: SocketAddr,
    serving: AbortHandle,
}

/// How a stand-in differs from its table.
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    state: State,
    listen: SocketAddr,
}

impl fmt::Debug for MockCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockCarrier")
            .field("carrier", &self.state.carrier.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}

impl Builder {
    /// Accepts this secret in place of the table's.
    pub fn secret(self, name: &'static str, value: &str) -> Self {
        self.state.set_secret(name, value);
        self
    }

    /// Issues tokens of this lifetime.
    pub fn lifetime(self, lifetime: Duration) -> Self {
        self.state.set_lifetime(lifetime);
        self
    }

    /// Begins with a clock that is behind.
    pub fn set_back(self, by: Duration) -> Self {
        self.state.clock.set_back(by);
        self
    }

    /// Disturbs an endpoint from the start.
    pub fn fault(self, endpoint: &'static str, fault: Fault) -> Self {
        self.state.set_fault(endpoint, Some(fault));
        self
    }

    /// Listens here. The default is a free port of 127.0.0.1.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Starts the stand-in.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(self) -> io::Result<MockCarrier> {
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(self.state);
        let serving = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Ok(MockCarrier {
            state,
            address,
            serving,
        })
    }
}

impl MockCarrier {
    /// A stand-in as its table says.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(carrier: &'static Carrier) -> io::Result<Self> {
        Self::builder(carrier).start().await
    }

    /// A stand-in that differs from its table.
    pub fn builder(carrier: &'static Carrier) -> Builder {
        Builder {
            state: State::new(carrier),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }

    /// The carrier's table.
    pub fn carrier(&self) -> &'static Carrier {
        self.state.carrier
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, over plain HTTP.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn journal(&self) -> Vec<Seen> {
        self.state.journal()
    }

    /// The requests to one endpoint.
    pub fn requests_to(&self, endpoint: &str) -> Vec<Seen> {
        let mut journal = self.state.journal();
        journal.retain(|seen| seen.endpoint == endpoint);
        journal
    }

    /// Disturbs an endpoint until it is called with `None`.
    pub fn set_fault(&self, endpoint: &'static str, fault: Option<Fault>) {
        self.state.set_fault(endpoint, fault);
    }

    /// Changes how many tokens are issued in a time; `None` is the table's quota.
    pub fn set_quota(&self, quota: Option<Quota>) {
        self.state.set_quota(quota);
    }

    /// Accepts another secret from now on.
    pub fn set_secret(&self, name: &'static str, value: &str) {
        self.state.set_secret(name, value);
    }

    /// Refuses every token that was issued so far.
    pub fn forget_tokens(&self) {
        self.state.forget_tokens();
    }

    /// Moves the stand-in's clock forward.
    pub fn advance(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// Moves the stand-in's clock back, as that of a carrier that is behind.
    pub fn set_back(&self, by: Duration) {
        self.state.clock.set_back(by);
    }
}

impl Drop for MockCarrier {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The connections end with the listener, because the set of their tasks is dropped with it.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        // A connection that failed before it was accepted is its client's trouble.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&state)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let state = Arc::clone(&state);
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let answer = engine::answer(&state, Request { parts, body }).await;
            // hyper closes the connection without an answer if the service fails.
            answer.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionReset))
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away is none of the stand-in's failures.
    drop(connection.await);
}
