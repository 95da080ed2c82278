//! The start: what the configuration declares, what the store kept, what a crash left open.

use crate::{Actor, ControlError, ControlPlane, Fault, Served, wiring::Wired};
use gateway_model::{AccountId, AppId, ManagedBy, Secret};
use gateway_store::{AccountRecord, AppRecord, GrantRecord, LegacyKeyRecord, SecretDigest};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, mpsc},
};

/// A large fleet is wired by so many threads.
const WIRING_THREADS: usize = 3;
/// Accounts below which another thread is not worth it.
const WORTH_A_THREAD: usize = 500;

/// What the configuration declares. Times and revisions in the records mean nothing yet.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Its accounts.
    pub accounts: Vec<AccountRecord>,
    /// Its apps.
    pub apps: Vec<DeclaredApp>,
}

/// An app of the configuration.
#[derive(Clone, Debug)]
pub struct DeclaredApp {
    /// The app.
    pub record: AppRecord,
    /// Retired access keys by which it is recognised; they stand for its first account.
    pub legacy_keys: Vec<Secret>,
}

impl ControlPlane {
    /// Brings the store in line with the configuration, resolves what a crash left open, and gives
    /// every active account to the broker with the token it still has: a restart asks the carrier
    /// for nothing while tokens are valid. Gives back what is served.
    ///
    /// A large fleet's start takes as long as this, so every record is read and opened once.
    ///
    /// # Errors
    /// When the store refuses, or the configuration declares what an operator added otherwise.
    pub async fn load(&self, declared: Declared) -> Result<Served, ControlError> {
        let store = &self.shared.store;
        let accounts = self.declare_accounts(declared.accounts).await?;
        let (apps, legacy_keys) = self.declare_apps(declared.apps).await?;
        store.purge_consents(self.shared.now()).await?;
        self.connect_all(&accounts).await?;
        for damaged in store.quarantined_once_listed().await {
            tracing::error!(record = %damaged.row, "{}; it is left out", damaged.reason);
        }
        let usable = self.shared.broker.handle().metrics().usable;
        tracing::info!(
            accounts = accounts.len(),
            usable,
            "accounts are loaded; tokens that are still good were taken over"
        );
        Ok(self.shared.serve(accounts, apps, legacy_keys))
    }

    /// Asks for the tokens that are missing, so that an operator hears of a wrong secret now and
    /// not with the first parcel.
    pub fn warm(&self) {
        let broker = self.shared.broker.handle();
        for account in self.shared.all_wired() {
            broker.warm(&account);
        }
    }

    /// Makes the store's accounts those of the configuration and of the operator. Gives back all.
    async fn declare_accounts(
        &self,
        declared: Vec<AccountRecord>,
    ) -> Result<Vec<AccountRecord>, ControlError> {
        let (store, now) = (&self.shared.store, self.shared.now());
        let stored = store.accounts().await?;
        let known: HashMap<_, _> = stored.iter().map(|known| (&known.name, known)).collect();
        let names: HashSet<AccountId> = declared.iter().map(|one| one.name.clone()).collect();
        let mut changed = false;
        for mut account in declared {
            let as_known = |known: &&AccountRecord| {
                known.managed_by == ManagedBy::Config && same(known, &account)
            };
            // A change may take the default away from another account, so after one each is asked for.
            if !changed && known.get(&account.name).is_some_and(as_known) {
                continue;
            }
            account.managed_by = ManagedBy::Config;
            (account.created_at, account.updated_at) = (now, now);
            match store.account(&account.name).await? {
                None => store.add_account(&account).await?,
                Some(known) if known.managed_by == ManagedBy::Operator => {
                    return Err(taken("account", account.name.as_str()));
                }
                Some(known) if same(&known, &account) => continue,
                Some(known) => {
                    account.created_at = known.created_at;
                    account.revision = known.revision;
                    store.update_account(&account).await?;
                }
            }
            changed = true;
        }
        let gone = |known: &&AccountRecord| {
            known.managed_by == ManagedBy::Config && known.active && !names.contains(&known.name)
        };
        for gone in stored.iter().filter(gone) {
            self.switch_off(&gone.name).await?;
            changed = true;
        }
        if changed {
            return Ok(store.accounts().await?);
        }
        Ok(stored)
    }

