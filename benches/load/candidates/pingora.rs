//! A minimal Pingora proxy (`benches/pingora`), with keep-alive to the mock and a fixed bearer.

use super::candidate::Candidate;
use crate::{
    options::Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::{Context as _, Result};
use std::{ffi::OsStr, fs, net::SocketAddr, os::unix::fs::PermissionsExt as _};

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let program = options.pingora.as_ref();
    let program = program.context("not built: `cargo xtask bench peers` builds it")?;
    let folder = world.folder.path();
    let addr = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let upstream = if options.tls_upstream {
        world.carrier.tls
    } else {
        world.carrier.addr
    };
    // A file, because every user of the machine can read arguments.
    let token = folder.join("pingora.token");
    fs::write(&token, &world.token)?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    let (listen, upstream) = (addr.to_string(), upstream.to_string());
    let workers = options.workers.to_string();
    let mut arguments: Vec<&OsStr> = [&listen, &upstream, &workers].map(OsStr::new).to_vec();
    arguments.push(token.as_ref());
    if options.tls_upstream {
        arguments.push(world.carrier.ca_file.as_ref());
    }
    let mut server = Server::start("pingora", program, &arguments, &world.plan.proxy, folder)?;
    server.listening(addr)?;
    Candidate::peer(server, addr, options, world)
}
