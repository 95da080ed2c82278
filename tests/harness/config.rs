//! A configuration file for one gateway.

use std::{
    fmt::Write as _, fs, io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The parts of a `waybill.toml` that tests vary.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// `listen.trust_loopback`.
    pub trust_loopback: bool,
    /// `workers.count`.
    pub workers: usize,
    /// The upstream origin of the only route.
    pub origin: String,
    /// The account's client id.
    pub client_id: String,
    /// The account's client secret.
    pub client_secret: String,
    /// Further text, appended as it is: apps, limits, more accounts.
    pub more: String,
    /// The apps listener; port 0 unless a test needs a certain one.
    pub apps: SocketAddr,
    /// The admin listener, likewise.
    pub admin: SocketAddr,
    /// Further text for the `[listen]` table.
    pub listen_more: String,
    /// Further text for the `[plugins]` table.
    pub plugins_more: String,
}

impl ConfigFile {
    /// The mock's published account, one worker, callers on loopback trusted.
    pub fn for_mock(origin: impl Into<String>) -> Self {
        Self {
            trust_loopback: true,
            workers: 1,
            origin: origin.into(),
            client_id: "mock-client".into(),
            client_secret: "mock-secret".into(),
            more: String::new(),
            apps: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            listen_more: String::new(),
            plugins_more: String::new(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let Self {
            trust_loopback,
            workers,
            origin,
            client_id,
            client_secret,
            more,
            apps,
            admin,
            ..
        } = self;
        let plaintext = origin.starts_with("http://");
        write!(
            text,
            r#"[listen]
apps = "{apps}"
admin = "{admin}"
trust_loopback = {trust_loopback}
{listen_more}

[workers]
count = {workers}

[plugins]
dir = "plugins"
{plugins_more}

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
account_number = "A1B2C3"
client_id = "{client_id}"
client_secret = {{ value = "{client_secret}" }}

{more}
"#,
            listen_more = self.listen_more,
            plugins_more = self.plugins_more,
        )
        .expect("a string takes text");
        text
    }

    /// Writes the file so that only its owner may read it.
    pub(crate) fn write(&self, path: &Path) {
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            // The gateway refuses a configuration with secrets that others may read.
            .mode(0o600)
            .open(path);
        file.and_then(|mut file| file.write_all(self.text().as_bytes()))
            .expect("the test owns the folder");
    }
}
