//! The bench's own relay ([`crate::hand_made::floor`]), with keep-alive to the carrier and a fixed bearer.

use super::candidate::Candidate;
use crate::{certificate::certificate, options::Options, server::Server, world::World};
use anyhow::Result;
use std::{env, ffi::OsStr, fs, os::unix::fs::PermissionsExt as _};

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let folder = world.folder.path();
    let token = folder.join("floor.token");
    fs::write(&token, &world.token)?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    let (carrier, workers) = (&world.carrier, options.workers.to_string());
    let upstream = if options.tls_upstream {
        carrier.tls
    } else {
        carrier.addr
    };
    let upstream = upstream.to_string();
    let mut arguments: Vec<&OsStr> = vec!["floor".as_ref(), "--workers".as_ref()];
    arguments.extend::<[&OsStr; 5]>([
        workers.as_ref(),
        "--upstream".as_ref(),
        upstream.as_ref(),
        "--token-file".as_ref(),
        token.as_ref(),
    ]);
    if options.tls_upstream {
        arguments.extend::<[&OsStr; 2]>(["--ca-file".as_ref(), carrier.ca_file.as_ref()]);
    }
    let (cert, key) = certificate(folder)?;
    if options.downstream.tls {
        let files: [&OsStr; 4] = [
            "--cert".as_ref(),
            cert.as_ref(),
            "--key".as_ref(),
            key.as_ref(),
        ];
        arguments.extend(files);
    }
    let program = env::current_exe()?;
    let mut server = Server::start("floor", &program, &arguments, &world.plan.proxy, folder)?;
    let addr = server.address("listening on http")?;
    Candidate::peer(server, addr, options, world)
}
