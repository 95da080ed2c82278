//! What of the admin listener changes while it serves: the host names that it answers to, from what it
//! learns a client's address, and TLS.

use crate::host::AllowedHosts;
use gateway_model::ClientAddressSource;
use rustls::ServerConfig;
use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};
use tokio_util::sync::CancellationToken;

/// What of the admin listener can change while it serves.
#[derive(Clone, Debug)]
pub struct AdminAccess {
    /// Further host names that requests may use.
    pub hosts: Vec<String>,
    /// From what the address of a client is learned, for the limits by address.
    pub client_address: ClientAddressSource,
    /// TLS; without it the listener speaks HTTP in clear.
    pub tls: Option<Arc<ServerConfig>>,
}

struct Live {
    hosts: Arc<AllowedHosts>,
    client_address: ClientAddressSource,
    tls: Option<Arc<ServerConfig>>,
    /// Cancelled when responses that go on have to end.
    streams: CancellationToken,
}

impl Live {
    fn new(addr: SocketAddr, access: AdminAccess) -> Self {
        Self {
            hosts: Arc::new(AllowedHosts::new(addr, &access.hosts)),
            client_address: access.client_address,
            tls: access.tls,
            streams: CancellationToken::new(),
        }
    }
}

/// Changes who is known by what at a running admin listener. Cheap to clone.
#[derive(Clone)]
pub struct AdminHandle {
    addr: SocketAddr,
    live: Arc<RwLock<Live>>,
}

impl AdminHandle {
    pub(crate) fn new(addr: SocketAddr, access: AdminAccess) -> Self {
        let live = Arc::new(RwLock::new(Live::new(addr, access)));
        Self { addr, live }
    }

    /// Answers to these host names from the next request on. TLS, and from what a client's address is
    /// learned, hold for connections that begin from now on.
    pub fn replace(&self, access: AdminAccess) {
        let new = Live::new(self.addr, access);
        self.end_streams();
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Ends the responses that go on, such as those of the live requests. Browsers connect again.
    pub(crate) fn end_streams(&self) {
        self.streams().cancel();
    }

    pub(crate) fn streams(&self) -> CancellationToken {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.streams.clone()
    }

    /// The listener's address, with the real port.
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn hosts(&self) -> Arc<AllowedHosts> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&live.hosts)
    }

    pub(crate) fn client_address(&self) -> ClientAddressSource {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.client_address.clone()
    }

    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.tls.clone()
    }
}

impl fmt::Debug for AdminHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminHandle({})", self.addr)
    }
}
