//! The gateway: the shipped program with its default settings.

use super::Candidate;
use crate::{Options, server::Server, world::World};
use anyhow::{Context as _, Result};
use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// What is added to the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    /// Accounts beside `main`; see [`crate::world::client_id`].
    pub(crate) accounts: usize,
    /// Further sections.
    pub(crate) sections: String,
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
    fs::write(&file, config(options, world, extra))?;
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
    let mut server = Server::start(starter, &arguments, &world.plan.proxy, folder)?;
    let addr = server.address("apps listening on ")?;
    let admin = Some(server.address("admin listening on ")?);
    Ok(Candidate {
        server,
        addr,
        admin,
    })
}

fn config(options: &Options, world: &World, extra: &Extra) -> String {
    let (origin, upstream) = if options.tls_upstream {
        let ca = world.ca_file.display();
        (
            format!("https://localhost:{}", world.mock_tls.port()),
            format!("[upstream]\nca_file = \"{ca}\"\n"),
        )
    } else {
        (format!("http://{}", world.mock), String::new())
    };
    let mut config = format!(
        r#"[listen]
apps = "127.0.0.1:0"
admin = "127.0.0.1:0"
trust_loopback = true
[workers]
count = {workers}
[plugins]
dir = "plugins"
{upstream}{sections}
[[route]]
carrier = "ups"
environment = "test"
account = "main"
origin = "{origin}"
danger_plaintext_upstream = {plaintext}
"#,
        workers = options.workers,
        sections = extra.sections,
        plaintext = !options.tls_upstream,
    );
    account(&mut config, "main", "mock-client", "mock-secret");
    for at in 0..extra.accounts {
        let id = crate::world::client_id(at);
        account(&mut config, &id, &id, "mock-secret");
    }
    config
}

fn account(config: &mut String, name: &str, id: &str, secret: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(
        config,
        "[[account]]\nname = \"{name}\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
         client_id = \"{id}\"\nclient_secret = {{ value = \"{secret}\" }}"
    );
}
