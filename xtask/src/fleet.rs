//! Several gateways on one private PostgreSQL, with one mock UPS.

use crate::{cargo::Built, gateway_config, http, postgres, say, server::Server};
use ::http::{Method, Request};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use gateway_store_testkit::Postgres;
use http_body_util::Full;
use serde_json::Value;
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

/// What every gateway of a fleet has: the master key, and here also the admin token that the first one wrote.
const SHARED: [&str; 2] = ["key", "waybill-admin.token"];

/// How a fleet is made.
pub(crate) struct Setup<'a> {
    pub(crate) built: &'a Built,
    pub(crate) folder: &'a Path,
    pub(crate) lease: &'a str,
    /// The mock's address and its other options.
    pub(crate) mock: Vec<String>,
    /// Tables at the end of each gateway's configuration.
    pub(crate) tables: String,
}

/// The gateways. Declared in the order in which everything ends.
pub(crate) struct Fleet {
    pub(crate) members: Vec<Member>,
    pub(crate) mock: SocketAddr,
    pub(crate) postgres: Postgres,
    _mock: Server,
}

/// A gateway of a fleet; dropped, it is killed.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) apps: SocketAddr,
    pub(crate) admin: SocketAddr,
    folder: PathBuf,
    _process: Server,
}

impl Fleet {
    /// Starts PostgreSQL, the mock, and a gateway for each pair of addresses (apps, admin).
    pub(crate) fn start(setup: &Setup<'_>, addresses: &[(SocketAddr, SocketAddr)]) -> Result<Self> {
        postgres::ensure();
        say::step(format!(
            "start PostgreSQL, the mock UPS and {} gateways",
            addresses.len()
        ));
        let postgres = Postgres::start().context("PostgreSQL does not start")?;
        let postgres =
            postgres.context("this machine has no PostgreSQL: install the package `postgresql`")?;
        let mut mock = Server::start(
            Command::new(&setup.built.mock_ups)
                .arg("--listen")
                .args(&setup.mock),
        )?;
        let mut fleet = Self {
            members: Vec::new(),
            mock: mock.address("listening on ")?,
            postgres,
            _mock: mock,
        };
        for at in addresses {
            fleet.add(setup, *at)?;
        }
        Ok(fleet)
    }

    fn add(&mut self, setup: &Setup<'_>, at: (SocketAddr, SocketAddr)) -> Result<()> {
        let name = format!("gateway-{}", self.members.len() + 1);
        let folder = setup.folder.join(&name);
        fs::create_dir_all(folder.join("plugins"))?;
        fs::copy(&setup.built.ups_plugin, folder.join("plugins/ups.so"))
            .context("cannot install the plugin")?;
        if let Some(first) = self.members.first() {
            for file in SHARED {
                fs::copy(first.folder.join(file), folder.join(file))
                    .context("the first gateway made no key")?;
            }
        }
        let store = format!(
            "url = {{ value = \"{}\" }}\nmaster_key = {{ file = \"key\" }}\n\n\
             [fleet]\nname = \"{name}\"\nlease = \"{}\"",
            self.postgres.url("postgres"),
            setup.lease
        );
        let config = folder.join("waybill.toml");
        gateway_config::write(&config, at, self.mock, &store, &setup.tables)?;
        let mut process = Server::start(
            Command::new(&setup.built.waybill)
                .args(["serve", "--config"])
                .arg(&config)
                // More of it, where somebody looks for a fault.
                .env(
                    "WAYBILL_LOG",
                    env::var_os("WAYBILL_LOG").unwrap_or_else(|| "error".into()),
                ),
        )?;
        self.members.push(Member {
            apps: process.address("apps listening on ")?,
            admin: process.address("admin listening on ")?,
            name,
            folder,
            _process: process,
        });
        Ok(())
    }
}

impl Member {
    /// Sends an app's request; it must be answered with 200.
    pub(crate) async fn send(&self, path: &str, body: String) -> Result<()> {
        let request = Request::post(path)
            .header("host", self.apps.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let response = http::send(self.apps, request).await?;
        ensure!(
            response.status().is_success(),
            "{} answered {}: {}",
            self.name,
            response.status(),
            String::from_utf8_lossy(response.body())
        );
        Ok(())
    }

    /// Calls the admin API.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Result<Value> {
        let token = fs::read_to_string(self.folder.join("waybill-admin.token"))?;
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("host", self.admin.to_string())
            .header("authorization", format!("Bearer {}", token.trim()))
            .body(Full::default())?;
        let response = http::send(self.admin, request).await?;
        let body = response.body();
        ensure!(
            response.status().is_success(),
            "{path}: {} {}",
            response.status(),
            String::from_utf8_lossy(body)
        );
        serde_json::from_slice(body).with_context(|| format!("{path} gave no JSON"))
    }
}
