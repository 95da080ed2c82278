//! From a configuration to a running gateway: the parts are made in the order of their dependencies and
//! joined here; none of them knows another by more than a trait or a handle.

mod admin_token_file;
mod broker_credentials;
mod data_plane;
mod declared;
mod error;
mod listen_tls;
mod plugins;
mod preflight;
mod preflight_plugins;
mod prepared;
mod private_files;
mod random;
mod request_history;
mod runtime_status;

pub use error::StartError;
pub use gateway_control::{ControlError, ControlPlane};
pub use listen_tls::TlsError;
pub(crate) use preflight::preflight;

use broker_credentials::BrokerCredentials;
use data_plane::DirectoryPublisher;
use gateway_admin::{Admin, AdminOptions, Latch};
use gateway_broker::{Broker, Shutdown};
use gateway_config::Config;
use gateway_control::{Parts, ServingState};
use gateway_http_client::{HttpClient, HyperClient};
use gateway_model::{Clock, Secret};
use gateway_plugin_host::{Registry, WorkerProgram};
use gateway_proxy::{DrainReport, Settings};
use gateway_store::{Access, Purpose, Store};
use prepared::Prepared;
use request_history::LastRequests;
use runtime_status::GatewayStatus;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What an embedding program or a test may replace.
#[derive(Clone)]
pub struct Overrides {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Log lines that were dropped because nobody took them; a metric.
    pub dropped_log_lines: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The program that runs plugins in worker processes. Without one, every plugin runs in this process,
    /// unless the configuration asks for something else.
    pub worker_program: Option<WorkerProgram>,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            clock: Arc::new(crate::clock::SystemClock),
            dropped_log_lines: Arc::new(|| 0),
            worker_program: None,
        }
    }
}

/// A running gateway. Dropping it without [`Gateway::shutdown`] cuts requests off.
#[must_use = "the gateway ends when this is dropped"]
pub struct Gateway {
    apps: Vec<SocketAddr>,
    scheme: &'static str,
    broker: Arc<Broker>,
    store: Store,
    control: ControlPlane,
    first_admin_token: Option<Secret>,
    data_plane: gateway_proxy::Running,
    admin: SocketAddr,
    admin_task: JoinHandle<()>,
    stop_admin: CancellationToken,
    reminding: Reminding,
    latch: Latch,
    drain: Duration,
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
        let clock = Arc::clone(&overrides.clock);
        let (plugins, problem) = plugins::load(&config.plugins, &clock, overrides.worker_program);
        // Before the store is opened: a start that fails here has locked nothing.
        let prepared = Prepared::of(config).map_err(StartError::Unprepared)?;
        let http: Arc<dyn HttpClient> = Arc::new(HyperClient::with_roots(prepared.roots.clone())?);
        // Exclusive, because a second process could present a single-use grant a second time.
        let store = Store::open(&config.store, Access::Exclusive).await?;
        plugins::can_serve(problem, &store).await?;
        let broker = Arc::new(Broker::new(
            declared::broker_config(config),
            Arc::clone(&clock),
            Arc::new(store.clone()),
            // For jitter only, so that replicas differ.
            random::random_u64()?,
        ));
        let control = ControlPlane::new(Parts {
            store: store.clone(),
            broker: Arc::clone(&broker),
            plugins: Arc::clone(&plugins),
            http,
            clock: Arc::clone(&clock),
            settings: declared::control_settings(config),
            // A full seed, since states, verifiers and secrets come from it.
            seed: random::random_seed()?,
        });
        // Before the ports are open: the first request must find its account.
        let served = control.load(declared::declared(config)).await?;
        let shared = (&clock, &plugins, &*broker, &control);
        let settings =
            data_plane::settings(config, prepared, store.derived_key(Purpose::AppTokens))?;
        let data_plane = data_plane(config, settings, shared, &served)?;
        // The directory has its own copy; thousands of accounts need not be kept twice.
        drop(served);
        let latch = Latch::default();
        let status = GatewayStatus {
            data_plane: data_plane.running.metrics(),
            broker: broker.handle(),
            plugins,
            control: control.clone(),
            dropped_log_lines: overrides.dropped_log_lines,
        };
        let admin = Admin::bind(admin_options(config, status, &latch, clock)).await?;
        let (admin_addr, stop_admin) = (admin.local_addr(), CancellationToken::new());
        // Only now: a free port is known once it is bound.
        control.redirect_to(config.consent.redirect_uri(admin_addr));
        // Before the listener serves: an operator who finds it open finds the file as well.
        let first_admin_token = control
            .bootstrap(|token| admin_token_file::write(&config.admin.token_file, token))
            .await?;
        let admin_task = tokio::spawn(admin.run(stop_admin.clone().cancelled_owned()));
        // Last of all: a load balancer must not send requests to half a gateway.
        latch.serving();
        // In the background: it takes a tenth of a second, which the first handshake should not wait for.
        tokio::task::spawn_blocking(gateway_http_client::warm_up);
        control.warm();
        Ok(Self {
            apps: data_plane.addresses,
            scheme: scheme(config),
            broker,
            store,
            reminding: Reminding::start(&control),
            control,
            first_admin_token,
            data_plane: data_plane.running,
            admin: admin_addr,
            admin_task,
            stop_admin,
            latch,
            drain: config.limits.drain,
        })
    }

    /// What an operator does, for embedding programs.
    pub const fn control(&self) -> &ControlPlane {
        &self.control
    }

    /// The first admin token, if this start made it: whoever takes it shows it once.
    pub const fn take_first_admin_token(&mut self) -> Option<Secret> {
        self.first_admin_token.take()
    }

    /// Where apps connect, in the order of the configuration.
    pub fn apps(&self) -> &[SocketAddr] {
        &self.apps
    }

    /// The admin listener.
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// One line per listener, as `waybill serve` prints them.
    pub fn listening(&self) -> Vec<String> {
        let apps = self
            .apps
            .iter()
            .map(|addr| format!("apps listening on {}://{addr}", self.scheme));
        apps.chain([format!("admin listening on http://{}", self.admin())])
            .collect()
    }

    /// Accepts nothing new, finishes what is under way within the configured time, and ends.
    ///
    /// Requests go first, because they may wait for a token; then token calls, because a carrier's answer
    /// may hold the only copy of a grant; the admin listener stays to the end and says "draining".
    pub async fn shutdown(self) -> ShutdownReport {
        // First, so that load balancers look elsewhere while requests still finish.
        self.latch.draining();
        let requests = self.data_plane.shutdown(self.drain).await;
        let tokens = self.broker.shutdown(self.drain).await;
        self.reminding.end().await;
        // The admin listener outlives the rest: it answers "draining" to the end.
        self.stop_admin.cancel();
        // A panic there must not keep the store from being closed.
        if let Err(error) = self.admin_task.await {
            tracing::error!(%error, "the admin listener failed");
        }
        // Last, because token calls and reminders write until they end.
        self.store.close().await;
        ShutdownReport { requests, tokens }
    }
}