    /// Switches an account off that the configuration does not declare any more.
    async fn switch_off(&self, name: &AccountId) -> Result<(), ControlError> {
        tracing::warn!(account = %name, "it is no longer in the configuration: it is \
            switched off, and its login is kept until you remove it");
        let mut gone = self.known_account(name).await?;
        gone.active = false;
        let subject = format!("account:{name}");
        let update = async { Ok(self.shared.store.update_account(&gone).await?) };
        let actor = Actor("config".to_owned());
        self.audited(&actor, "account.deactivate", &subject, json!({}), update)
            .await
            .map(drop)
    }

    /// The same for apps and the retired keys by which they are recognised.
    async fn declare_apps(
        &self,
        declared: Vec<DeclaredApp>,
    ) -> Result<(Vec<AppRecord>, Vec<LegacyKeyRecord>), ControlError> {
        let (store, now) = (&self.shared.store, self.shared.now());
        let stored = store.apps().await?;
        let names: HashSet<AppId> = declared.iter().map(|app| app.record.name.clone()).collect();
        let mut changed = false;
        for gone in &stored {
            if gone.managed_by == ManagedBy::Config && !names.contains(&gone.name) {
                store.remove_app(&gone.name).await?;
                changed = true;
            }
        }
        let known: HashMap<_, _> = stored.iter().map(|app| (&app.name, app)).collect();
        let mut retired = BTreeMap::new();
        for DeclaredApp {
            mut record,
            legacy_keys,
        } in declared
        {
            let before = known.get(&record.name).copied();
            if before.is_some_and(|app| app.managed_by == ManagedBy::Operator) {
                return Err(taken("app", record.name.as_str()));
            }
            record.managed_by = ManagedBy::Config;
            record.created_at = before.map_or(now, |app| app.created_at);
            if !before.is_some_and(|before| same_app(before, &record)) {
                store.put_app(&record).await?;
                changed = true;
            }
            let Some(account) = record.accounts.first() else {
                continue;
            };
            for key in &legacy_keys {
                let retiring = LegacyKeyRecord {
                    key: digest(key),
                    hint: hint(key),
                    app: Some(record.name.clone()),
                    account: account.clone(),
                    created_at: now,
                };
                retired.insert(retiring.key, retiring);
            }
        }
        let mut keys = store.legacy_keys().await?;
        for key in &keys {
            let same = |new: &&LegacyKeyRecord| new.app == key.app && new.account == key.account;
            if retired.get(&key.key).is_some_and(|new| same(&new)) {
                retired.remove(&key.key);
            }
        }
        for key in retired.values() {
            store.put_legacy_key(key).await?;
        }
        if !retired.is_empty() {
            keys = store.legacy_keys().await?;
        }
        let apps = if changed { store.apps().await? } else { stored };
        Ok((apps, keys))
    }

    /// Gives every active account to the broker, as [`Self::connect`] does with one.
    async fn connect_all(&self, accounts: &[AccountRecord]) -> Result<(), ControlError> {
        let active = accounts.iter().filter(|account| account.active);
        let mut active: Vec<AccountRecord> = active.cloned().collect();
        active.sort_by(|one, other| one.carrier.cmp(&other.carrier));
        let share = active.len().div_ceil(WIRING_THREADS).max(WORTH_A_THREAD);
        let wiring = active.chunks(share).map(|some| {
            let (shared, some) = (Arc::clone(&self.shared), some.to_vec());
            blocking(move || shared.wiring.wire_all(&some, &shared.broker))
        });
        let mut wired = Vec::with_capacity(active.len());
        for some in wiring.collect::<Vec<_>>() {
            wired.extend(some.await?);
        }
        // What a crash left open takes writing; the rest is handed over as it is read.
        let (open, found) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        let adopt = move |grant: GrantRecord| {
            if grant.intent.is_some() {
                // The receiver outlives the reading.
                let _ = open.send((grant.account.clone(), grant));
            } else {
                shared.broker.adopt(&grant);
            }
        };
        self.shared.store.spread_grants(adopt).await?;
        let mut open: HashMap<_, _> = found.try_iter().collect();
        for wired in wired {
            let grant = open.remove(&wired.spec.account);
            self.take_up(wired, grant).await?;
        }
        Ok(())
    }

