//! The control plane and what its parts share.

use crate::{
    ControlError,
    reminders::Reminding,
    served::{Publisher, Served, ServedAccount},
    settings::Settings,
    wiring::{Wired, Wiring},
};
use gateway_broker::Broker;
use gateway_http_client::HttpClient;
use gateway_model::{AccountId, Clock, CredentialCell, Secret};
use gateway_plugin_host::Catalog;
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord, Store, Timestamp};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

/// Who asks; it goes into the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// The gateway itself.
    pub fn gateway() -> Self {
        Self("gateway".to_owned())
    }
}

/// What an operator does. Cheap to clone.
#[derive(Clone)]
pub struct ControlPlane {
    pub(crate) shared: Arc<Shared>,
}

/// What a control plane is made of.
pub struct Parts {
    /// What is remembered.
    pub store: Store,
    /// Who keeps tokens fresh.
    pub broker: Arc<Broker>,
    /// The carriers.
    pub catalog: Arc<Catalog>,
    /// The way to the carriers.
    pub http: Arc<dyn HttpClient>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How it works.
    pub settings: Settings,
    /// From the system's cryptographic generator: states, verifiers, secrets and keys grow from it.
    pub seed: [u8; 32],
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

/// What all parts share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) broker: Arc<Broker>,
    pub(crate) wiring: Wiring,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    rng: Mutex<StdRng>,
    wired: RwLock<BTreeMap<AccountId, Arc<Wired>>>,
    publisher: OnceLock<Arc<dyn Publisher>>,
    redirect_uri: OnceLock<String>,
    pub(crate) reminding: Reminding,
    /// One change at a time reaches broker and data plane, in the order of the store.
    pub(crate) changes: tokio::sync::Mutex<()>,
}

impl ControlPlane {
    /// Joins the parts; nothing happens before [`ControlPlane::load`].
    pub fn new(parts: Parts) -> Self {
        let wiring = Wiring {
            catalog: parts.catalog,
            http: parts.http,
            realms: parts.settings.realms.clone(),
            request_timeout: parts.settings.request_timeout,
        };
        Self {
            shared: Arc::new(Shared {
                store: parts.store,
                broker: parts.broker,
                wiring,
                clock: parts.clock,
                settings: parts.settings,
                rng: Mutex::new(StdRng::from_seed(parts.seed)),
                wired: RwLock::new(BTreeMap::new()),
                publisher: OnceLock::new(),
                redirect_uri: OnceLock::new(),
                reminding: Reminding::default(),
                changes: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// From now on the data plane is told of every change.
    pub fn attach(&self, publisher: Arc<dyn Publisher>) {
        // A second data plane would be a mistake of the composition, and changes nothing.
        drop(self.shared.publisher.set(publisher));
    }

    /// Where carriers send people back to, exactly as it is registered there; known once the admin
    /// listener is bound.
    pub fn redirect_to(&self, uri: String) {
        // As above.
        drop(self.shared.redirect_uri.set(uri));
    }

    /// What the data plane serves.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn served(&self) -> Result<Served, ControlError> {
        let store = &self.shared.store;
        let accounts = store.accounts().await?;
        let (apps, legacy_keys) = (store.apps().await?, store.legacy_keys().await?);
        Ok(self.shared.serve(accounts, apps, legacy_keys))
    }

    /// Tells the data plane what is served now.
    pub(crate) async fn publish(&self) -> Result<(), ControlError> {
        let Some(publisher) = self.shared.publisher.get() else {
            return Ok(());
        };
        let served = self.served().await?;
        publisher.publish(&served)
    }
}

impl Shared {
    /// Where carriers send people back to.
    pub(crate) fn redirect_uri(&self) -> String {
        self.redirect_uri.get().cloned().unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall().into()
    }

    /// What the data plane is told of these.
    pub(crate) fn serve(
        &self,
        accounts: Vec<AccountRecord>,
        apps: Vec<AppRecord>,
        legacy_keys: Vec<LegacyKeyRecord>,
    ) -> Served {
        let accounts = accounts.into_iter().map(|record| {
            let wired = self.wired(&record.name).filter(|_| record.active);
            let cell = wired.as_ref().map(|wired| Arc::clone(&wired.cell));
            let cell = cell.unwrap_or_else(|| inactive(&record.name));
            let signer = wired.and_then(|wired| wired.signer.clone());
            ServedAccount {
                record,
                cell,
                signer,
            }
        });
        Served {
            accounts: accounts.collect(),
            apps,
            legacy_keys,
        }
    }

    /// The accounts that the broker has.
    pub(crate) fn all_wired(&self) -> Vec<AccountId> {
        let wired = self.wired.read().unwrap_or_else(PoisonError::into_inner);
        wired.keys().cloned().collect()
    }

    /// The account's connections to broker and carrier, if it is active.
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

    /// A random number in 0..1, against doing things in step.
    pub(crate) fn fraction(&self) -> f64 {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.random()
    }

    /// A name for one request to a carrier: 32 hexadecimal digits.
    pub(crate) fn request_id(&self) -> String {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:032x}", rng.random::<u128>())
    }
}

/// The place of an account that nobody keeps tokens for, saying so.
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
