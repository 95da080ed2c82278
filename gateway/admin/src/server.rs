//! The admin listener: it binds, accepts connections and serves them.

use crate::{
    acceptor::Acceptor,
    client_address::Clients,
    connection::Connection,
    connections::Connections,
    context::AdminContext,
    handle::{AdminAccess, AdminHandle},
    readiness::Latch,
    routes::router,
    runtime_status::RuntimeStatus,
};
use axum::Router;
use gateway_control::ControlPlane;
use gateway_model::Clock;
use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, time::timeout};
use tokio_util::task::TaskTracker;

/// The grace period for requests in flight after a shutdown began.
const DRAIN: Duration = Duration::from_secs(5);

/// What the listener is made of.
pub struct AdminOptions {
    /// The address to listen on; port 0 takes a free port.
    pub addr: SocketAddr,
    /// A socket that listens on this address already; without one it is opened.
    pub inherited: Option<std::net::TcpListener>,
    /// What can change while it serves.
    pub access: AdminAccess,
    /// What metrics and readiness are read from.
    pub runtime: Arc<dyn RuntimeStatus>,
    /// The phase of the process.
    pub latch: Latch,
    /// The clock for expiry metrics and rate limits.
    pub clock: Arc<dyn Clock>,
    /// What the API works on; without it the API responds with 503.
    pub control: Option<ControlPlane>,
}

/// The admin listener.
#[derive(Debug)]
pub struct Admin;

/// The listener cannot listen on its address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr} for admin: {hint}{error}")]
pub struct BindError {
    addr: SocketAddr,
    hint: &'static str,
    error: io::Error,
}

/// A bound listener. Connections wait in the system's queue until it runs.
pub struct Bound {
    acceptor: Acceptor,
    access: AdminHandle,
    addr: SocketAddr,
    router: Router,
    tasks: TaskTracker,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({})", self.addr)
    }
}

impl Admin {
    /// Binds the address.
    ///
    /// # Errors
    /// When the port is in use, or the address is not one of this machine.
    pub async fn bind(options: AdminOptions) -> Result<Bound, BindError> {
        let AdminOptions {
            addr,
            inherited,
            access,
            runtime,
            latch,
            clock,
            control,
        } = options;
        let failed = |error: io::Error| BindError {
            addr,
            hint: if error.kind() == io::ErrorKind::AddrInUse {
                "another program uses the port; stop it or change listen.admin: "
            } else {
                ""
            },
            error,
        };
        let listener = match inherited {
            Some(socket) => adopt(socket),
            None => TcpListener::bind(addr).await,
        };
        let listener = listener.map_err(failed)?;
        // With the real port, since port 0 was replaced by the system.
        let bound = listener.local_addr().map_err(failed)?;
        let context = AdminContext {
            runtime,
            latch,
            clock,
            access: AdminHandle::new(bound, access),
            control,
            throttle: Arc::default(),
            store: Arc::default(),
            live: Arc::default(),
            tasks: TaskTracker::new(),
        };
        Ok(Bound {
            acceptor: Acceptor::new(listener, Arc::clone(&context.clock)),
            addr: bound,
            access: context.access.clone(),
            tasks: context.tasks.clone(),
            router: router(context),
        })
    }
}

fn adopt(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

impl Bound {
    /// A second descriptor of the listening socket, for a process that goes on with it.
    ///
    /// # Errors
    /// When the system gives no descriptor.
    pub fn socket(&self) -> io::Result<std::net::TcpListener> {
        self.acceptor.socket()
    }

    /// The address, with the real port.
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Changes the listener while it serves.
    pub fn handle(&self) -> AdminHandle {
        self.access.clone()
    }

    /// Serves until `shutdown` completes, then gives requests in flight a few seconds to end.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(());
        let connections = Connections::default();
        let clients = Clients::new(connections.clone());
        let mut shutdown = pin!(shutdown);
        loop {
            // It never waits for a free place: a health check would wait behind silent connections.
            let (stream, peer) = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.acceptor.accept() => accepted,
            };
            let Some(place) = connections.admit(peer.ip().to_canonical()) else {
                continue;
            };
            let (router, stopped) = (self.router.clone(), stopped.clone());
            let connection = Connection {
                stream,
                peer: peer.ip(),
                place,
                clients: clients.by(self.access.client_address()),
                tls: self.access.tls(),
            };
            self.tasks.spawn(connection.serve(router, stopped));
        }
        // Dropping the sender tells every connection to finish its request and to close.
        drop((self.acceptor, stop));
        // A response that goes on would hold its connection open.
        self.access.end_streams();
        self.tasks.close();
        // A client that still reads its response after that is cut off.
        let _ = timeout(DRAIN, self.tasks.wait()).await;
    }
}
