//! A started proxy.

use crate::{server::Server, world::World};
use benches::{ask::Ask, client::Target};
use std::net::SocketAddr;

/// A started candidate.
pub(crate) struct Candidate {
    pub(crate) server: Server,
    /// Where it is asked.
    pub(crate) target: Target,
    /// What it is asked.
    pub(crate) ask: Ask,
    /// The gateway's own figures.
    pub(crate) admin: Option<SocketAddr>,
}

impl Candidate {
    pub(super) fn peer(server: Server, addr: SocketAddr, world: &World) -> Self {
        Self {
            server,
            target: Target::plain(addr),
            ask: world.ask.clone(),
            admin: None,
        }
    }
}
