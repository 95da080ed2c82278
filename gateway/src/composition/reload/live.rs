//! The parts that another configuration changes while they run.

use super::super::{
    broker_credentials::AcquireWait,
    data_plane::{self, Routes},
    declared,
    error::StartError,
    exports::Exports,
    listen_tls::{Certificate, ServedTls, TlsSide},
    prepared::Prepared,
};
use gateway_admin::{AdminAccess, AdminHandle};
use gateway_broker::Broker;
use gateway_config::{Config, Log};
use gateway_control::ServingState;
use gateway_http_client::{HttpClient, HyperClient, TrustError};
use gateway_model::SecretBytes;
use gateway_plugin_host::Registry;
use gateway_proxy::Settings;
use rustls::{ClientConfig, RootCertStore};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Takes another level of the log.
pub(crate) type LogLevel = dyn Fn(&Log) + Send + Sync;

/// The parts that another configuration changes while they run.
pub(crate) struct Live {
    pub(crate) broker: Arc<Broker>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) wait: Arc<AcquireWait>,
    pub(crate) admin: AdminHandle,
    pub(crate) log_level: Arc<LogLevel>,
    pub(crate) state: Arc<Mutex<LiveState>>,
}

/// What they run by.
pub(crate) struct LiveState {
    pub(crate) running: Arc<Config>,
    pub(crate) tls: Option<ServedTls>,
    pub(crate) admin_tls: Option<ServedTls>,
    pub(crate) roots: RootCertStore,
    pub(crate) upstream_tls: Arc<ClientConfig>,
    pub(crate) exports: Arc<Exports>,
}

impl LiveState {
    /// Makes what a start needs of the files that it has read.
    pub(crate) fn new(
        config: &Config,
        prepared: Prepared,
        exports: Arc<Exports>,
    ) -> Result<Self, StartError> {
        let Prepared {
            roots,
            certificate,
            admin_certificate,
        } = prepared;
        let upstream_tls = gateway_http_client::client_config(roots.clone());
        Ok(Self {
            running: Arc::new(config.clone()),
            tls: certificate.map(ServedTls::new).transpose()?,
            admin_tls: admin_certificate.map(ServedTls::new).transpose()?,
            upstream_tls: Arc::new(upstream_tls.map_err(TrustError::from)?),
            exports,
            roots,
        })
    }

    /// The control plane's HTTP client.
    pub(crate) fn http(&self) -> Result<Arc<dyn HttpClient>, TrustError> {
        Ok(Arc::new(HyperClient::with_roots(self.roots.clone())?))
    }

    pub(crate) const fn served(&self, side: TlsSide) -> Option<&ServedTls> {
        match side {
            TlsSide::Apps => self.tls.as_ref(),
            TlsSide::Admin => self.admin_tls.as_ref(),
        }
    }

    /// What the admin listener goes by.
    pub(crate) fn admin_access(&self) -> AdminAccess {
        let listen = &self.running.listen;
        let tls = listen.admin_tls.as_ref().and(self.admin_tls.as_ref());
        AdminAccess {
            hosts: listen.admin_hosts.clone(),
            client_address: listen.admin_client_address.clone(),
            tls: tls.map(|tls| Arc::clone(&tls.config)),
        }
    }

    /// The data plane's settings.
    pub(crate) fn worker_settings(&self, token_key: SecretBytes) -> Settings {
        let config = &self.running;
        let tls = config.listen.tls.as_ref().and(self.tls.as_ref());
        let tls = tls.map(|tls| Arc::clone(&tls.config));
        let settings = data_plane::settings(config, tls, Arc::clone(&self.upstream_tls), token_key);
        Settings {
            trace: self.exports.trace_settings(config),
            ..settings
        }
    }
}

