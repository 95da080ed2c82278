//! A fleet with a database and a mock UPS of its own.

use gateway_store_testkit::Postgres;
use mock_ups::{Endpoint, Filter, MockUps};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};
use tests::{Answer, Client, ConfigFile, Gateway, Operator, rate_request, skipped};

/// Files of the first gateway that every other one needs: the master key, and the first admin token.
const SHARED_FILES: [&str; 2] = ["key", "waybill-admin.token"];

/// How a fleet differs from the usual one.
pub(super) struct Options {
    pub(super) lease: Duration,
    pub(super) token_lifetime: Duration,
    /// The URL of the database at which the gateways open their store, if it is not the server's own.
    pub(super) url: Option<String>,
    /// Further lines of `[store]`.
    pub(super) store_more: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(3),
            token_lifetime: Duration::from_secs(4 * 60 * 60),
            url: None,
            store_more: String::new(),
        }
    }
}

pub(super) struct Fleet {
    /// In the order in which they were started; `None` is one that was killed.
    pub(super) gateways: Vec<Option<Gateway>>,
    pub(super) mock: MockUps,
    pub(super) postgres: Postgres,
    options: Options,
}

impl Fleet {
    /// `None`, and says so, if the machine has no PostgreSQL.
    pub(super) async fn start(what: &str, count: usize) -> Option<Self> {
        Self::start_with(what, count, |_| Options::default()).await
    }

    pub(super) async fn start_with(
        what: &str,
        count: usize,
        options: impl FnOnce(&Postgres) -> Options,
    ) -> Option<Self> {
        let Some(postgres) = Postgres::start().expect("PostgreSQL starts") else {
            skipped(what, "there is no PostgreSQL on this machine");
            return None;
        };
        let options = options(&postgres);
        let mock = MockUps::builder()
            .journal_capacity(200_000)
            .access_token_lifetime(options.token_lifetime);
        let mut fleet = Self {
            gateways: Vec::new(),
            mock: mock.start().await.expect("the mock starts"),
            postgres,
            options,
        };
        for _ in 0..count {
            fleet.add().await;
        }
        Some(fleet)
    }

    /// One more gateway.
    pub(super) async fn add(&mut self) {
        let config = self.config(self.gateways.len());
        let first = self.gateways.iter().flatten().next();
        let first = first.map(|gateway| gateway.process.folder());
        if let Some(first) = first {
            return self.add_like(&first).await;
        }
        let gateway = Gateway::start(&config).await;
        self.meet(&gateway);
        self.gateways.push(Some(gateway));
    }

    /// A gateway with the key and the admin token of another folder.
    pub(super) async fn add_like(&mut self, files: &Path) {
        let config = self.config(self.gateways.len());
        let gateway = Gateway::start_with(&config, |folder| share(files, folder)).await;
        self.meet(&gateway);
        self.gateways.push(Some(gateway));
    }

    /// Tells the mock the gateway's redirect URI.
    pub(super) fn meet(&self, gateway: &Gateway) {
        let callback = format!("http://{}/oauth/callback", gateway.admin);
        assert!(self.mock.add_redirect_uri("mock-client", callback));
    }

    pub(super) fn config(&self, index: usize) -> ConfigFile {
        let mut config = self.config_without_fleet();
        let lease = self.options.lease.as_millis();
        let fleet = format!("[fleet]\nname = \"gateway-{index}\"\nlease = \"{lease}ms\"\n");
        config.more.push_str(&fleet);
        config
    }

    /// What an earlier release reads.
    pub(super) fn config_without_fleet(&self) -> ConfigFile {
        let mut config = ConfigFile::for_mock(self.mock.base_url());
        let Options {
            url, store_more, ..
        } = &self.options;
        let url = url.clone().unwrap_or_else(|| self.postgres.url("postgres"));
        config.more = format!(
            "[store]\nurl = {{ value = \"{url}\" }}\nmaster_key = {{ file = \"key\" }}\n{store_more}\n\
             [tokens]\nmint_budget = 10000\nmargin = \"1s\"\nrequest_timeout = \"3s\"\n"
        );
        config
    }

    /// A gateway that runs.
    pub(super) fn gateway(&self, index: usize) -> &Gateway {
        self.gateways[index].as_ref().expect("it runs")
    }

    /// Kills a gateway as a crash would.
    pub(super) fn kill(&mut self, index: usize) -> tempfile::TempDir {
        let gateway = self.gateways[index].take();
        gateway.expect("it runs").process.kill()
    }

    /// Starts a gateway again that was killed.
    pub(super) async fn resume(&mut self, index: usize, folder: tempfile::TempDir) {
        let gateway = Gateway::resume(folder).await;
        self.meet(&gateway);
        self.gateways[index] = Some(gateway);
    }

    pub(super) fn operator(&self, index: usize) -> Operator {
        Operator::of(self.gateway(index))
    }

    /// Shops rates at a gateway by an account.
    pub(super) async fn shop(&self, index: usize, account: &str) -> Answer {
        shop(&Client::new(self.gateway(index).apps), account).await
    }

    /// The token requests that the carrier saw.
    pub(super) fn asked(&self) -> usize {
        let token = Filter::any().endpoint(Endpoint::Token);
        self.mock.journal(&token).len()
    }

    /// The index of the gateway that renews the only account, as another gateway tells it.
    pub(super) async fn owner(&self, by: usize) -> Option<usize> {
        let replicas = self.operator(by).get("replicas").await;
        let mut replicas = replicas.as_array().expect("a list").iter();
        let renews = |replica: &&Value| replica["live"] == true && replica["renews"] != 0;
        let name = replicas.find(renews)?["name"].as_str()?.to_owned();
        name.strip_prefix("gateway-")?.parse().ok()
    }
}

/// Shops rates by an account.
pub(super) async fn shop(app: &Client, account: &str) -> Answer {
    let mut request = rate_request();
    let account = account.parse().expect("a field value");
    request.headers_mut().insert("waybill-account", account);
    app.send(request).await
}

/// Copies what all gateways of a fleet have from one folder to another.
pub(super) fn share(from: &Path, to: &Path) {
    for name in SHARED_FILES {
        fs::copy(from.join(name), to.join(name)).expect("the first gateway made it");
    }
}
