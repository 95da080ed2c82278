//! The start: applies the configuration to the store, connects the accounts, and resolves
//! presentations that a crash interrupted.

use crate::{
    Actor, ControlError, ControlPlane, Declared, DeclaredApp, Fault, ServingState,
    blocking::blocking,
    secret_digest::{digest, hint},
    wiring::Wired,
};
use gateway_model::{AccountId, AppId, ManagedBy};
use gateway_store::{
    AccountRecord, AppRecord, GrantRecord, LegacyKeyRecord, SecretDigest, StoreError,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, mpsc},
    time::Duration,
};

/// The number of threads that connect a large number of accounts.
const WIRING_THREADS: usize = 3;
/// The number of accounts from which a further thread is worth it.
const WORTH_A_THREAD: usize = 500;

/// How often a gateway of a fleet applies its configuration, if others are faster each time.
const ATTEMPTS: u32 = 5;
/// The longest pause before the second attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// The accounts, apps and retired keys of the store.
type Records = (Vec<AccountRecord>, Vec<AppRecord>, Vec<LegacyKeyRecord>);

impl ControlPlane {
    /// Applies the configuration to the store, resolves presentations that a crash interrupted, and
    /// hands every active account to the broker with its stored token: a restart requests nothing
    /// from the carrier while tokens are valid. Returns what the data plane serves.
    ///
    /// This dominates the start with many accounts, so every record is read and opened once.
    ///
    /// # Errors
    /// When the store fails, or the configuration declares a name that an operator added.
    pub async fn load(&self, declared: Declared) -> Result<ServingState, ControlError> {
        let store = &self.context.store;
        self.note_declared(&declared);
        // First of all: whatever is written below may be of an account that another gateway has.
        self.join_fleet().await?;
        let (accounts, apps, legacy_keys) = self.declare(declared).await?;
        // At each start, since nothing else removes consents that nobody finished.
        store.purge_consents(self.context.now()).await?;
        // Before the accounts: the manifest of a plugin that is not there now says how they are served.
        self.keep_manifests().await;
        self.connect_all(&accounts).await?;
        for damaged in store.quarantined_once_listed().await {
            tracing::error!(record = %damaged.row, "{}; the record is left out", damaged.reason);
        }
        let usable = self.context.broker.handle().metrics().usable;
        tracing::info!(
            accounts = accounts.len(),
            usable,
            "accounts are loaded, with the stored tokens that are still valid"
        );
        let state = self.context.serving_state_of(accounts, apps, legacy_keys);
        *self.context.served() = Some(state.clone());
        Ok(state)
    }

    /// Notes what the other gateways of the fleet are to know of the configuration.
    pub(crate) fn note_declared(&self, declared: &Declared) {
        if self.context.store.is_shared() {
            self.context.fleet_state.set_declared(declared.digest());
        }
    }

    /// Requests missing tokens, so that an operator learns of a wrong secret now and not from the first
    /// shipment.
    pub fn warm(&self) {
        let broker = self.context.broker.handle();
        for account in self.context.all_wired() {
            broker.warm(&account);
        }
    }

    /// Applies the configuration to the store. Returns what the store has then.
    async fn declare(&self, declared: Declared) -> Result<Records, ControlError> {
        let mut attempts = 0;
        loop {
            let Declared { accounts, apps } = declared.clone();
            let applied = async {
                // Accounts before apps, because apps name them.
                let accounts = self.declare_accounts(accounts).await?;
                let (apps, keys) = self.declare_apps(apps).await?;
                Ok((accounts, apps, keys))
            };
            attempts += 1;
            match applied.await {
                // Another gateway of the fleet applies the same file at this moment, and was faster.
                Err(ControlError {
                    fault: Fault::Conflict,
                    ..
                }) if self.context.store.is_shared() && attempts < ATTEMPTS => {
                    let pause = PAUSE.mul_f64(f64::from(attempts) * self.context.fraction());
                    tokio::time::sleep(pause).await;
                }
                applied => return applied,
            }
        }
    }

