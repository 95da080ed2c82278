//! The gateway: the shipped program with its default settings.

use super::Candidate;
use crate::{Options, server::Server, world::World};
use anyhow::Result;
use std::{ffi::OsStr, fs, os::unix::fs::PermissionsExt as _};

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let folder = world.folder.path();
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins)?;
    fs::copy(&options.plugin, plugins.join("ups.so"))?;
    let (origin, upstream) = if options.tls_upstream {
        let ca = world.ca_file.display();
        (
            format!("https://localhost:{}", world.mock_tls.port()),
            format!("[upstream]\nca_file = \"{ca}\"\n"),
        )
    } else {
        (format!("http://{}", world.mock), String::new())
    };
    let file = folder.join("waybill.toml");
    fs::write(
        &file,
        format!(
            r#"[listen]
apps = "127.0.0.1:0"
admin = "127.0.0.1:0"
trust_loopback = true
[workers]
count = {workers}
[plugins]
dir = "plugins"
{upstream}
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
"#,
            workers = options.workers,
            plaintext = !options.tls_upstream,
        ),
    )?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    let arguments: [&OsStr; 3] = ["serve".as_ref(), "--config".as_ref(), file.as_ref()];
    let mut server = Server::start(&options.waybill, &arguments, &world.plan.proxy, folder)?;
    let addr = server.address("apps listening on ")?;
    Ok(Candidate { server, addr })
}
