//! The control plane and the context that its parts share.

use crate::{
    ControlError,
    reminder_state::ReminderState,
    serving::{Publisher, RequestHistory, ServingAccount, ServingState},
    settings::Settings,
    wiring::{Wired, Wiring},
};
use gateway_broker::Broker;
use gateway_http_client::HttpClient;
use gateway_model::{AccountId, Clock, CredentialCell, Secret};
use gateway_plugin_host::Catalog;
use gateway_store::{
    AccountRecord, AdminTokenRecord, AppRecord, LegacyKeyRecord, Store, Timestamp,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

/// Who acts, as the audit trail names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// The gateway itself.
    pub fn gateway() -> Self {
        Self("gateway".to_owned())
    }
}

/// Everything that an operator can do. Cheap to clone.
#[derive(Clone)]
pub struct ControlPlane {
    pub(crate) context: Arc<PlaneContext>,
}

/// The parts of a control plane.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The broker, which keeps tokens fresh.
    pub broker: Arc<Broker>,
    /// The plugins of the carriers.
    pub catalog: Arc<Catalog>,
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

/// What all parts of the control plane share.
pub(crate) struct PlaneContext {
    pub(crate) store: Store,
    pub(crate) broker: Arc<Broker>,
    pub(crate) wiring: Wiring,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    rng: Mutex<StdRng>,
    wired: RwLock<BTreeMap<AccountId, Arc<Wired>>>,
    publisher: OnceLock<Arc<dyn Publisher>>,
    pub(crate) request_history: OnceLock<Arc<dyn RequestHistory>>,
    redirect_uri: OnceLock<String>,
    pub(crate) reminder_state: ReminderState,
    /// Held during a change, so that changes reach the broker and the data plane one at a time and in
    /// the order of the store.
    pub(crate) changes: tokio::sync::Mutex<()>,
    /// The admin tokens as the store has them; `None` until they are read, and after a change.
    pub(crate) admin_tokens: tokio::sync::RwLock<Option<Arc<[AdminTokenRecord]>>>,
}

impl ControlPlane {
    /// Joins the parts. Nothing happens before [`ControlPlane::load`].
    pub fn new(parts: Parts) -> Self {
        let wiring = Wiring {
            catalog: parts.catalog,
            http: parts.http,
            realms: parts.settings.realms.clone(),
            request_timeout: parts.settings.request_timeout,
        };
        Self {
            context: Arc::new(PlaneContext {
                store: parts.store,
                broker: parts.broker,
                wiring,
                clock: parts.clock,
                settings: parts.settings,
                rng: Mutex::new(StdRng::from_seed(parts.seed)),
                wired: RwLock::new(BTreeMap::new()),
                publisher: OnceLock::new(),
                request_history: OnceLock::new(),
                redirect_uri: OnceLock::new(),
                reminder_state: ReminderState::default(),
                changes: tokio::sync::Mutex::new(()),
                admin_tokens: tokio::sync::RwLock::new(None),
            }),
        }
    }

    /// Tells the data plane of every change from now on, and reads its last requests.
    pub fn attach(&self, publisher: Arc<dyn Publisher>, requests: Arc<dyn RequestHistory>) {
        // Set once at startup. A second call is a defect of the composition and has no effect.
        drop(self.context.publisher.set(publisher));
        drop(self.context.request_history.set(requests));
    }

    /// Sets the redirect URI, exactly as it is registered with carriers. It is known once the admin
    /// listener is bound, because the port may be chosen then.
    pub fn redirect_to(&self, uri: String) {
        // Set once at startup, like the publisher.
        drop(self.context.redirect_uri.set(uri));
    }

    /// The accounts, apps and keys that the data plane serves.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn serving_state(&self) -> Result<ServingState, ControlError> {
        let store = &self.context.store;
        let accounts = store.accounts().await?;
        let (apps, legacy_keys) = (store.apps().await?, store.legacy_keys().await?);
        Ok(self.context.serving_state_of(accounts, apps, legacy_keys))
    }

    /// Publishes the present state to the data plane.
    pub(crate) async fn publish(&self) -> Result<(), ControlError> {
        // Before the data plane is attached there is nobody to tell.
        let Some(publisher) = self.context.publisher.get() else {
            return Ok(());
        };
        // All of it and not the change, so that a missed publication heals with the next one.
        let state = self.serving_state().await?;
        publisher.publish(&state)
    }
}

impl PlaneContext {
    /// The redirect URI; empty until it is set.
    pub(crate) fn redirect_uri(&self) -> String {
        self.redirect_uri.get().cloned().unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall().into()
    }

    /// The state that is published for these records.
    pub(crate) fn serving_state_of(
        &self,
        accounts: Vec<AccountRecord>,
        apps: Vec<AppRecord>,
        legacy_keys: Vec<LegacyKeyRecord>,
    ) -> ServingState {
        let accounts = accounts.into_iter().map(|record| {
            // An account that was switched off a moment ago may still be connected: its requests
            // must get the reason now.
            let wired = self.wired(&record.name).filter(|_| record.active);
            let cell = wired.as_ref().map(|wired| Arc::clone(&wired.cell));
            let cell = cell.unwrap_or_else(|| inactive(&record.name));
            let signer = wired.and_then(|wired| wired.signer.clone());
            ServingAccount {
                record,
                cell,
                signer,
            }
        });
        ServingState {
            accounts: accounts.collect(),
            apps,
            legacy_keys,
        }
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

/// The credential cell of an inactive account: requests get an error that says so.
fn inactive(account: &AccountId) -> Arc<CredentialCell> {
    use gateway_model::{CredentialState, Unavailable, UnavailableReason};
    let cell = CredentialCell::new(account.clone());
    cell.publish(CredentialState::Absent(Unavailable {
        reason: UnavailableReason::Misconfigured,
        message: format!(
            "account {account} is switched off; `waybill account activate {account}` switches it on"
        ),
        retry_at: None,
    }));
    Arc::new(cell)
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlPlane")
    }
}
