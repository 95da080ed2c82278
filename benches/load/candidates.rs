//! The proxies: one file each, all doing the same work.

mod envoy;
mod haproxy;
mod nginx;
mod waybill;

use crate::{Options, server::Server, world::World};
use anyhow::Result;
use std::net::SocketAddr;

/// A started candidate.
pub(crate) struct Candidate {
    pub(crate) server: Server,
    pub(crate) addr: SocketAddr,
}

/// Starts a candidate by name.
pub(crate) fn start(name: &str, options: &Options, world: &World) -> Result<Candidate> {
    match name {
        "nginx" => nginx::start(options, world),
        "haproxy" => haproxy::start(options, world),
        "envoy" => envoy::start(options, world),
        _ => waybill::start(options, world),
    }
}