/// What the admin listener serves, and where.
fn admin_options(
    config: &Config,
    status: GatewayStatus,
    latch: &Latch,
    clock: Arc<dyn Clock>,
) -> AdminOptions {
    AdminOptions {
        addr: config.listen.admin,
        hosts: config.listen.admin_hosts.clone(),
        client_address: config.listen.admin_client_address.clone(),
        control: Some(status.control.clone()),
        runtime: Arc::new(status),
        latch: latch.clone(),
        clock,
    }
}

const fn scheme(config: &Config) -> &'static str {
    if config.listen.tls.is_some() {
        "https"
    } else {
        "http"
    }
}

/// The task that reminds people, and watches the store.
struct Reminding {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Reminding {
    fn start(control: &ControlPlane) -> Self {
        let (control, stop) = (control.clone(), CancellationToken::new());
        let cancel = stop.clone();
        let task = tokio::spawn(async move {
            tokio::join!(
                control.run_reminders(cancel.clone()),
                control.watch_store(cancel)
            );
        });
        Self { task, stop }
    }

    async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "reminding failed");
        }
    }
}

/// A data plane that serves.
struct DataPlane {
    addresses: Vec<SocketAddr>,
    running: gateway_proxy::Running,
}

/// Starts the data plane with what the control plane serves, and lets it hear of changes.
fn data_plane(
    config: &Config,
    settings: Settings,
    (clock, plugins, broker, control): (&Arc<dyn Clock>, &Arc<Registry>, &Broker, &ControlPlane),
    served: &ServingState,
) -> Result<DataPlane, StartError> {
    let wait = config.tokens.acquire_wait;
    let credentials = BrokerCredentials::new(broker.handle(), Arc::clone(clock), wait);
    let routes = data_plane::Routes::new(config, Arc::clone(plugins));
    let bound = gateway_proxy::bind(
        settings,
        data_plane::directory(&routes.present(), served),
        Arc::new(credentials),
        Arc::clone(clock),
    )?;
    let addresses = bound.addresses().to_vec();
    let running = bound.start()?;
    control.attach(
        Arc::new(DirectoryPublisher::new(routes, running.directory())),
        Arc::new(LastRequests(running.requests())),
    );
    Ok(DataPlane { addresses, running })
}
