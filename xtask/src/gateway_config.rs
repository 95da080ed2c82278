//! The configuration of a gateway in front of the mock.

use anyhow::{Context as _, Result};
use std::{fs, io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _, path::Path};

/// The store of one gateway that is gone with the demo.
pub(crate) const IN_MEMORY: &str = "url = \"memory:\"";

/// Writes a configuration that points at the mock and holds its published secret. `store` is what `[store]` says, and
/// what follows it; `tables` comes last.
pub(crate) fn write(
    file: &Path,
    (apps, admin): (SocketAddr, SocketAddr),
    mock: SocketAddr,
    store: &str,
    tables: &str,
) -> Result<()> {
    let text = format!(
        r#"# Made by `cargo xtask`.
[listen]
apps = "{apps}"
admin = "{admin}"
trust_loopback = true

[store]
{store}

[plugins]
dir = "plugins"

[[route]]
carrier = "ups"
environment = "test"
account = "main"
origin = "http://{mock}"
danger_plaintext_upstream = true

[[account]]
name = "main"
carrier = "ups"
environment = "test"
account_number = "A1B2C3"
client_id = "mock-client"
client_secret = {{ value = "mock-secret" }}

{tables}"#
    );
    // A file with a secret in it is refused by the gateway if others can read it.
    let mut options = fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))
}
