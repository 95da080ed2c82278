//! `cargo xtask demo --fleet 3`: several gateways on one PostgreSQL; one of them is killed.

use super::{config, rates};
use crate::{cargo::Built, http, postgres, say, server::Server};
use ::http::{Method, Request};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use gateway_store_testkit::Postgres;
use http_body_util::Full;
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The lease of each gateway: short, so that nobody waits long for the end of a killed one's.
const LEASE: &str = "3s";
/// What every gateway of a fleet has: the master key, and here also the admin token that the first one wrote.
const SHARED: [&str; 2] = ["key", "waybill-admin.token"];
/// Attempts to find the account with another owner, a quarter of a second apart.
const PATIENCE: u32 = 80;
/// Requests at each gateway that is left, while the killed one's lease ends.
const REQUESTS: usize = 20;

/// A private PostgreSQL, the mock and the gateways. Declared in the order in which they end.
pub(super) struct Fleet {
    gateways: Vec<Member>,
    _mock: Server,
    _postgres: Postgres,
}

struct Member {
    name: String,
    apps: SocketAddr,
    admin: SocketAddr,
    folder: PathBuf,
    _process: Server,
}

impl Fleet {
    /// Starts them; `at` gives the addresses of the gateway with that number.
    pub(super) fn start(
        built: &Built,
        folder: &Path,
        count: usize,
        at: impl Fn(usize) -> Result<(SocketAddr, SocketAddr)>,
        mock: SocketAddr,
    ) -> Result<Self> {
        postgres::ensure();
        say::step(format!(
            "start PostgreSQL, the mock UPS and {count} gateways"
        ));
        let postgres = Postgres::start().context("PostgreSQL does not start")?;
        let postgres =
            postgres.context("this machine has no PostgreSQL: install the package `postgresql`")?;
        let mut mock =
            Server::start(Command::new(&built.mock_ups).args(["--listen", &mock.to_string()]))?;
        let mock_addr = mock.address("listening on ")?;
        let mut gateways: Vec<Member> = Vec::new();
        for number in 0..count {
            let name = format!("gateway-{}", number + 1);
            let own = folder.join(&name);
            fs::create_dir_all(own.join("plugins"))?;
            fs::copy(&built.ups_plugin, own.join("plugins/ups.so"))
                .context("cannot install the plugin")?;
            if let Some(first) = gateways.first() {
                for file in SHARED {
                    fs::copy(first.folder.join(file), own.join(file))
                        .context("the first gateway made no key")?;
                }
            }
            let store = format!(
                "url = {{ value = \"{}\" }}\nmaster_key = {{ file = \"key\" }}\n\n\
                 [fleet]\nname = \"{name}\"\nlease = \"{LEASE}\"",
                postgres.url("postgres")
            );
            let (apps, admin) = at(number)?;
            config::write(&own.join("waybill.toml"), (apps, admin), mock_addr, &store)?;
            gateways.push(Member::start(built, name, own)?);
        }
        Ok(Self {
            gateways,
            _mock: mock,
            _postgres: postgres,
        })
    }

    /// Serves, kills the owner of the account, and serves on.
    pub(super) async fn show(&mut self) -> Result<()> {
        say::step("shop rates through each gateway");
        for gateway in &self.gateways {
            gateway.shop().await?;
        }
        say::line("  each of them served one request, with the same token");
        let owner = self.table().await?;
        let dead = self.gateways.remove(owner);
        say::step(format!("kill {}, which renews the account", dead.name));
        let name = dead.name.clone();
        // Ends the process with SIGKILL: it cannot say goodbye.
        drop(dead);
        for _ in 0..REQUESTS {
            for gateway in &self.gateways {
                gateway.shop().await?;
            }
        }
        say::line(format!(
            "  {} requests at the others: 0 failed",
            REQUESTS * self.gateways.len()
        ));
        say::step(
            "ask for a new token: another gateway takes the account over once the lease is over",
        );
        self.renew().await?;
        self.table().await?;
        say::line(format!("\n{name} is gone, and no request has failed."));
        Ok(())
    }

    /// Has the account renewed, as soon as a gateway may.
    async fn renew(&self) -> Result<()> {
        let gateway = self.gateways.first().context("no gateway is left")?;
        for _ in 0..PATIENCE {
            let renewed = gateway
                .call(Method::POST, "accounts/main/token/renew")
                .await;
            if renewed.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        bail!("no gateway took the account over")
    }

    /// Prints who is there, and gives the index of the gateway that renews the account.
    async fn table(&self) -> Result<usize> {
        let gateway = self.gateways.first().context("no gateway is left")?;
        let replicas = gateway.call(Method::GET, "replicas").await?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "gateway",
            "apps",
            "state",
            "accounts that it renews",
        ]);
        let mut owner = None;
        for replica in replicas.as_array().into_iter().flatten() {
            let name = replica["name"].as_str().unwrap_or("?");
            let here = self
                .gateways
                .iter()
                .position(|gateway| gateway.name == name);
            let renews = replica["renews"].as_u64().unwrap_or(0);
            if renews > 0 && replica["live"] == true {
                owner = here.or(owner);
            }
            let apps = here.map_or_else(
                || "gone".to_owned(),
                |index| self.gateways[index].apps.to_string(),
            );
            let state = if replica["live"] == true {
                "live"
            } else {
                "dead"
            };
            table.add_row([name.to_owned(), apps, state.to_owned(), renews.to_string()]);
        }
        say::line(table);
        owner.context("no gateway renews the account")
    }
}

impl Member {
    fn start(built: &Built, name: String, folder: PathBuf) -> Result<Self> {
        let mut process = Server::start(
            Command::new(&built.waybill)
                .args(["serve", "--config"])
                .arg(folder.join("waybill.toml"))
                .env("WAYBILL_LOG", "error"),
        )?;
        let apps = process.address("apps listening on ")?;
        let admin = process.address("admin listening on ")?;
        say::line(format!(
            "  {name}  apps http://{apps}  admin http://{admin}"
        ));
        Ok(Self {
            name,
            apps,
            admin,
            folder,
            _process: process,
        })
    }

    async fn shop(&self) -> Result<()> {
        let request = Request::post(rates::PATH)
            .header("host", self.apps.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(rates::request())))?;
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
    async fn call(&self, method: Method, path: &str) -> Result<Value> {
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
