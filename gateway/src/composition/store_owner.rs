//! Everything that works on the store. It ends before another process opens the store, and is made anew if
//! that process fails, while the data plane serves on.

use super::{
    admin_token_file, declared,
    error::StartError,
    exports::{Attached, Exports},
    plugins, random,
    reload::{ConfigReloader, DataPlaneParts, LiveState, LogLevel},
    runtime_status::GatewayStatus,
};
use gateway_admin::{Admin, AdminOptions, Latch, Metrics};
use gateway_broker::{Broker, Shutdown};
use gateway_config::Config;
use gateway_control::{ControlPlane, Parts, ServingState};
use gateway_model::{Clock, Secret};
use gateway_plugin_host::{DirectoryError, Registry};
use gateway_store::{Access, OpenError, Store};
use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

/// The pause between two attempts to open a store that another process has.
const PAUSE: Duration = Duration::from_millis(50);

/// What does not depend on the store, and outlives its owner.
pub(super) struct Environment {
    /// What the parts run by; a reload changes it.
    pub(super) state: Arc<Mutex<LiveState>>,
    pub(super) exports: Arc<Exports>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) plugins: Arc<Registry>,
    pub(super) log_level: Arc<LogLevel>,
    pub(super) reload_request: Arc<Notify>,
    pub(super) dropped_log_lines: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(super) latch: Latch,
}

impl Environment {
    pub(super) fn state(&self) -> MutexGuard<'_, LiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration that runs.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.state().running)
    }
}

/// An open store whose accounts are loaded, before anything serves.
pub(super) struct OpenStore {
    pub(super) store: Store,
    pub(super) broker: Arc<Broker>,
    pub(super) control: ControlPlane,
}

/// An open store whose accounts are served and whose tokens are renewed.
pub(super) struct StoreOwner {
    store: Store,
    pub(super) broker: Arc<Broker>,
    pub(super) control: ControlPlane,
    admin: JoinHandle<()>,
    stop_admin: CancellationToken,
    background: Background,
    reloader: Arc<ConfigReloader>,
    metrics: Attached,
}

/// The admin listener of a store's owner, and what its start made.
pub(super) struct AdminListener {
    pub(super) addr: SocketAddr,
    /// A second descriptor, for the next owner.
    pub(super) socket: TcpListener,
    pub(super) first_token: Option<Secret>,
}

impl OpenStore {
    /// Opens the store, and loads what the data plane serves. A store that another process has is waited
    /// for: a process that has just died may hold it for a moment longer.
    pub(super) async fn open(
        environment: &Environment,
        patience: Duration,
        problem: Option<DirectoryError>,
    ) -> Result<(Self, ServingState), StartError> {
        let (config, clock) = (environment.config(), &environment.clock);
        let http = environment.state().http()?;
        let until = clock.now() + patience;
        let store = loop {
            // Of a store that is not shared, a second process could present a single-use grant a second time.
            match Store::open(&config.store, Access::Gateway).await {
                Err(OpenError::Locked { .. }) if clock.now() < until => sleep(PAUSE).await,
                opened => break opened?,
            }
        };
        if let Err(error) = plugins::can_serve(problem, &store).await {
            // Another process may be waiting for it.
            store.close().await;
            return Err(error);
        }
        let broker = Arc::new(Broker::new(
            declared::broker_config(&config),
            Arc::clone(clock),
            Arc::new(store.clone()),
            // For jitter only, so that replicas differ.
            random::random_u64()?,
        ));
        if let Some(spans) = environment.exports.span_sink() {
            broker.trace(spans);
        }
        let control = ControlPlane::new(Parts {
            store: store.clone(),
            broker: Arc::clone(&broker),
            plugins: Arc::clone(&environment.plugins),
            http,
            clock: Arc::clone(clock),
            settings: declared::control_settings(&config),
            // A full seed, since states, verifiers and secrets come from it.
            seed: random::random_seed()?,
        });
        // Before the ports are open: the first request must find its account.
        let served = match control.load(declared::declared(&config)).await {
            Ok(served) => served,
            Err(error) => {
                control.leave_fleet().await;
                store.close().await;
                return Err(error.into());
            }
        };
        let opened = Self {
            store,
            broker,
            control,
        };
        Ok((opened, served))
    }