    /// Applies the accounts of the configuration to the store. Returns all accounts.
    pub(crate) async fn declare_accounts(
        &self,
        declared: Vec<AccountRecord>,
    ) -> Result<Vec<AccountRecord>, ControlError> {
        let (store, now) = (&self.context.store, self.context.now());
        let stored = store.accounts().await?;
        let known: HashMap<_, _> = stored.iter().map(|known| (&known.name, known)).collect();
        let names: HashSet<AccountId> = declared.iter().map(|one| one.name.clone()).collect();
        let mut changed = false;
        let mut new = Vec::new();
        for mut account in declared {
            let as_known = |known: &&AccountRecord| {
                known.managed_by == ManagedBy::Config && same_account(known, &account)
            };
            // A change may take the default flag from another account: after the first change the
            // records that were read at the beginning are stale, and each account is read again.
            if !changed && known.get(&account.name).is_some_and(as_known) {
                continue;
            }
            account.managed_by = ManagedBy::Config;
            (account.created_at, account.updated_at) = (now, now);
            if !known.contains_key(&account.name) {
                new.push(account);
                continue;
            }
            match store.account(&account.name).await? {
                None => store.add_account(&account).await?,
                Some(known) if known.managed_by == ManagedBy::Operator => {
                    return Err(name_taken("account", account.name.as_str()));
                }
                Some(known) if same_account(&known, &account) => continue,
                Some(known) => {
                    account.created_at = known.created_at;
                    account.revision = known.revision;
                    store.update_account(&account).await?;
                }
            }
            changed = true;
        }
        // After the changes, which may give up a name.
        changed |= !new.is_empty();
        self.add_declared(&new).await?;
        let gone = |known: &&AccountRecord| {
            known.managed_by == ManagedBy::Config && known.active && !names.contains(&known.name)
        };
        for gone in stored.iter().filter(gone) {
            self.switch_off(&gone.name).await?;
            changed = true;
        }
        // Read again, because changes may have touched other accounts' defaults.
        if changed {
            return Ok(store.accounts().await?);
        }
        Ok(stored)
    }

    /// Adds accounts that the store does not show.
    async fn add_declared(&self, new: &[AccountRecord]) -> Result<(), ControlError> {
        let store = &self.context.store;
        match store.add_accounts(new).await {
            Err(StoreError::Conflict { .. }) => {}
            added => return Ok(added?),
        }
        // One by one, so that a damaged record is named as the reason.
        for account in new {
            if store.account(&account.name).await?.is_none() {
                store.add_account(account).await?;
            }
        }
        Ok(())
    }

    /// Switches off an account that the configuration no longer declares.
    async fn switch_off(&self, name: &AccountId) -> Result<(), ControlError> {
        tracing::warn!(account = %name, "the account is no longer in the configuration: it is \
            switched off, and its login is kept until you remove it");
        // Not removed: a mistake in the configuration must not cost a person's login.
        let mut gone = self.known_account(name).await?;
        gone.active = false;
        let subject = format!("account:{name}");
        let update = async { Ok(self.context.store.update_account(&gone).await?) };
        let actor = Actor("config".to_owned());
        self.audited(&actor, "account.deactivate", &subject, json!({}), update)
            .await
            .map(drop)
    }

