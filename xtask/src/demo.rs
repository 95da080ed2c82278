//! `cargo xtask demo`: the whole thing on one machine, with the real programs and the real plugin.

mod fleet;
pub(crate) mod rates;

use crate::{
    cargo::{self, Built, Profile},
    fleet::{Fleet, Setup},
    gateway_config, http, say,
    server::Server,
};
use ::http::{Request, Response};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Args;
use http_body_util::Full;
use std::{fs, net::SocketAddr, path::Path, process::Command};

#[derive(Args)]
pub(crate) struct Demo {
    /// End after the round trip instead of staying up until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// Take the release build, as shipped, instead of the quick development build.
    #[arg(long)]
    release: bool,
    /// Start this many gateways on one private PostgreSQL, kill one of them, and show that nothing failed. Each
    /// gateway listens two ports above the one before it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=16))]
    fleet: Option<u16>,
    /// Where the gateway listens for apps.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    apps: SocketAddr,
    /// Where the gateway's admin listener is.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    admin: SocketAddr,
    /// Where the mock UPS listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8099")]
    mock: SocketAddr,
}

impl Demo {
    pub(crate) fn run(self) -> Result<()> {
        let built = cargo::build(if self.release {
            Profile::Release
        } else {
            Profile::Dev
        })?;
        // Removed at the end: the configuration in it has a secret, if only the mock's.
        let folder = tempfile::Builder::new().prefix("waybill-demo-").tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        if let Some(count) = self.fleet {
            let addresses = (0..count).map(|number| self.fleet_addresses(number));
            let setup = Setup {
                built: &built,
                folder: folder.path(),
                lease: fleet::LEASE,
                mock: vec![self.at(self.mock).to_string()],
                tables: String::new(),
            };
            let mut fleet = Fleet::start(&setup, &addresses.collect::<Result<Vec<_>>>()?)?;
            runtime.block_on(fleet::show(&mut fleet))?;
            return self.stay(&runtime);
        }
        let running = self.start(&built, folder.path())?;
        runtime.block_on(running.round_trip())?;
        self.stay(&runtime)
    }

    /// Stays up until somebody ends it, unless `--once` was said.
    fn stay(&self, runtime: &tokio::runtime::Runtime) -> Result<()> {
        if !self.once {
            say::line("\nServing until Ctrl-C.");
            runtime.block_on(tokio::signal::ctrl_c())?;
        }
        Ok(())
    }

    /// With `--once` nobody connects later, so busy ports must not matter.
    const fn at(&self, addr: SocketAddr) -> SocketAddr {
        if self.once {
            SocketAddr::new(addr.ip(), 0)
        } else {
            addr
        }
    }

    /// Where the gateway with that number listens.
    fn fleet_addresses(&self, number: u16) -> Result<(SocketAddr, SocketAddr)> {
        let above = |addr: SocketAddr| {
            let port = addr.port().checked_add(number.saturating_mul(2));
            let port = port.context("the ports of the fleet are above 65535")?;
            Ok::<_, anyhow::Error>(self.at(SocketAddr::new(addr.ip(), port)))
        };
        Ok((above(self.apps)?, above(self.admin)?))
    }

    fn start(&self, built: &Built, folder: &Path) -> Result<Running> {
        say::step("start the mock UPS and the gateway");
        // First: the gateway requests a token as soon as it starts.
        let mut mock = Server::start(
            Command::new(&built.mock_ups).args(["--listen", &self.at(self.mock).to_string()]),
        )?;
        let mock_addr = mock.address("listening on ")?;
        let plugins = folder.join("plugins");
        fs::create_dir(&plugins)?;
        fs::copy(&built.ups_plugin, plugins.join("ups.so")).context("cannot install the plugin")?;
        let file = folder.join("waybill.toml");
        let addresses = (self.at(self.apps), self.at(self.admin));
        gateway_config::write(&file, addresses, mock_addr, gateway_config::IN_MEMORY, "")?;
        // After the mock, whose address is in the gateway's configuration.
        let mut gateway = Server::start(
            Command::new(&built.waybill)
                .args(["serve", "--config"])
                .arg(&file)
                .env("WAYBILL_LOG", "warn"),
        )?;
        let apps = gateway.address("apps listening on ")?;
        let admin = gateway.address("admin listening on ")?;
        say::line(format!(
            "  mock UPS  http://{mock_addr}\n  gateway   http://{apps}\n  admin     http://{admin}"
        ));
        Ok(Running {
            apps,
            admin,
            _gateway: gateway,
            _mock: mock,
        })
    }
}

/// Both servers; the gateway first, so that it ends first.
struct Running {
    apps: SocketAddr,
    admin: SocketAddr,
    // Dropped before the mock: a gateway without its carrier would log errors while it ends.
    _gateway: Server,
    _mock: Server,
}

impl Running {
    async fn round_trip(&self) -> Result<()> {
        say::step("shop rates through the gateway, without credentials");
        let request = Request::post(rates::PATH)
            .header("host", self.apps.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(rates::request())))?;
        let response = http::send(self.apps, request).await?;
        ensure!(
            response.status().is_success(),
            "the gateway answered {}: {}",
            response.status(),
            String::from_utf8_lossy(response.body())
        );
        say::line(rates::table(response.body())?);
        self.print_account_and_token(&response).await?;
        say::line(format!("\nTry it yourself:\n  {}", rates::curl(self.apps)));
        Ok(())
    }

    /// Account, plugin file and the token's fingerprint; the token itself never leaves the gateway.
    async fn print_account_and_token(&self, response: &Response<Bytes>) -> Result<()> {
        let account = response
            .headers()
            .get("waybill-account")
            .context("no Waybill-Account")?
            .to_str()?;
        // From readiness and not from the admin API, which needs a token.
        let request = Request::get("/readyz").header("host", self.admin.to_string());
        let ready = http::send(self.admin, request.body(Full::default())?).await?;
        let ready: serde_json::Value = serde_json::from_slice(ready.body())?;
        let part = |list: &str, name: &str| {
            let mut parts = ready[list].as_array().into_iter().flatten();
            parts
                .find(|part| part["name"] == name)
                .cloned()
                .with_context(|| format!("/readyz has no {list} {name}"))
        };
        let token = part("accounts", account)?;
        let plugin = part("plugins", "ups")?;
        say::line(format!(
            "Served by account {account} ({}, test environment)\n      plugin  {}\n      token   {} (fingerprint, generation {})",
            token["carrier"].as_str().unwrap_or("?"),
            plugin["file"].as_str().unwrap_or("?"),
            token["fingerprint"].as_str().unwrap_or("?"),
            token["generation"],
        ));
        Ok(())
    }
}
