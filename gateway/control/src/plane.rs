//! The control plane and the context that its parts share.

use crate::{
    account_index::AccountIndex,
    basis::Based,
    fleet_state::FleetState,
    instances::Instances,
    rates::KnownRates,
    reminder_state::ReminderState,
    serving::{Publisher, Reloader, RequestHistory, ServingState},
    settings::Settings,
    store_watch::StoreWatch,
    wiring::{Wired, Wiring},
};
use gateway_broker::Broker;
use gateway_http_client::HttpClient;
use gateway_model::{AccountId, Clock, Secret};
use gateway_plugin_host::Registry;
use gateway_store::{AdminTokenRecord, SecretDigest, Store, Timestamp};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak},
};

/// Everything that an operator can do. Cheap to clone.
#[derive(Clone)]
pub struct ControlPlane {
    pub(crate) context: Arc<PlaneContext>,
    /// What the changes rest on that are made by this clone.
    pub(crate) based: Based,
}

/// The parts of a control plane.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The broker, which keeps tokens fresh.
    pub broker: Arc<Broker>,
    /// The plugins of the carriers.
    pub plugins: Arc<Registry>,
    /// The HTTP client for calls to carriers and webhooks.
    pub http: Arc<dyn HttpClient>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The settings.
    pub settings: Settings,
    /// The seed of states, verifiers, secrets and keys. It must come from the system's cryptographic
    /// random number generator.
    pub seed: [u8; 32],
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

/// What another configuration replaces.
struct Live {
    settings: Arc<Settings>,
    wiring: Arc<Wiring>,
}

/// What all parts of the control plane share.
pub(crate) struct PlaneContext {
    pub(crate) store: Store,
    pub(crate) broker: Arc<Broker>,
    pub(crate) plugins: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What another configuration replaces as one.
    live: RwLock<Live>,
    rng: Mutex<StdRng>,
    wired: RwLock<BTreeMap<AccountId, Arc<Wired>>>,
    publisher: OnceLock<Arc<dyn Publisher>>,
    pub(crate) request_history: OnceLock<Arc<dyn RequestHistory>>,
    /// The state that was published last, so that a change costs what it touches.
    pub(crate) served: Mutex<Option<ServingState>>,
    pub(crate) account_index: Mutex<AccountIndex>,
    redirect_uri: RwLock<String>,
    reloader: OnceLock<Weak<dyn Reloader>>,
    pub(crate) reminder_state: ReminderState,
    pub(crate) store_watch: StoreWatch,
    pub(crate) fleet_state: FleetState,
    /// Held during a change, so that changes reach the broker and the data plane one at a time and in
    /// the order of the store.
    pub(crate) changes: tokio::sync::Mutex<()>,
    /// The admin tokens as the store has them; `None` until they are read, and after a change.
    pub(crate) admin_tokens: tokio::sync::RwLock<Option<Arc<[AdminTokenRecord]>>>,
    pub(crate) rates: KnownRates,
    pub(crate) admin_token_uses: Mutex<BTreeMap<SecretDigest, Timestamp>>,
}

impl ControlPlane {
    /// Joins the parts. Nothing happens before [`ControlPlane::load`].
    pub fn new(parts: Parts) -> Self {
        let wiring = Wiring {
            instances: Instances::new(Arc::clone(&parts.plugins), &parts.settings),
            http: parts.http,
        };
        Self {
            context: Arc::new(PlaneContext {
                store: parts.store,
                broker: parts.broker,
                plugins: parts.plugins,
                clock: parts.clock,
                live: RwLock::new(Live {
                    settings: Arc::new(parts.settings),
                    wiring: Arc::new(wiring),
                }),
                rng: Mutex::new(StdRng::from_seed(parts.seed)),
                wired: RwLock::new(BTreeMap::new()),
                publisher: OnceLock::new(),
                request_history: OnceLock::new(),
                served: Mutex::new(None),
                account_index: Mutex::default(),
                redirect_uri: RwLock::default(),
                reloader: OnceLock::new(),
                reminder_state: ReminderState::default(),
                store_watch: StoreWatch::default(),
                fleet_state: FleetState::default(),
                changes: tokio::sync::Mutex::new(()),
                admin_tokens: tokio::sync::RwLock::new(None),
                rates: KnownRates::default(),
                admin_token_uses: Mutex::default(),
            }),
            based: Based::default(),
        }
    }

