//! What systemd, or another program with its protocols, gives to the gateway and hears from it.

use gateway_config::Listen;
use gateway_proxy::InheritedSockets;
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use sd_notify::NotifyState;
use std::net::SocketAddr;

/// Why the sockets of a socket unit cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActivationError {
    /// A datagram socket, or a connection (`Accept=yes`).
    #[error(
        "descriptor {number} from the service manager is no listening TCP socket: use ListenStream= \
         with an address and a port, and Accept=no"
    )]
    NotListening {
        /// Counted from 1, in the order of the socket unit.
        number: usize,
    },
    /// The configuration has no listener for it.
    #[error(
        "the service manager listens on {0}, which [listen] does not name: write this address into \
         apps or admin of [listen], or take it out of the socket unit"
    )]
    Unknown(SocketAddr),
}

/// The sockets that the service manager opened (`LISTEN_FDS`). To be called once, before the process has a
/// second thread: it takes the variables out of the environment.
pub(crate) fn sockets() -> Result<InheritedSockets, ActivationError> {
    let mut passed = ListenFd::from_env();
    let mut inherited = InheritedSockets::default();
    for at in 0..passed.len() {
        let socket = passed.take_tcp_listener(at).ok().flatten();
        let listens = |socket: &_| socket_acceptconn(socket).unwrap_or(false);
        let socket = socket.filter(listens);
        let found = socket.and_then(|socket| Some((socket.local_addr().ok()?, socket)));
        let (addr, socket) = found.ok_or(ActivationError::NotListening { number: at + 1 })?;
        inherited.push(addr, socket);
    }
    Ok(inherited)
}

/// Refuses a socket that nothing would ever accept on.
pub(crate) fn check(inherited: &InheritedSockets, listen: &Listen) -> Result<(), ActivationError> {
    let known = |addr: &SocketAddr| listen.apps.contains(addr) || listen.admin == *addr;
    let unknown = inherited.addresses().find(|addr| !known(addr));
    unknown.map_or(Ok(()), |addr| Err(ActivationError::Unknown(addr)))
}

/// Tells the service manager, if there is one (`NOTIFY_SOCKET`).
pub(crate) fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told of the gateway's state");
    }
}