    /// Applies the apps of the configuration and their retired keys to the store. Returns all of them.
    pub(crate) async fn declare_apps(
        &self,
        declared: Vec<DeclaredApp>,
    ) -> Result<(Vec<AppRecord>, Vec<LegacyKeyRecord>), ControlError> {
        let (store, now) = (&self.context.store, self.context.now());
        let stored = store.apps().await?;
        let names: HashSet<AppId> = declared.iter().map(|app| app.record.name.clone()).collect();
        let mut changed = false;
        // Removed before the new ones are added, so that a renamed app can keep its client id and
        // keys.
        for gone in &stored {
            if gone.managed_by == ManagedBy::Config && !names.contains(&gone.name) {
                store.remove_app(&gone.name).await?;
                changed = true;
            }
        }
        let known: HashMap<_, _> = stored.iter().map(|app| (&app.name, app)).collect();
        let mut retired = BTreeMap::new();
        let mut new = Vec::new();
        for DeclaredApp {
            mut record,
            legacy_keys,
        } in declared
        {
            let before = known.get(&record.name).copied();
            if before.is_some_and(|app| app.managed_by == ManagedBy::Operator) {
                return Err(name_taken("app", record.name.as_str()));
            }
            record.managed_by = ManagedBy::Config;
            record.created_at = before.map_or(now, |app| app.created_at);
            let account = record.accounts.first().cloned();
            let name = record.name.clone();
            if !before.is_some_and(|before| same_app(before, &record)) {
                new.push(record);
            }
            let Some(account) = account else {
                continue;
            };
            for key in &legacy_keys {
                let retiring = LegacyKeyRecord {
                    key: digest(key),
                    hint: hint(key),
                    app: Some(name.clone()),
                    account: account.clone(),
                    created_at: now,
                };
                retired.insert(retiring.key, retiring);
            }
        }
        changed |= !new.is_empty();
        store.put_apps(&new).await?;
        let mut keys = store.legacy_keys().await?;
        // Those that are stored already are left alone, so that a restart writes nothing.
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

    /// Connects every active account, like [`Self::connect`] does for one.
    async fn connect_all(&self, accounts: &[AccountRecord]) -> Result<(), ControlError> {
        let active = accounts.iter().filter(|account| account.active);
        let mut active: Vec<AccountRecord> = active.cloned().collect();
        // Adjacent accounts of one carrier share a call of its plugin.
        active.sort_by(|one, other| one.carrier.cmp(&other.carrier));
        // Shares of equal size, but no thread for a handful of accounts.
        let share = active.len().div_ceil(WIRING_THREADS).max(WORTH_A_THREAD);
        let wiring = active.chunks(share).map(|some| {
            let (context, some) = (Arc::clone(&self.context), some.to_vec());
            blocking(move || context.wiring().wire_all(&some, &context.broker))
        });
        let mut wired = Vec::with_capacity(active.len());
        for some in wiring.collect::<Vec<_>>() {
            wired.extend(some.await?);
        }
        // A grant with an open intent is resolved later, because that writes to the store. All other
        // grants are handed over while they are read.
        let (open, found) = mpsc::channel();
        let (context, plane) = (Arc::clone(&self.context), self.clone());
        let adopt = move |grant: GrantRecord| {
            if context.store.is_shared() {
                plane.adopt_from_elsewhere(&grant);
            } else if grant.intent.is_some() {
                // Cannot fail: the receiver lives until all grants are read.
                let _ = open.send((grant.account.clone(), grant));
            } else {
                context.broker.adopt(&grant);
            }
        };
        self.context.store.spread_grants(adopt).await?;
        let mut open: HashMap<_, _> = found.try_iter().collect();
        for wired in wired {
            let grant = open.remove(&wired.spec.account);
            self.adopt_grant(wired, grant).await?;
        }
        Ok(())
    }

    /// Connects an account to the broker. If the broker did not have it, it gets the stored grant and
    /// token as well. If it did, its state is newer than the store's, because a refresh may be in
    /// progress.
    pub(crate) async fn connect(&self, account: &AccountRecord) -> Result<(), ControlError> {
        let context = Arc::clone(&self.context);
        let record = account.clone();
        let wired = blocking(move || context.wiring().wire(&record, &context.broker)).await?;
        // Asked before the account is connected anew: afterwards it is always known.
        let known = self.context.wired(&account.name).is_some();
        let grant = if known {
            None
        } else {
            self.context.store.grant(&account.name).await?
        };
        self.adopt_grant(wired, grant).await
    }

    /// Hands the stored grant of an account to the broker, and records the connection.
    pub(crate) async fn adopt_grant(
        &self,
        wired: Wired,
        grant: Option<GrantRecord>,
    ) -> Result<(), ControlError> {
        let (context, name) = (&self.context, wired.spec.account.clone());
        if let Some(problem) = &wired.problem {
            tracing::error!(account = %name, "{problem}");
        }
        if let Some(grant) = grant.as_ref().filter(|_| context.store.is_shared()) {
            // Its owner may be presenting it at this moment: an open intent is left to whoever owns it then.
            self.adopt_from_elsewhere(grant);
        } else if let Some(grant) = grant {
            let (store, clock) = (&context.store, &*context.clock);
            let recovered = gateway_broker::recover(&wired.spec, grant, store, clock).await;
            let grant = recovered.map_err(|error| {
                ControlError::new(Fault::Unavailable, "store_unavailable", error.to_string())
            })?;
            context.broker.adopt(&grant);
        }
        context.set_wired(&name, Some(Arc::new(wired)));
        Ok(())
    }
}

pub(crate) fn name_taken(what: &str, name: &str) -> ControlError {
    let message =
        format!("the configuration declares {what} {name:?}, which an operator added to the store");
    ControlError::new(Fault::Conflict, "name_taken", message).remedy(format!(
        "rename it in the configuration, or remove it from the store with `waybill {what} remove {name}`"
    ))
}

/// Whether the declared account equals the stored one.
pub(crate) fn same_account(one: &AccountRecord, other: &AccountRecord) -> bool {
    // By digest, because secrets cannot be compared by themselves.
    let secrets = |account: &AccountRecord| -> Vec<SecretDigest> {
        let own = account.client_secrets.iter();
        own.chain(account.secret_settings.values())
            .map(digest)
            .collect()
    };
    one.aliases == other.aliases
        && one.carrier == other.carrier
        && one.environment == other.environment
        && one.numbers == other.numbers
        && one.grant == other.grant
        && one.client_id == other.client_id
        && one.settings == other.settings
        && one.secret_settings.keys().eq(other.secret_settings.keys())
        && secrets(one) == secrets(other)
        && one.active == other.active
        && one.default == other.default
}

/// Whether the declared app equals the stored one.
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
