//! From a configuration to a running gateway: the parts are made in the order of their dependencies and
//! joined here; none of them knows another by more than a trait or a handle.

mod admin_token_file;
mod broker_credentials;
mod data_plane;
mod declared;
mod error;
mod exports;
mod hand_over;
mod listen_tls;
mod plugins;
mod preflight;
mod preflight_plugins;
mod prepared;
mod private_files;
mod random;
mod reload;
mod request_history;
mod runtime_status;
mod store_owner;

pub use error::StartError;
pub use gateway_control::{ControlError, ControlPlane};
pub use listen_tls::TlsError;
pub(crate) use preflight::preflight;

use broker_credentials::{AcquireWait, BrokerCredentials, BrokerSwitch};
use data_plane::{DirectoryPublisher, Routes};
use exports::Exports;
use gateway_admin::Latch;
use gateway_broker::Shutdown;
use gateway_config::{Config, ListenTls};
use gateway_control::ServingState;
use gateway_model::{Clock, Secret};
use gateway_otlp::LogQueue;
use gateway_plugin_host::{DirectoryError, WorkerProgram};
use gateway_proxy::{Drain, DrainReport, InheritedSockets};
use gateway_store::Purpose;
use prepared::Prepared;
use reload::{DataPlaneParts, LiveState};
use request_history::LastRequests;
use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    time::Duration,
};
use store_owner::{Environment, OpenStore, StoreOwner};
use tokio::sync::Notify;

/// How long an idle connection is kept at the end, for a request that its app is sending at that moment.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// How long the end of the gateway waits for the last spans, metrics and lines of the log.
const LAST_EXPORTS: Duration = Duration::from_secs(5);

/// What an embedding program or a test may replace.
#[derive(Clone)]
pub struct Overrides {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Log lines that were dropped because nobody took them; a metric.
    pub dropped_log_lines: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The lines of the log that are exported to a collector. Without it none are, whatever the configuration says.
    pub log_records: Option<LogQueue>,
    /// Takes another level of the log, when a reload brings one.
    pub log_level: Arc<dyn Fn(&gateway_config::Log) + Send + Sync>,
    /// The program that runs plugins in worker processes. Without one, every plugin runs in this process,
    /// unless the configuration asks for something else.
    pub worker_program: Option<WorkerProgram>,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            clock: Arc::new(crate::clock::SystemClock),
            dropped_log_lines: Arc::new(|| 0),
            log_records: None,
            log_level: Arc::new(|_| {}),
            worker_program: None,
        }
    }
}

/// A gateway that is about to start: its plugins are loaded and its files are read. It has taken no port and
/// no store.
pub struct Starting {
    environment: Environment,
    /// What is wrong with the plugin folder.
    problem: Option<DirectoryError>,
}

/// A running gateway. Dropping it without [`Gateway::shutdown`] cuts requests off.
#[must_use = "the gateway ends when this is dropped"]
pub struct Gateway {
    environment: Environment,
    /// None while another process has the store.
    owner: Option<StoreOwner>,
    first_admin_token: Option<Secret>,
    data_plane: DataPlane,
    admin: SocketAddr,
    admin_socket: TcpListener,
}

/// How the gateway ended.
#[derive(Debug)]
pub struct ShutdownReport {
    /// Requests that were finished or cut off.
    pub requests: DrainReport,
    /// Token calls that were finished or cut off.
    pub tokens: Shutdown,
}

impl Gateway {
    /// Builds and starts all parts on the current Tokio runtime (the control plane; the data plane's
    /// workers have threads of their own). Blocks its thread while plugins are loaded.
    ///
    /// A plugin or an account that cannot work does not keep the others from working: its requests are
    /// answered with the reason, and `/readyz` says which and why.
    ///
    /// # Errors
    /// When the gateway as a whole cannot work.
    pub async fn start(config: &Config, overrides: Overrides) -> Result<Self, StartError> {
        let sockets = InheritedSockets::default();
        let starting = Starting::prepare(config, overrides)?;
        starting.start(sockets, Duration::ZERO).await
    }

