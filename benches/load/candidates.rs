//! The proxies: one file each, all doing the same work.

mod envoy;
mod haproxy;
mod nginx;
mod waybill;

pub(crate) use waybill::{Extra, start as start_waybill};

use crate::{Options, server::Server, world::World};
use anyhow::Result;
use std::net::SocketAddr;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Which of the given builds of the gateway.
    Waybill(usize),
    /// Distribution package.
    Nginx,
    /// Distribution package.
    Haproxy,
    /// From the Python package index.
    Envoy,
}

/// A started candidate.
pub(crate) struct Candidate {
    pub(crate) server: Server,
    pub(crate) addr: SocketAddr,
    /// The gateway's own figures.
    pub(crate) admin: Option<SocketAddr>,
}

impl Kind {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Waybill(0) => "waybill".to_owned(),
            Self::Waybill(build) => format!("waybill #{}", build + 1),
            Self::Nginx => "nginx".to_owned(),
            Self::Haproxy => "haproxy".to_owned(),
            Self::Envoy => "envoy".to_owned(),
        }
    }

    /// Starts it.
    pub(crate) fn start(self, options: &Options, world: &World) -> Result<Candidate> {
        match self {
            Self::Waybill(build) => start_waybill(options, build, world, &Extra::default()),
            Self::Nginx => nginx::start(options, world),
            Self::Haproxy => haproxy::start(options, world),
            Self::Envoy => envoy::start(options, world),
        }
    }
}
