//! Routes, accounts and apps of the configuration become the data plane's directory.

use gateway_config::Config;
use gateway_control::{ControlError, Fault, Publisher, ServingAccount, ServingState};
use gateway_model::{
    AccountId, CarrierId, CarrierProfile, ErrorEnvelope, Refusal, SecretBytes, Share,
};
use gateway_plugin_host::Registry;
use gateway_proxy::{
    Account, App, AppLogin, Directory, DirectoryHandle, Http1Server, LegacyKey, Limits,
    ListenerSettings, Route, SecretHash, Settings, TraceSettings,
};
use gateway_store::{AccountRecord, AppRecord};
use http::StatusCode;
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

pub(super) fn settings(
    config: &Config,
    tls: Option<Arc<rustls::ServerConfig>>,
    upstream_tls: Arc<rustls::ClientConfig>,
    token_key: SecretBytes,
) -> Settings {
    let listen = &config.listen;
    let listeners = listen.apps.iter().map(|addr| ListenerSettings {
        addr: *addr,
        tls: tls.clone(),
        trust_loopback: listen.trust_loopback,
        client_address: listen.apps_client_address.clone(),
    });
    // One worker where the system does not tell how many processors there are.
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Settings {
        listeners: listeners.collect(),
        workers: config.workers.count.map_or_else(cores, NonZeroUsize::get),
        limits: limits(config),
        upstream_tls,
        upstream_http2: config.upstream.http2,
        access_log: config.log.access_log,
        request_series: config.metrics.request_series,
        trace: TraceSettings::default(),
        token_key,
        app_token_lifetime: config.tokens.app_token_lifetime,
    }
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        head_bytes: limits.head_bytes,
        target_bytes: limits.target_bytes,
        body_bytes: limits.body_bytes,
        replay_bytes: limits.replay_bytes,
        head_read: limits.head_read,
        body_idle: limits.body_idle,
        write_idle: limits.write_idle,
        write_rate: limits.write_rate,
        keep_alive_idle: limits.keep_alive_idle,
        handshake: limits.handshake,
        connect: limits.connect,
        first_byte: limits.first_byte,
        credential_wait: config.tokens.acquire_wait,
        upstream_idle: limits.upstream_idle,
        upstream_idle_connections: limits.upstream_idle_connections,
        connections: limits.connections,
        http2_streams: limits.http2_streams,
        token_requests_per_minute: config.tokens.app_token_requests_per_minute,
        http1_server: match limits.http1_server {
            gateway_config::Http1Server::Own => Http1Server::Own,
            gateway_config::Http1Server::Hyper => Http1Server::Hyper,
        },
        ..Limits::default()
    }
}

/// Makes the data plane's directory of what the control plane says is served.
pub(super) struct DirectoryPublisher {
    routes: Arc<Routes>,
    data_plane: DirectoryHandle,
}

impl DirectoryPublisher {
    pub(super) const fn new(routes: Arc<Routes>, data_plane: DirectoryHandle) -> Self {
        Self { routes, data_plane }
    }
}

impl Publisher for DirectoryPublisher {
    fn publish(&self, served: &ServingState, only: Option<&AccountId>) -> Result<(), ControlError> {
        let changed = only.and_then(|name| served.accounts.get(name));
        if changed.is_some_and(|changed| self.data_plane.put_account(&account(changed))) {
            return Ok(());
        }
        let directory = directory(&self.routes.present(), served);
        self.data_plane.replace(directory).map_err(|error| {
            let message = format!("the data plane did not take the change: {error}");
            ControlError::new(Fault::Invalid, "not_served", message)
        })
    }
}

/// The routes of the configuration, by what the carriers' plugins say.
pub(super) struct Routes {
    plugins: Arc<Registry>,
    made: Mutex<MadeRoutes>,
}

/// Routes, as they were made last.
struct MadeRoutes {
    configured: Vec<gateway_config::Route>,
    /// After how many replacements of plugins.
    replacements: u64,
    made: Vec<Route>,
}

impl Routes {
    pub(super) fn new(config: &Config, plugins: Arc<Registry>) -> Self {
        let made = MadeRoutes::of(config.routes.clone(), &plugins);
        Self {
            plugins,
            made: Mutex::new(made),
        }
    }

    pub(super) fn plugins(&self) -> Arc<Registry> {
        Arc::clone(&self.plugins)
    }

    /// Takes other routes; the next directory has them.
    pub(super) fn replace(&self, configured: Vec<gateway_config::Route>) {
        *self.made() = MadeRoutes::of(configured, &self.plugins);
    }

    /// The routes now: a plugin may have been replaced.
    pub(super) fn present(&self) -> Vec<Route> {
        let mut made = self.made();
        if made.replacements != self.plugins.replacements() {
            *made = MadeRoutes::of(std::mem::take(&mut made.configured), &self.plugins);
        }
        made.made.clone()
    }

