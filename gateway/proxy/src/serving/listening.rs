//! The listening sockets: opened here, or inherited from another process.

use super::server::BindError;
use crate::settings::ListenerSettings;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// Listening sockets that another process opened, by the address that this process was to listen on: a
/// service manager's, or those of the gateway that this one takes over from.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    by_address: Vec<(SocketAddr, TcpListener)>,
    admin: Option<TcpListener>,
}

impl InheritedSockets {
    /// Adds a socket.
    pub fn push(&mut self, addr: SocketAddr, socket: TcpListener) {
        self.by_address.push((addr, socket));
    }

    /// Adds the socket of the admin listener, whatever its address: with port 0 it may be configured like that
    /// of the apps.
    pub fn push_admin(&mut self, socket: TcpListener) {
        self.admin = Some(socket);
    }

    /// Takes the socket of the admin listener. One is enough, since nothing shares it.
    pub fn take_admin(&mut self, addr: SocketAddr) -> Option<TcpListener> {
        let admin = self.admin.take();
        admin.or_else(|| self.take(addr).pop())
    }

    /// Takes the sockets of an address.
    pub fn take(&mut self, addr: SocketAddr) -> Vec<TcpListener> {
        let of_address = self.by_address.extract_if(.., |(at, _)| *at == addr);
        of_address.map(|(_, socket)| socket).collect()
    }

    /// The addresses of the sockets that nobody has taken.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.by_address.iter().map(|(addr, _)| *addr)
    }
}

/// A listening socket, kept open for the process that goes on with it.
#[derive(Debug)]
pub struct KeptSocket {
    /// The address as it is in the settings; port 0 stays port 0.
    pub addr: SocketAddr,
    /// The socket that a worker accepts on.
    pub socket: TcpListener,
}

/// All listening sockets.
pub(super) struct Listening {
    /// With real ports, in the order of the settings.
    pub(super) addresses: Vec<SocketAddr>,
    /// For each worker, its sockets and the number of the listener of each.
    pub(super) sockets: Vec<Vec<(usize, TcpListener)>>,
    /// A second descriptor of every socket: a socket that is closed resets the connections in its queue.
    pub(super) kept: Vec<KeptSocket>,
}

/// Opens the sockets of all listeners, or takes those that are inherited.
pub(super) fn open(
    listeners: &[ListenerSettings],
    workers: usize,
    inherited: &mut InheritedSockets,
) -> Result<Listening, BindError> {
    let mut listening = Listening {
        addresses: Vec::with_capacity(listeners.len()),
        sockets: (0..workers).map(|_| Vec::new()).collect(),
        kept: Vec::new(),
    };
    for (number, listener) in listeners.iter().enumerate() {
        let configured = listener.addr;
        let failed = |error: io::Error| BindError::Listen {
            addr: configured,
            hint: if error.kind() == io::ErrorKind::AddrInUse {
                "another program has the port; stop it or change listen.apps: "
            } else {
                ""
            },
            error,
        };
        let mut sockets = inherited.take(configured);
        if sockets.is_empty() {
            sockets = bind(configured, workers).map_err(failed)?;
        }
        let addr = sockets[0].local_addr().map_err(failed)?;
        listening.addresses.push(addr);
        // All of them have a worker, or connections would wait in one for ever. If there are fewer than
        // workers, some workers share one.
        for place in 0..sockets.len().max(workers) {
            let socket = &sockets[place % sockets.len()];
            let socket = socket.try_clone().map_err(failed)?;
            listening.sockets[place % workers].push((number, socket));
        }
        let kept = sockets.into_iter().map(|socket| KeptSocket {
            addr: configured,
            socket,
        });
        listening.kept.extend(kept);
    }
    Ok(listening)
}

/// Opens one socket for each worker.
fn bind(mut addr: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    if addr.port() != 0 {
        // Two processes that both set SO_REUSEPORT would silently share the port; a socket without it
        // finds out.
        socket(addr, false)?;
    }
    let mut sockets = Vec::with_capacity(workers);
    for _ in 0..workers {
        let socket = socket(addr, true)?;
        // A long queue: connections come in bursts, and a worker takes them one at a time.
        socket.listen(4096)?;
        let socket = TcpListener::from(socket);
        // Port 0: the first socket decides, the others share.
        addr = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok(sockets)
}

/// Whether this machine lets the process listen on an address. A port that is in use counts as free: a
/// running gateway may have it. Nothing is accepted.
///
/// # Errors
/// When the address is not one of this machine, or the port needs a privilege.
pub fn try_address(addr: SocketAddr) -> io::Result<()> {
    match socket(addr, false) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn socket(addr: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Without it a restart would wait for connections of before to be forgotten.
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    if addr.is_ipv6() {
        // Otherwise `[::]` would also take the IPv4 port, which may be another listener's.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}