    /// Gives an account to the broker. If the broker did not have it, it gets the grant and token that
    /// the store kept as well; if it did, it knows them better than the store, because a refresh may
    /// be under way.
    pub(crate) async fn connect(&self, account: &AccountRecord) -> Result<(), ControlError> {
        let shared = Arc::clone(&self.shared);
        let record = account.clone();
        let wired = blocking(move || shared.wiring.wire(&record, &shared.broker)).await?;
        let known = self.shared.wired(&account.name).is_some();
        let grant = if known {
            None
        } else {
            self.shared.store.grant(&account.name).await?
        };
        self.take_up(wired, grant).await
    }

    /// Hands over what the store kept of an account that the broker has.
    async fn take_up(&self, wired: Wired, grant: Option<GrantRecord>) -> Result<(), ControlError> {
        let (shared, name) = (&self.shared, wired.spec.account.clone());
        if let Some(problem) = &wired.problem {
            tracing::error!(account = %name, "{problem}");
        }
        if let Some(grant) = grant {
            let (store, clock) = (&shared.store, &*shared.clock);
            let recovered = gateway_broker::recover(&wired.spec, grant, store, clock).await;
            let grant = recovered.map_err(|error| {
                ControlError::new(Fault::Unavailable, "store_unavailable", error.to_string())
            })?;
            shared.broker.adopt(&grant);
        }
        shared.set_wired(&name, Some(Arc::new(wired)));
        Ok(())
    }
}

/// Makes plugins' instances, beginning now: that blocks until the plugin returns.
fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, ControlError>> {
    let work = tokio::task::spawn_blocking(work);
    let lost = |_| {
        ControlError::new(
            Fault::Unavailable,
            "internal",
            "an account was not connected",
        )
    };
    async move { work.await.map_err(lost) }
}

fn taken(what: &str, name: &str) -> ControlError {
    let message =
        format!("the configuration declares {what} {name:?}, which an operator added to the store");
    ControlError::new(Fault::Conflict, "name_taken", message).remedy(format!(
        "rename it in the configuration, or remove it from the store with `waybill {what} remove {name}`"
    ))
}

/// Whether an update would change nothing.
fn same(one: &AccountRecord, other: &AccountRecord) -> bool {
    let secrets = |account: &AccountRecord| -> Vec<SecretDigest> {
        account.client_secrets.iter().map(digest).collect()
    };
    one.aliases == other.aliases
        && one.carrier == other.carrier
        && one.environment == other.environment
        && one.numbers == other.numbers
        && one.grant == other.grant
        && one.client_id == other.client_id
        && secrets(one) == secrets(other)
        && one.active == other.active
        && one.default == other.default
}

/// The same for an app.
fn same_app(one: &AppRecord, other: &AppRecord) -> bool {
    one.client_id == other.client_id
        && one.secret == other.secret
        && one.key == other.key
        && one.accounts == other.accounts
        && one.rate == other.rate
        && one.managed_by == other.managed_by
        && one.created_at == other.created_at
        && one.rotated_at == other.rotated_at
}

/// All that is kept of a secret that only has to be recognised.
pub(crate) fn digest(secret: &Secret) -> SecretDigest {
    SecretDigest(Sha256::digest(secret.expose().as_bytes()).into())
}

/// The last four characters of a key, for people; of a short one, nothing.
pub(crate) fn hint(key: &Secret) -> String {
    let text = key.expose();
    let start = text.char_indices().rev().nth(3).map(|(at, _)| at);
    match start {
        Some(at) if text.len() >= 12 => text[at..].to_owned(),
        Some(_) | None => "…".to_owned(),
    }
}