impl Live {
    fn state(&self) -> MutexGuard<'_, LiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn running(&self) -> Arc<Config> {
        Arc::clone(&self.state().running)
    }

    /// Whether the parts have taken this configuration over.
    pub(crate) fn runs(&self, config: &Config) -> bool {
        gateway_config::Changes::between(&self.running(), config).is_empty()
    }

    pub(crate) fn admin_addr(&self) -> SocketAddr {
        self.admin.local_addr()
    }

    pub(crate) fn plugins(&self) -> Arc<Registry> {
        self.routes.plugins()
    }

    pub(crate) fn tls(&self, side: TlsSide) -> Option<ServedTls> {
        self.state().served(side).cloned()
    }

    /// Whether the certificate of these listeners is another one, or is gone.
    pub(crate) fn other_certificate(&self, side: TlsSide, prepared: &Prepared) -> bool {
        let state = self.state();
        let had_tls = side.of(&state.running).is_some();
        match (prepared.certificate_of(side), state.served(side)) {
            (Some(new), Some(served)) => !had_tls || !served.serves(new),
            (None, _) => had_tls,
            (Some(_), None) => true,
        }
    }

    /// Why a new certificate cannot take over: it has expired. One that is served already may have expired
    /// without keeping other changes back.
    pub(crate) fn expired(&self, prepared: &Prepared, now: SystemTime) -> Option<String> {
        let other = |side: &TlsSide| self.other_certificate(*side, prepared);
        let mut others = TlsSide::ALL.into_iter().filter(other);
        others.find_map(|side| prepared.certificate_of(side)?.expired(now))
    }

    /// Whether the certificate authorities are those that are trusted now.
    pub(crate) fn trusts(&self, prepared: &Prepared) -> bool {
        self.state().roots.roots == prepared.roots.roots
    }

    /// The control plane's HTTP client, if other authorities are trusted.
    pub(crate) fn other_http(
        &self,
        prepared: &Prepared,
    ) -> Result<Option<Arc<dyn HttpClient>>, TrustError> {
        if self.trusts(prepared) {
            return Ok(None);
        }
        let client = HyperClient::with_roots(prepared.roots.clone())?;
        Ok(Some(Arc::new(client)))
    }

    /// Lets all parts but the workers take over.
    pub(crate) fn take_over(&self, config: Config, prepared: Prepared) {
        self.broker.reconfigure(declared::broker_config(&config));
        self.wait.set(config.tokens.acquire_wait);
        (self.log_level)(&config.log);
        self.routes.replace(config.routes.clone());
        let mut state = self.state();
        serve_certificate(&mut state.tls, prepared.certificate);
        serve_certificate(&mut state.admin_tls, prepared.admin_certificate);
        if state.roots.roots != prepared.roots.roots {
            match gateway_http_client::client_config(prepared.roots.clone()) {
                Ok(tls) => {
                    state.upstream_tls = Arc::new(tls);
                    state.roots = prepared.roots;
                }
                Err(error) => {
                    tracing::error!(%error, "the new certificate authorities are not used")
                }
            }
        }
        state.running = Arc::new(config);
        self.admin.replace(state.admin_access());
    }

    /// The data plane's settings.
    pub(crate) fn worker_settings(&self, token_key: SecretBytes) -> Settings {
        self.state().worker_settings(token_key)
    }
}

/// Lets a listener show this certificate from now on.
fn serve_certificate(served: &mut Option<ServedTls>, certificate: Option<Certificate>) {
    match (&served, certificate) {
        (Some(served), Some(certificate)) => served.replace(certificate),
        (None, Some(certificate)) => match ServedTls::new(certificate) {
            Ok(tls) => *served = Some(tls),
            // The provider supports the protocol versions: it did when it checked the certificate.
            Err(error) => tracing::error!(%error, "a listener has no TLS"),
        },
        // Kept for the day when TLS comes back.
        (_, None) => {}
    }
}

/// Whether the data plane could serve this state by these routes.
pub(super) fn check(
    config: &Config,
    plugins: &Arc<Registry>,
    state: &ServingState,
) -> Result<(), String> {
    let routes = Routes::new(config, Arc::clone(plugins)).present();
    gateway_proxy::check_directory(data_plane::directory(&routes, state))
        .map_err(|error| error.to_string())
}
