//! The gateway: the shipped program with its default settings.

use super::{app, candidate::Candidate};
use crate::{
    certificate::certificate, downstream::App, options::Options, server::Server, world::World,
};
use anyhow::{Context as _, Result};
use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// What is added to the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    /// Further sections, before `[[route]]`.
    pub(crate) sections: String,
    /// Further routes and accounts.
    pub(crate) tables: String,
    /// Runs under callgrind, which writes to this file.
    pub(crate) callgrind: Option<PathBuf>,
}

/// Starts one of the builds.
pub(crate) fn start(
    options: &Options,
    build: usize,
    world: &World,
    extra: &Extra,
) -> Result<Candidate> {
    let program = options.waybill.get(build).context("no such build")?;
    let folder = world.folder.path();
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins)?;
    let plugin = plugins.join("ups.so");
    if !plugin.exists() {
        fs::copy(&options.plugin, plugin)?;
    }
    let file = folder.join(format!("waybill-{build}.toml"));
    fs::write(&file, config(options, world, extra)?)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    let mut arguments: Vec<&OsStr> = Vec::new();
    let out = extra
        .callgrind
        .as_ref()
        .map(|out| format!("--callgrind-out-file={}", out.display()));
    let starter = match &out {
        None => program,
        Some(out) => {
            arguments.extend::<[&OsStr; 4]>([
                "--tool=callgrind".as_ref(),
                "-q".as_ref(),
                out.as_ref(),
                program.as_ref(),
            ]);
            Path::new("valgrind")
        }
    };
    arguments.extend::<[&OsStr; 3]>(["serve".as_ref(), "--config".as_ref(), file.as_ref()]);
    let mut server = Server::start("waybill", starter, &arguments, &world.plan.proxy, folder)?;
    let addr = server.address("apps listening on ")?;
    let admin = Some(server.address("admin listening on ")?);
    let target = options.downstream.target(addr, folder)?;
    Ok(Candidate {
        ask: app::identify(world.ask.clone(), options.downstream.app, &target)
            .map_err(|error| server.explain(error))?,
        server,
        target,
        admin,
    })
}

fn config(options: &Options, world: &World, extra: &Extra) -> Result<String> {
    let carrier = &world.carrier;
    let (origin, upstream) = if options.tls_upstream {
        let ca = carrier.ca_file.display();
        (
            format!("https://localhost:{}", carrier.tls.port()),
            format!("[upstream]\nca_file = \"{ca}\"\n"),
        )
    } else {
        (format!("http://{}", carrier.addr), String::new())
    };
    let downstream = &options.downstream;
    let tls = if downstream.tls {
        let (certificate, key) = certificate(world.folder.path())?;
        let (certificate, key) = (certificate.display(), key.display());
        format!("[listen.tls]\ncert = \"{certificate}\"\nkey = \"{key}\"\n")
    } else {
        String::new()
    };
    Ok(format!(
        r#"[listen]
apps = "127.0.0.1:0"
admin = "127.0.0.1:0"
trust_loopback = {trusted}
{tls}[workers]
count = {workers}
[plugins]
dir = "plugins"
# As where plugins.lock vouches for it. A worker process does not run under callgrind.
isolation = "in_process"
{upstream}{sections}
[[route]]
carrier = "ups"
environment = "test"
account = "main"
origin = "{origin}"
danger_plaintext_upstream = {plaintext}
[[account]]
name = "main"
carrier = "ups"
environment = "test"
client_id = "mock-client"
client_secret = {{ value = "mock-secret" }}
{app}{tables}"#,
        trusted = downstream.app == App::Trusted,
        workers = options.workers,
        sections = extra.sections,
        tables = extra.tables,
        plaintext = !options.tls_upstream,
        app = app::section(downstream.app),
    ))
}
