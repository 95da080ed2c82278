//! The proxies: one file each, all doing the same work.

mod app;
mod envoy;
mod haproxy;
mod mock_ups;
mod nginx;
mod pingora;
mod waybill;

pub(crate) use waybill::{Extra, start as start_waybill};

use crate::{Options, server::Server, world::World};
use anyhow::Result;
use benches::{ask::Ask, client::Target};
use envoy::Means;
use std::net::SocketAddr;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Which of the given builds of the gateway.
    Waybill(usize),
    /// No proxy: the carrier, asked directly.
    MockUps,
    /// Distribution package.
    Nginx,
    /// Distribution package.
    Haproxy,
    /// From the Python package index; a header in its configuration.
    Envoy,
    /// The same with its credential injector.
    EnvoyInjector,
    /// A minimal program of our own with that library.
    Pingora,
}

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
    fn peer(server: Server, addr: SocketAddr, world: &World) -> Self {
        Self {
            server,
            target: Target::plain(addr),
            ask: world.ask.clone(),
            admin: None,
        }
    }
}

impl Kind {
    /// The proxies that are not ours.
    pub(crate) const PEERS: [Self; 5] = [
        Self::Nginx,
        Self::Haproxy,
        Self::Envoy,
        Self::EnvoyInjector,
        Self::Pingora,
    ];

    /// What must run. A peer may not be installed.
    pub(crate) const fn is_ours(self) -> bool {
        match self {
            Self::Waybill(_) | Self::MockUps => true,
            Self::Nginx | Self::Haproxy | Self::Envoy | Self::EnvoyInjector | Self::Pingora => {
                false
            }
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Waybill(0) => "waybill".to_owned(),
            Self::Waybill(build) => format!("waybill #{}", build + 1),
            Self::MockUps => "mock-ups itself".to_owned(),
            Self::Nginx => "nginx".to_owned(),
            Self::Haproxy => "haproxy".to_owned(),
            Self::Envoy => "envoy".to_owned(),
            Self::EnvoyInjector => "envoy injector".to_owned(),
            Self::Pingora => "pingora".to_owned(),
        }
    }

    /// Starts it.
    pub(crate) fn start(self, options: &Options, world: &World) -> Result<Candidate> {
        match self {
            Self::Waybill(build) => start_waybill(options, build, world, &Extra::default()),
            Self::MockUps => mock_ups::start(options, world),
            Self::Nginx => nginx::start(options, world),
            Self::Haproxy => haproxy::start(options, world),
            Self::Envoy => envoy::start(options, world, Means::Header),
            Self::EnvoyInjector => envoy::start(options, world, Means::Injector),
            Self::Pingora => pingora::start(options, world),
        }
    }

    /// What the program says of its version; `None` if it cannot be asked.
    pub(crate) fn version(self, options: &Options) -> Option<String> {
        let (program, argument) = match self {
            Self::Waybill(build) => (options.waybill.get(build)?.as_path(), "--version"),
            Self::MockUps => (options.mock_ups.as_path(), "--version"),
            Self::Nginx => ("nginx".as_ref(), "-v"),
            Self::Haproxy => ("haproxy".as_ref(), "-v"),
            Self::Envoy | Self::EnvoyInjector => (options.envoy.as_path(), "--version"),
            Self::Pingora => (options.pingora.as_deref()?, "--version"),
        };
        crate::machine::first_line(program, argument)
    }
}
