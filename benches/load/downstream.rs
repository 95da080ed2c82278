//! How the load speaks to the gateway.

use crate::certificate::certificate;
use anyhow::Result;
use benches::client::{Target, tls};
use clap::{Args, ValueEnum};
use std::{fmt, net::SocketAddr, path::Path};

/// How the load speaks to the gateway and to its peers.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Downstream {
    /// HTTP/2; without TLS by prior knowledge.
    #[arg(long)]
    pub(crate) http2: bool,
    /// TLS between load and gateway.
    #[arg(long = "tls-downstream")]
    pub(crate) tls: bool,
    /// Places for requests on one connection of HTTP/2.
    #[arg(long, default_value_t = 16)]
    pub(crate) streams: usize,
    /// How the load proves who is calling.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) app: App,
}

/// How the load proves who is calling.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum App {
    /// Not at all: callers on loopback are trusted.
    #[default]
    Trusted,
    /// With an access key.
    Key,
    /// With a token from the gateway's token endpoint.
    Token,
}

impl Downstream {
    /// Whether it is HTTP/1.1 without TLS and without credentials: what every peer is asked by.
    pub(crate) fn is_plain(self) -> bool {
        !self.http2 && !self.tls && self.app == App::Trusted
    }

    /// A server that listens there, with the certificate of this folder if it has TLS.
    pub(crate) fn target(self, addr: SocketAddr, folder: &Path) -> Result<Target> {
        let tls = match self.tls {
            true => Some(tls(&certificate(folder)?.0, self.http2)?),
            false => None,
        };
        Ok(Target {
            addr,
            http2: self.http2,
            tls,
        })
    }
}

impl fmt::Display for Downstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.http2 { "HTTP/2" } else { "HTTP/1.1" })?;
        if self.tls {
            f.write_str(" over TLS")?;
        }
        match self.app {
            App::Trusted => Ok(()),
            App::Key => f.write_str(", apps with a key"),
            App::Token => f.write_str(", apps with a token"),
        }
    }
}