    /// Opens the admin listener, and starts what the store's owner does by itself. The data plane serves by
    /// now. After an error the store is closed.
    pub(super) async fn run(
        self,
        environment: &Environment,
        data_plane: DataPlaneParts,
        socket: Option<TcpListener>,
    ) -> Result<(StoreOwner, AdminListener), StartError> {
        let (store, control) = (self.store.clone(), self.control.clone());
        let owner = self.listen(environment, data_plane, socket).await;
        if owner.is_err() {
            control.leave_fleet().await;
            store.close().await;
        }
        owner
    }

    async fn listen(
        self,
        environment: &Environment,
        data_plane: DataPlaneParts,
        socket: Option<TcpListener>,
    ) -> Result<(StoreOwner, AdminListener), StartError> {
        let (config, control) = (environment.config(), &self.control);
        let status = Arc::new(GatewayStatus {
            data_plane: data_plane.metrics.clone(),
            broker: self.broker.handle(),
            plugins: Arc::clone(&environment.plugins),
            control: control.clone(),
            state: Arc::clone(&environment.state),
            dropped_log_lines: Arc::clone(&environment.dropped_log_lines),
        });
        let options = admin_options(environment, Arc::clone(&status), socket);
        let admin = Admin::bind(options).await?;
        let addr = admin.local_addr();
        let socket = admin.socket()?;
        let reloader = ConfigReloader::start(environment, data_plane, &self, admin.handle());
        // Only now: a free port is known once it is bound.
        control.redirect_to(config.redirect_uri(addr));
        let background = Background::start(control, &reloader);
        // Before the listener serves: an operator who finds it open finds the file as well.
        let first_token = control
            .bootstrap(|token| admin_token_file::write(&config.admin.token_file, token))
            .await;
        let first_token = match first_token {
            Ok(token) => token,
            Err(error) => {
                background.end().await;
                return Err(error.into());
            }
        };
        let stop_admin = CancellationToken::new();
        let metrics = environment.exports.attach(Metrics {
            runtime: status,
            clock: Arc::clone(&environment.clock),
        });
        let owner = StoreOwner {
            metrics,
            admin: tokio::spawn(admin.run(stop_admin.clone().cancelled_owned())),
            stop_admin,
            background,
            reloader,
            store: self.store,
            broker: self.broker,
            control: self.control,
        };
        let listener = AdminListener {
            addr,
            socket,
            first_token,
        };
        Ok((owner, listener))
    }
}

impl StoreOwner {
    /// Finishes what works on the store within this time, then closes it.
    pub(super) async fn end(self, grace: Duration) -> Shutdown {
        // First, because a carrier's answer may hold the only copy of a grant.
        let tokens = self.broker.shutdown(grace).await;
        self.background.end().await;
        self.reloader.end(grace).await;
        // The counts of a broker that has ended are the last ones.
        drop(self.metrics);
        // The admin listener outlives the rest: it answers to the end.
        self.stop_admin.cancel();
        // A panic there must not keep the store from being closed.
        if let Err(error) = self.admin.await {
            tracing::error!(%error, "the admin listener failed");
        }
        // Now nothing writes a grant any more: another gateway may have the accounts.
        self.control.leave_fleet().await;
        // Last, because token calls, reminders and operators write until they end.
        self.store.close().await;
        tokens
    }
}

/// What the admin listener serves, and where.
fn admin_options(
    environment: &Environment,
    status: Arc<GatewayStatus>,
    inherited: Option<TcpListener>,
) -> AdminOptions {
    let config = environment.config();
    AdminOptions {
        addr: config.listen.admin,
        inherited,
        access: environment.state().admin_access(),
        control: Some(status.control.clone()),
        runtime: status,
        latch: environment.latch.clone(),
        clock: Arc::clone(&environment.clock),
    }
}

/// The tasks that take part in the fleet, remind people, and watch the store, signals and the certificate.
struct Background {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Background {
    fn start(control: &ControlPlane, reloader: &Arc<ConfigReloader>) -> Self {
        let (control, stop) = (control.clone(), CancellationToken::new());
        let reloader = Arc::clone(reloader);
        let cancel = stop.clone();
        let task = tokio::spawn(async move {
            tokio::join!(
                control.run_fleet(cancel.clone()),
                control.run_reminders(cancel.clone()),
                control.watch_store(cancel.clone()),
                reloader.watch(cancel)
            );
        });
        Self { task, stop }
    }

    async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a background task failed");
        }
    }
}
