//! HAProxy, with keep-alive to the mock and a fixed bearer.

use super::candidate::Candidate;
use crate::{
    options::Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::Result;
use std::{ffi::OsStr, fs, net::SocketAddr, path::Path};

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let folder = world.folder.path();
    let addr = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let backend = if options.tls_upstream {
        let ca = world.carrier.ca_file.display();
        format!(
            "{} ssl verify required ca-file {ca} sni str(localhost) verifyhost localhost",
            world.carrier.tls
        )
    } else {
        world.carrier.addr.to_string()
    };
    let file = folder.join("haproxy.cfg");
    fs::write(
        &file,
        format!(
            r#"global
  nbthread {workers}
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-request 10s
  http-reuse always
frontend apps
  bind {addr}
  default_backend ups
backend ups
  http-request set-header Host localhost
  http-request set-header Authorization "Bearer {token}"
  server ups {backend} pool-max-conn 512
"#,
            workers = options.workers,
            token = world.token,
        ),
    )?;
    let arguments: [&OsStr; 3] = ["-db".as_ref(), "-f".as_ref(), file.as_ref()];
    let mut server = Server::start(
        "haproxy",
        Path::new("haproxy"),
        &arguments,
        &world.plan.proxy,
        folder,
    )?;
    server.listening(addr)?;
    Ok(Candidate::peer(server, addr, world))
}
