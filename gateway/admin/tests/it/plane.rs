//! A real control plane: a store in memory, no plugin, no carrier.

use crate::harness::{Reply, Server, Still, start_with, still};
use gateway_api::AddAdminToken;
use gateway_broker::{Broker, BrokerConfig};
use gateway_control::{Actor, ControlPlane, Files, Parts, Settings};
use gateway_http_client::HyperClient;
use gateway_model::{ClientAddressSource, Clock, Role, Secret};
use gateway_plugin_host::{Host, PluginPolicy, Registry};
use gateway_store::{Access, MasterKeySource, Store, StoreOptions, StoreUrl};
use rustls::RootCertStore;
use std::{sync::Arc, time::Duration};

/// A listener with a control plane, and a token of each role.
pub(crate) struct Managed {
    pub(crate) server: Server,
    pub(crate) control: ControlPlane,
    pub(crate) store: Store,
    pub(crate) admin: Secret,
    pub(crate) read_only: Secret,
}

async fn control(clock: &Arc<Still>) -> (ControlPlane, Store) {
    let options = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::Ephemeral,
        old_keys: Vec::new(),
        listen_url: None,
    };
    let store = Store::open(&options, Access::Gateway)
        .await
        .expect("a store in memory");
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let ledger = Arc::new(store.clone());
    let broker = Broker::new(BrokerConfig::default(), Arc::clone(&clock), ledger, 1);
    let plugins = tempfile::tempdir().expect("a folder");
    let (dir, cache) = (plugins.path().to_owned(), plugins.path().join("cache"));
    let host = Host::new(Arc::clone(&clock));
    let plugins = Registry::load(dir, PluginPolicy::default(), cache, host).expect("it is empty");
    let http = HyperClient::with_roots(RootCertStore::empty()).expect("nothing to trust");
    let control = ControlPlane::new(Parts {
        store: store.clone(),
        broker: Arc::new(broker),
        plugins: Arc::new(plugins),
        http: Arc::new(http),
        clock,
        settings: Settings {
            version: "test",
            consent_lifetime: Duration::from_secs(600),
            request_timeout: Duration::from_secs(5),
            remind_days: 7,
            reminders: gateway_control::Reminders::default(),
            realms: Vec::new(),
            files: Files::default(),
            fleet: gateway_control::Fleet::default(),
        },
        seed: [7; 32],
    });
    (control, store)
}

/// Makes a token.
pub(crate) async fn token(control: &ControlPlane, name: &str, role: Role) -> Secret {
    let token = AddAdminToken {
        name: name.to_owned(),
        role,
    };
    let made = control.add_admin_token(&Actor::gateway(), token).await;
    made.expect("a free name").token.0
}

pub(crate) async fn managed() -> Managed {
    managed_behind(ClientAddressSource::Connection).await
}

/// With another source of client addresses.
pub(crate) async fn managed_behind(client_address: ClientAddressSource) -> Managed {
    let clock = still();
    let (control, store) = control(&clock).await;
    let admin = token(&control, "root", Role::Admin).await;
    let read_only = token(&control, "viewer", Role::ReadOnly).await;
    Managed {
        server: start_with(Some(control.clone()), clock, client_address).await,
        control,
        store,
        admin,
        read_only,
    }
}

impl Managed {
    /// With a token, and as JSON. Time passes, so that no limit is met by accident.
    pub(crate) async fn call(
        &self,
        token: Option<&Secret>,
        method: &str,
        path: &str,
        body: &str,
    ) -> Reply {
        self.server.clock.advance(Duration::from_secs(10));
        let bearer = token.map(|token| format!("Bearer {}", token.expose()));
        let mut fields = vec![("Host", "localhost"), ("Content-Type", "application/json")];
        fields.extend(
            bearer
                .iter()
                .map(|bearer| ("Authorization", bearer.as_str())),
        );
        self.server.ask(method, path, &fields, body).await
    }

    /// As an administrator.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: &str) -> Reply {
        self.call(Some(&self.admin), method, path, body).await
    }

    /// How many entries the audit trail has.
    pub(crate) async fn audited(&self) -> usize {
        self.control.audit(None, 500).await.expect("a store").len()
    }
}
