//! What of the admin listener changes while it serves: the host names that it answers to, and from what it
//! learns a client's address.

use crate::host::AllowedHosts;
use gateway_model::ClientAddressSource;
use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

struct Live {
    hosts: Arc<AllowedHosts>,
    client_address: ClientAddressSource,
}

/// Changes who is known by what at a running admin listener. Cheap to clone.
#[derive(Clone)]
pub struct AdminHandle {
    addr: SocketAddr,
    live: Arc<RwLock<Live>>,
}

impl AdminHandle {
    pub(crate) fn new(
        addr: SocketAddr,
        hosts: &[String],
        client_address: ClientAddressSource,
    ) -> Self {
        let hosts = Arc::new(AllowedHosts::new(addr, hosts));
        let live = Arc::new(RwLock::new(Live {
            hosts,
            client_address,
        }));
        Self { addr, live }
    }

    /// Answers to these host names from the next request on, and learns the clients' addresses from
    /// `client_address` for connections that begin from now on.
    pub fn replace(&self, hosts: &[String], client_address: ClientAddressSource) {
        let new = Live {
            hosts: Arc::new(AllowedHosts::new(self.addr, hosts)),
            client_address,
        };
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = new;
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
}

impl fmt::Debug for AdminHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminHandle({})", self.addr)
    }
}