    /// What an operator does, for embedding programs.
    ///
    /// # Panics
    /// While another process takes over, which an embedding program never lets happen.
    pub const fn control(&self) -> &ControlPlane {
        let owner = self.owner.as_ref();
        &owner
            .expect("only `waybill serve` hands the store over")
            .control
    }

    /// The first admin token, if this start made it: whoever takes it shows it once.
    pub const fn take_first_admin_token(&mut self) -> Option<Secret> {
        self.first_admin_token.take()
    }

    /// Where apps connect, in the order of the configuration.
    pub fn apps(&self) -> &[SocketAddr] {
        &self.data_plane.addresses
    }

    /// The admin listener.
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The configuration that runs: that of the start, with what reloads have changed.
    pub fn config(&self) -> Arc<Config> {
        self.environment.config()
    }

    /// Whoever notifies this has the configuration read again; the log says how that went.
    pub fn reload_request(&self) -> Arc<Notify> {
        Arc::clone(&self.environment.reload_request)
    }

    /// One line per listener, as `waybill serve` prints them.
    pub fn listening(&self) -> Vec<String> {
        let config = self.config();
        let listen = &config.listen;
        let (scheme, admin) = (
            scheme(listen.tls.as_ref()),
            scheme(listen.admin_tls.as_ref()),
        );
        let apps = self.apps().iter();
        let apps = apps.map(|addr| format!("apps listening on {scheme}://{addr}"));
        apps.chain([format!("admin listening on {admin}://{}", self.admin())])
            .collect()
    }

    /// Accepts nothing new, finishes what is under way within the configured time, and ends.
    ///
    /// Requests go first, because they may wait for a token; then token calls, because a carrier's answer
    /// may hold the only copy of a grant; the admin listener stays to the end and says "draining".
    pub async fn shutdown(self) -> ShutdownReport {
        let limits = self.config().limits.clone();
        // First, so that load balancers look elsewhere while requests still finish.
        self.environment.latch.draining();
        // The system accepts connections for as long as one descriptor is open.
        drop(self.admin_socket);
        let drain = Drain {
            requests: limits.drain,
            idle: ON_ITS_WAY.min(limits.drain),
        };
        let requests = self.data_plane.running.shutdown(drain).await;
        let tokens = match self.owner {
            Some(owner) => owner.end(limits.drain).await,
            None => Shutdown::Clean,
        };
        // Last, because requests and token calls have spans.
        self.environment.exports.end(LAST_EXPORTS).await;
        ShutdownReport { requests, tokens }
    }
}

impl Starting {
    /// Loads the plugins, and reads the files that the configuration names. Blocks its thread meanwhile.
    ///
    /// # Errors
    /// When the gateway as a whole cannot work.
    pub fn prepare(config: &Config, overrides: Overrides) -> Result<Self, StartError> {
        let clock = overrides.clock;
        let (plugins, problem) = plugins::load(&config.plugins, &clock, overrides.worker_program);
        // Before the store is opened: a start that fails here has locked nothing.
        let prepared = Prepared::of(config).map_err(StartError::Unprepared)?;
        let exports = Exports::start(config, &prepared.roots, &clock, overrides.log_records)?;
        let exports = Arc::new(exports);
        let state = LiveState::new(config, prepared, Arc::clone(&exports))?;
        let environment = Environment {
            state: Arc::new(Mutex::new(state)),
            exports,
            clock,
            plugins,
            log_level: overrides.log_level,
            reload_request: Arc::default(),
            dropped_log_lines: overrides.dropped_log_lines,
            latch: Latch::default(),
        };
        Ok(Self {
            environment,
            problem,
        })
    }

    /// Fails if a plugin cannot be used. A start serves without it, but a running gateway may serve with it.
    ///
    /// # Errors
    /// With the first plugin that cannot be used.
    pub fn with_all_plugins(mut self) -> Result<Self, StartError> {
        if let Some(problem) = self.problem.take() {
            return Err(problem.into());
        }
        match plugins::refused(&self.environment.plugins) {
            Some(why) => Err(StartError::PluginRefused(why)),
            None => Ok(self),
        }
    }

