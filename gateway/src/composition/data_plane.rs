//! Routes, accounts and apps of the configuration become the data plane's directory.

use super::{StartError, trust};
use crate::config::{self, Config};
use gateway_model::{AccountId, CarrierId, CarrierProfile, CredentialCell, ErrorEnvelope, Refusal};
use gateway_plugin_host::Catalog;
use gateway_proxy::{
    Account, App, AppLogin, Directory, Limits, ListenerSettings, Route, SecretHash, Settings,
};
use http::StatusCode;
use rustls::RootCertStore;
use std::{collections::HashMap, num::NonZeroUsize, sync::Arc, thread};

/// Everything that does not change while the data plane runs.
pub(super) fn settings(config: &Config, roots: RootCertStore) -> Result<Settings, StartError> {
    let listen = &config.listen;
    let tls = listen.tls.as_ref().map(trust::server).transpose()?;
    let listeners = listen.apps.iter().map(|addr| ListenerSettings {
        addr: *addr,
        tls: tls.clone(),
        trust_loopback: listen.trust_loopback,
    });
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Ok(Settings {
        listeners: listeners.collect(),
        workers: config.workers.count.map_or_else(cores, NonZeroUsize::get),
        limits: limits(config),
        upstream_tls: trust::client(roots)?,
        upstream_http2: config.upstream.http2,
        access_log: config.log.access_log,
        token_key: trust::token_key()?,
        app_token_lifetime: config.tokens.app_token_lifetime,
    })
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
        ..Limits::default()
    }
}

/// Who may call, where requests may go, and with whose credentials.
pub(super) fn directory(
    config: &Config,
    catalog: &Catalog,
    mut cells: HashMap<AccountId, Arc<CredentialCell>>,
) -> Directory {
    let accounts = config.accounts.iter().filter_map(|account| {
        Some(Account {
            id: account.id.clone(),
            aliases: Vec::new(),
            carrier: account.carrier.clone(),
            environment: account.environment,
            cell: cells.remove(&account.id)?,
        })
    });
    Directory {
        accounts: accounts.collect(),
        routes: config
            .routes
            .iter()
            .map(|route| self::route(route, catalog))
            .collect(),
        apps: config.apps.iter().map(app).collect(),
        ..Directory::default()
    }
}

/// Every route is kept, also one that cannot be served: without it, its requests would fall to the route
/// that takes the rest, and reach another carrier.
fn route(route: &config::Route, catalog: &Catalog) -> Route {
    let plugin = catalog.plugin(&route.carrier);
    let profile = plugin.map_or_else(
        || unserved(&route.carrier),
        |plugin| plugin.profile().clone(),
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
        profile: Arc::new(profile),
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
        legacy: None,
    }
}

fn app(app: &config::App) -> App {
    App {
        id: app.id.clone(),
        login: app.login.as_ref().map(|login| AppLogin {
            client_id: login.client_id.clone(),
            secret: SecretHash::of(login.client_secret.expose()),
        }),
        key: app.key.as_ref().map(|key| SecretHash::of(key.expose())),
        accounts: app.accounts.clone(),
        rate: None,
    }
}
