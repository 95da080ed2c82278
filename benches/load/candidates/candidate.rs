//! A started proxy.

use crate::{options::Options, server::Server, world::World};
use anyhow::Result;
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
    pub(super) fn peer(
        server: Server,
        addr: SocketAddr,
        options: &Options,
        world: &World,
    ) -> Result<Self> {
        Ok(Self {
            server,
            target: options.downstream.target(addr, world.folder.path())?,
            ask: world.ask.clone(),
            admin: None,
        })
    }
}