    /// Tells the data plane of every change from now on, and reads its last requests.
    pub fn attach(&self, publisher: Arc<dyn Publisher>, requests: Arc<dyn RequestHistory>) {
        // Set once at startup. A second call is a defect of the composition and has no effect.
        drop(self.context.publisher.set(publisher));
        drop(self.context.request_history.set(requests));
    }

    /// Unguessable text: 256 bits as base64url.
    pub fn random_text(&self) -> Secret {
        self.context.random_text()
    }

    /// Lets operators reload the configuration. Weak, because the reloader itself holds this.
    pub fn attach_reloader(&self, reloader: Weak<dyn Reloader>) {
        // Set once at startup, like the publisher.
        drop(self.context.reloader.set(reloader));
    }

    /// Sets the redirect URI, exactly as it is registered with carriers. It is known once the admin
    /// listener is bound, because the port may be chosen then.
    pub fn redirect_to(&self, uri: String) {
        let known = self.context.redirect_uri.write();
        *known.unwrap_or_else(PoisonError::into_inner) = uri;
    }
}

impl PlaneContext {
    /// The redirect URI; empty until it is set.
    pub(crate) fn redirect_uri(&self) -> String {
        let uri = self.redirect_uri.read();
        uri.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The settings as they are now. What takes several of them asks once.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&live.settings)
    }

    /// What connects accounts now.
    pub(crate) fn wiring(&self) -> Arc<Wiring> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&live.wiring)
    }

    /// Works by another configuration from now on.
    pub(crate) fn reconfigure(&self, settings: Settings, wiring: Arc<Wiring>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let settings = Arc::new(settings);
        *live = Live { settings, wiring };
    }

    /// What reads the configuration again, if there is something.
    pub(crate) fn reloader(&self) -> Option<Arc<dyn Reloader>> {
        self.reloader.get()?.upgrade()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall().into()
    }

    /// Who is told of changes, once the data plane runs.
    pub(crate) fn publisher(&self) -> Option<&Arc<dyn Publisher>> {
        self.publisher.get()
    }

    /// The accounts that are connected to the broker.
    pub(crate) fn all_wired(&self) -> Vec<AccountId> {
        let wired = self.wired.read().unwrap_or_else(PoisonError::into_inner);
        wired.keys().cloned().collect()
    }

    /// The account's connection to the broker and the carrier, if it is active.
    pub(crate) fn wired(&self, account: &AccountId) -> Option<Arc<Wired>> {
        let wired = self.wired.read().unwrap_or_else(PoisonError::into_inner);
        wired.get(account).cloned()
    }

    pub(crate) fn set_wired(&self, account: &AccountId, new: Option<Arc<Wired>>) {
        let mut wired = self.wired.write().unwrap_or_else(PoisonError::into_inner);
        match new {
            Some(new) => wired.insert(account.clone(), new),
            None => wired.remove(account),
        };
    }

    /// Unguessable text: 256 bits as base64url.
    pub(crate) fn random_text(&self) -> Secret {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Secret::new(URL_SAFE_NO_PAD.encode(rng.random::<[u8; 32]>()))
    }

    /// A random number from 0 to 1, so that several gateways do not act at the same moment.
    pub(crate) fn fraction(&self) -> f64 {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.random()
    }

    /// The id of one request to a carrier: 32 hexadecimal digits.
    pub(crate) fn request_id(&self) -> String {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:032x}", rng.random::<u128>())
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlPlane")
    }
}
