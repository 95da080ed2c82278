//! HAProxy, with keep-alive to the mock and a fixed bearer.

use super::candidate::Candidate;
use crate::{
    certificate::certificate,
    form::Form,
    options::Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::Result;
use std::{ffi::OsStr, fs, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path};

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
    let parameters = apps(options, folder)?;
    let file = folder.join("haproxy.cfg");
    fs::write(
        &file,
        format!(
            r#"global
  nbthread {workers}
  maxconn 8000
  tune.bufsize {buffer}
  # Room for the bearer beside a buffer that is full of content: without it a long upload ends with 500.
  tune.maxrewrite 4096
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-request 10s
  http-reuse always
frontend apps
  bind {addr}{parameters}
  default_backend ups
backend ups
  http-request set-header Host localhost
  http-request set-header Authorization "Bearer {token}"
  server ups {backend} pool-max-conn 512
"#,
            workers = options.workers,
            token = world.token,
            buffer = buffer(options.form),
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
    Candidate::peer(server, addr, options, world)
}

/// Parameters of the listener.
fn apps(options: &Options, folder: &Path) -> Result<String> {
    Ok(match (options.downstream.tls, options.downstream.http2) {
        (false, false) => String::new(),
        (false, true) => " proto h2".to_owned(),
        (true, http2) => {
            let (certificate, key) = certificate(folder)?;
            // It takes both from one file.
            let both = folder.join("haproxy.pem");
            fs::write(&both, [fs::read(certificate)?, fs::read(key)?].concat())?;
            fs::set_permissions(&both, fs::Permissions::from_mode(0o600))?;
            let version = if http2 { "h2" } else { "http/1.1" };
            format!(
                " ssl crt {} alpn {version} ssl-min-ver TLSv1.2",
                both.display()
            )
        }
    })
}

/// Bytes of a buffer: what took the least time for each form. With much content `option splice-auto` took more.
const fn buffer(form: Form) -> u32 {
    match form {
        // Its default.
        Form::Shop | Form::Get => 16 * 1024,
        Form::Answer100K | Form::Upload64K => 32 * 1024,
        Form::Answer1M | Form::Upload1M => 128 * 1024,
    }
}
