//! Gateway, mock and client together.

use crate::{Answer, Client, ConfigFile, Gateway, eventually, rate_request};
use mock_ups::{Fault, FaultGuard, MockUps};
use std::{fmt, path::Path, time::Duration};

/// What the mock remembers: a loaded test must not lose the request that it is about.
const JOURNAL: usize = 200_000;

/// A gateway with a mock UPS behind it, and an app in front.
#[derive(Debug)]
pub struct World {
    /// UPS.
    pub mock: MockUps,
    /// The gateway's process.
    pub gateway: Gateway,
    /// An app.
    pub app: Client,
    /// A reader of the admin listener.
    pub admin: Client,
    /// The faults of [`WorldBuilder::fault`]; without them UPS is well again.
    pub faults: Vec<FaultGuard>,
}

type Change = Box<dyn FnOnce(&MockUps, &mut ConfigFile)>;
type Preparation = Box<dyn FnOnce(&Path)>;

/// Sets a world up.
#[must_use = "nothing runs before `start`"]
pub struct WorldBuilder {
    mock: mock_ups::Builder,
    changes: Vec<Change>,
    preparations: Vec<Preparation>,
    faults: Vec<Fault>,
    more: String,
}

impl World {
    /// The ordinary world: one account, one worker, callers on loopback trusted.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Another world.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            mock: MockUps::builder().journal_capacity(JOURNAL),
            changes: Vec::new(),
            preparations: Vec::new(),
            faults: Vec::new(),
            more: String::new(),
        }
    }

    /// Shops rates without credentials.
    pub async fn shop(&self) -> Answer {
        self.app.send(rate_request()).await
    }

    /// Shops rates until an answer passes the check, and gives that answer.
    ///
    /// # Panics
    /// When none does within half a minute.
    pub async fn shop_until(&self, what: &str, check: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        eventually(what, async || {
            let answer = self.shop().await;
            let passed = check(&answer);
            last = Some(answer);
            passed
        })
        .await;
        last.expect("there was an answer")
    }

    /// The value of a metric without labels, or with exactly these.
    ///
    /// # Panics
    /// When the admin listener does not answer.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let metrics = self.admin.get("/metrics").await;
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok())
    }
}

impl fmt::Debug for WorldBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldBuilder").finish_non_exhaustive()
    }
}

impl WorldBuilder {
    /// Changes the mock.
    pub fn mock(mut self, change: impl FnOnce(mock_ups::Builder) -> mock_ups::Builder) -> Self {
        self.mock = change(self.mock);
        self
    }

    /// A fault of the mock from before the gateway starts.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// How long the mock's access tokens live.
    pub fn token_lifetime(self, lifetime: Duration) -> Self {
        self.mock(|mock| mock.access_token_lifetime(lifetime))
    }

    /// Changes the gateway's configuration.
    pub fn config(self, change: impl FnOnce(&mut ConfigFile) + 'static) -> Self {
        self.config_for(|_, config| change(config))
    }

    /// Changes the gateway's configuration when the mock is known.
    pub fn config_for(mut self, change: impl FnOnce(&MockUps, &mut ConfigFile) + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Does something to the folder of the configuration before the gateway starts.
    pub fn prepare(mut self, preparation: impl FnOnce(&Path) + 'static) -> Self {
        self.preparations.push(Box::new(preparation));
        self
    }

    /// Appends text to the gateway's configuration.
    pub fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self.more.push('\n');
        self
    }

    /// Starts the mock, then the gateway.
    ///
    /// # Panics
    /// When one of them does not start.
    pub async fn start(self) -> World {
        let mock = self.mock.start().await.expect("the mock starts");
        let add = |fault| mock.add_fault(fault).expect("a fault that makes sense");
        let faults = self.faults.into_iter().map(add).collect();
        let mut config = ConfigFile::for_mock(mock.base_url());
        config.more = self.more;
        for change in self.changes {
            change(&mock, &mut config);
        }
        let gateway = Gateway::start_with(&config, |folder| {
            for prepare in self.preparations {
                prepare(folder);
            }
        })
        .await;
        let (app, admin) = (Client::new(gateway.apps), Client::new(gateway.admin));
        World {
            mock,
            gateway,
            app,
            admin,
            faults,
        }
    }
}