    fn made(&self) -> MutexGuard<'_, MadeRoutes> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MadeRoutes {
    fn of(configured: Vec<gateway_config::Route>, plugins: &Registry) -> Self {
        // Asked before they are made: a replacement in between is seen the next time.
        let replacements = plugins.replacements();
        Self {
            made: make(&configured, plugins),
            replacements,
            configured,
        }
    }
}

fn make(routes: &[gateway_config::Route], plugins: &Registry) -> Vec<Route> {
    routes.iter().map(|it| route(it, plugins)).collect()
}

/// Who may call, where requests may go, and with whose credentials. A route without a default account
/// takes the default of its carrier and environment.
pub(super) fn directory(routes: &[Route], served: &ServingState) -> Directory {
    let defaults: Vec<&AccountRecord> = served
        .accounts
        .values()
        .map(|account| &account.record)
        .filter(|record| record.default)
        .collect();
    let default = |route: &Route| {
        let fits = |record: &&&AccountRecord| {
            record.carrier == route.profile.id && record.environment == route.environment
        };
        defaults.iter().find(fits).map(|record| record.name.clone())
    };
    let routes = routes.iter().map(|route| Route {
        default_account: route.default_account.clone().or_else(|| default(route)),
        ..route.clone()
    });
    let legacy_keys = served.legacy_keys.values().map(|key| LegacyKey {
        // As a hash: the data plane can recognise a key and never tell it.
        key: SecretHash::from_bytes(key.key.0),
        app: key.app.clone(),
        account: key.account.clone(),
    });
    Directory {
        routes: routes.collect(),
        accounts: served.accounts.values().map(|it| account(it)).collect(),
        apps: served
            .apps
            .values()
            .map(|it| app(it, served.share))
            .collect(),
        legacy_keys: legacy_keys.collect(),
    }
}

fn account(account: &ServingAccount) -> Account {
    Account {
        id: account.record.name.clone(),
        aliases: account.record.aliases.clone(),
        carrier: account.record.carrier.clone(),
        environment: account.record.environment,
        // The very cell that the broker writes: a new token needs no new directory.
        cell: Arc::clone(&account.cell),
        signer: account.signer.clone(),
    }
}

/// Every route is kept, also one that cannot be served: without it, its requests would fall to the route
/// that takes the rest, and reach another carrier.
fn route(route: &gateway_config::Route, plugins: &Registry) -> Route {
    // Also of a plugin that cannot be used now: its carrier is served with the tokens that are there.
    let known = plugins.known(&route.carrier);
    let profile = known.map_or_else(
        || Arc::new(unserved(&route.carrier)),
        |known| Arc::clone(&known.profile),
    );
    let origin = route
        .origin
        .clone()
        .or_else(|| profile.origin(route.environment).cloned());
    let origin = origin.unwrap_or_else(|| {
        tracing::error!(
            carrier = %route.carrier,
            environment = %route.environment,
            "this route is not served: no plugin names its origin and the route has none"
        );
        // Its accounts have no token either, so nothing is ever sent there.
        "https://invalid".parse().expect("a literal origin parses")
    });
    Route {
        profile,
        environment: route.environment,
        origin,
        danger_plaintext: route.danger_plaintext_upstream,
        hosts: route.hosts.clone(),
        prefix: route.prefix.clone(),
        default_account: route.account.clone(),
    }
}

/// Enough to answer with the reason why the carrier's plugin is not there.
fn unserved(carrier: &CarrierId) -> CarrierProfile {
    const TEMPLATE: &str = r#"{"errors":[{"code":"{code}","message":"{message}"}]}"#;
    CarrierProfile {
        id: carrier.clone(),
        display_name: carrier.to_string(),
        origins: Vec::new(),
        rejected_statuses: Vec::new(),
        headers_when_absent: Vec::new(),
        credential_headers: Vec::new(),
        errors: ErrorEnvelope::new(TEMPLATE).expect("the literal has both places"),
        unauthenticated: Refusal {
            status: StatusCode::UNAUTHORIZED,
            code: "unauthenticated".to_owned(),
            message: "say who you are".to_owned(),
        },
        downstream_token: None,
        downstream_basic: false,
        api: gateway_model::CarrierApi::default(),
        legacy: None,
    }
}

fn app(app: &AppRecord, share: Share) -> App {
    // Both or neither: an id without a secret cannot log in.
    let login = app.client_id.clone().zip(app.secret);
    App {
        id: app.name.clone(),
        login: login.map(|(client_id, secret)| AppLogin {
            client_id,
            secret: SecretHash::from_bytes(secret.0),
        }),
        key: app.key.map(|key| SecretHash::from_bytes(key.0)),
        accounts: app.accounts.clone(),
        rate: app.rate.map(|rate| share.of(rate)),
    }
}
