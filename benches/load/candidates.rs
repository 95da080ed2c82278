//! The proxies: one file each, all doing the same work.

mod app;
mod candidate;
mod carrier;
mod envoy;
mod floor;
mod haproxy;
mod nginx;
mod pingora;
mod waybill;

pub(crate) use candidate::Candidate;
pub(crate) use waybill::{Extra, start as start_waybill};

use crate::{form::Form, machine, options::Options, world::World};
use anyhow::Result;
use envoy::Injection;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Which of the given builds of the gateway.
    Waybill(usize),
    /// No proxy: the carrier, asked directly.
    Carrier,
    /// The least that a gateway of this design can cost.
    Floor,
    /// Distribution package.
    Nginx,
    /// Distribution package.
    Haproxy,
    /// From the Python package index; a header in its configuration.
    Envoy,
    /// Envoy with its credential injector.
    EnvoyInjector,
    /// A minimal program of this repository with the Pingora library.
    Pingora,
}

impl Kind {
    /// The proxies that a user might pick instead of Waybill, and the floor, as far as they take part in this load.
    pub(crate) fn peers(options: &Options) -> Vec<Self> {
        let mut peers = vec![Self::Nginx, Self::Haproxy];
        // The far ones only where they have always been measured: elsewhere they would take time and show nothing new.
        if options.form == Form::Shop && options.downstream.is_plain() {
            peers.extend([Self::Envoy, Self::EnvoyInjector, Self::Pingora]);
        }
        if !options.downstream.http2 {
            peers.push(Self::Floor);
        }
        peers
    }

    /// What must run. A peer may not be installed.
    pub(crate) const fn is_ours(self) -> bool {
        match self {
            Self::Waybill(_) | Self::Carrier | Self::Floor => true,
            Self::Nginx | Self::Haproxy | Self::Envoy | Self::EnvoyInjector | Self::Pingora => {
                false
            }
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Waybill(0) => "waybill".to_owned(),
            Self::Waybill(build) => format!("waybill #{}", build + 1),
            Self::Carrier => "the carrier itself".to_owned(),
            Self::Floor => "floor".to_owned(),
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
            Self::Carrier => carrier::start(options, world),
            Self::Floor => floor::start(options, world),
            Self::Nginx => nginx::start(options, world),
            Self::Haproxy => haproxy::start(options, world),
            Self::Envoy => envoy::start(options, world, Injection::Header),
            Self::EnvoyInjector => envoy::start(options, world, Injection::Injector),
            Self::Pingora => pingora::start(options, world),
        }
    }

    /// What the program says of its version; `None` if it cannot be asked.
    pub(crate) fn version(self, options: &Options) -> Option<String> {
        let (program, argument) = match self {
            Self::Waybill(build) => (options.waybill.get(build)?.as_path(), "--version"),
            Self::Carrier if options.form == Form::Shop => {
                (options.mock_ups.as_path(), "--version")
            }
            // Programs of the bench: the commit says which.
            Self::Carrier | Self::Floor => return None,
            Self::Nginx => ("nginx".as_ref(), "-v"),
            Self::Haproxy => ("haproxy".as_ref(), "-v"),
            Self::Envoy | Self::EnvoyInjector => (options.envoy.as_path(), "--version"),
            Self::Pingora => (options.pingora.as_deref()?, "--version"),
        };
        machine::first_line(program, argument)
    }
}