    /// Opens the store and serves, on sockets that are open already where there are some. A store that
    /// another process has is waited for.
    ///
    /// # Errors
    /// When the gateway as a whole cannot work.
    pub async fn start(
        self,
        mut sockets: InheritedSockets,
        patience: Duration,
    ) -> Result<Gateway, StartError> {
        let Self {
            environment,
            problem,
        } = self;
        let (opened, served) = OpenStore::open(&environment, patience, problem).await?;
        let started = DataPlane::start(&environment, &opened, (&served, &mut sockets));
        let data_plane = match started {
            Ok(data_plane) => data_plane,
            Err(error) => {
                opened.control.leave_fleet().await;
                opened.store.close().await;
                return Err(error);
            }
        };
        // The directory has its own copy; thousands of accounts need not be kept twice.
        drop(served);
        let socket = sockets.take_admin(environment.config().listen.admin);
        let parts = data_plane.parts();
        let (owner, admin) = match opened.run(&environment, parts, socket).await {
            Ok(run) => run,
            Err(error) => {
                // It may have accepted connections already.
                let drain = Drain::within(environment.config().limits.drain);
                data_plane.running.shutdown(drain).await;
                return Err(error);
            }
        };
        for addr in sockets.addresses() {
            tracing::info!(%addr, "[listen] no longer names this address");
        }
        // Last of all: a load balancer must not send requests to half a gateway.
        environment.latch.serving();
        // In the background: it takes a tenth of a second, which the first handshake should not wait for.
        tokio::task::spawn_blocking(gateway_http_client::warm_up);
        owner.control.warm();
        Ok(Gateway {
            environment,
            owner: Some(owner),
            first_admin_token: admin.first_token,
            data_plane,
            admin: admin.addr,
            admin_socket: admin.socket,
        })
    }
}

const fn scheme(tls: Option<&ListenTls>) -> &'static str {
    if tls.is_some() { "https" } else { "http" }
}

/// A data plane that serves.
struct DataPlane {
    addresses: Vec<SocketAddr>,
    running: gateway_proxy::Running,
    broker: BrokerSwitch,
    routes: Arc<Routes>,
    wait: Arc<AcquireWait>,
}

impl DataPlane {
    /// Starts the data plane with what the control plane serves, and lets it hear of changes.
    fn start(
        environment: &Environment,
        opened: &OpenStore,
        (served, sockets): (&ServingState, &mut InheritedSockets),
    ) -> Result<Self, StartError> {
        let (config, clock) = (environment.config(), &environment.clock);
        let token_key = opened.store.derived_key(Purpose::AppTokens);
        let settings = environment.state().worker_settings(token_key);
        let wait = Arc::new(AcquireWait::new(config.tokens.acquire_wait));
        let broker = opened.broker.handle();
        let (credentials, broker) =
            BrokerCredentials::new(broker, Arc::clone(clock), Arc::clone(&wait));
        let routes = Arc::new(Routes::new(&config, Arc::clone(&environment.plugins)));
        let bound = gateway_proxy::bind(
            settings,
            data_plane::directory(&routes.present(), served),
            Arc::new(credentials),
            Arc::clone(clock),
            sockets,
        )?;
        let data_plane = Self {
            addresses: bound.addresses().to_vec(),
            running: bound.start()?,
            broker,
            routes,
            wait,
        };
        data_plane.attach(&opened.control);
        Ok(data_plane)
    }

    /// Lets the data plane hear of the control plane's changes.
    fn attach(&self, control: &ControlPlane) {
        let routes = Arc::clone(&self.routes);
        control.attach(
            Arc::new(DirectoryPublisher::new(routes, self.running.directory())),
            Arc::new(LastRequests(self.running.requests())),
        );
    }

    /// What a store's owner drives.
    fn parts(&self) -> DataPlaneParts {
        DataPlaneParts {
            metrics: self.running.metrics(),
            settings: self.running.settings(),
            routes: Arc::clone(&self.routes),
            wait: Arc::clone(&self.wait),
        }
    }
}
