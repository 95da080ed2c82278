//! The start: what the configuration declares, what the store kept, what a crash left open.

use crate::{Actor, ControlError, ControlPlane, Fault, ledger::StoreLedger, wiring::Wired};
use gateway_model::Secret;
use gateway_store::{
    AccountRecord, AppRecord, GrantRecord, LegacyKeyRecord, ManagedBy, SecretDigest,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::Arc};

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
    /// for nothing while tokens are valid.
    ///
    /// # Errors
    /// When the store refuses, or the configuration declares what an operator added otherwise.
    pub async fn load(&self, declared: Declared) -> Result<(), ControlError> {
        let store = &self.shared.store;
        self.declare_accounts(declared.accounts).await?;
        self.declare_apps(declared.apps).await?;
        store.purge_consents(self.shared.now()).await?;
        self.connect_all().await?;
        for damaged in store.quarantined().await {
            tracing::error!(record = %damaged.row, "{}; it is left out", damaged.reason);
        }
        Ok(())
    }

    /// Asks for the tokens that are missing, so that an operator hears of a wrong secret now and
    /// not with the first parcel.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn warm(&self) -> Result<(), ControlError> {
        for account in self.shared.store.accounts().await? {
            if account.active {
                self.shared.broker.handle().warm(&account.name);
            }
        }
        Ok(())
    }

    async fn declare_accounts(&self, declared: Vec<AccountRecord>) -> Result<(), ControlError> {
        let (store, now) = (&self.shared.store, self.shared.now());
        for mut account in declared.clone() {
            account.managed_by = ManagedBy::Config;
            (account.created_at, account.updated_at) = (now, now);
            match store.account(&account.name).await? {
                None => store.add_account(&account).await?,
                Some(known) if known.managed_by == ManagedBy::Operator => {
                    return Err(taken("account", account.name.as_str()));
                }
                Some(known) => {
                    account.created_at = known.created_at;
                    account.revision = known.revision;
                    if !same(&known, &account) {
                        store.update_account(&account).await?;
                    }
                }
            }
        }
        for mut gone in store.accounts().await? {
            let kept = declared.iter().any(|account| account.name == gone.name);
            if gone.managed_by == ManagedBy::Config && gone.active && !kept {
                tracing::warn!(account = %gone.name, "it is no longer in the configuration: it is \
                    switched off, and its login is kept until you remove it");
                gone.active = false;
                let subject = format!("account:{}", gone.name);
                let update = async { Ok(store.update_account(&gone).await?) };
                self.audited(
                    &Actor("config".to_owned()),
                    "account.deactivate",
                    &subject,
                    json!({}),
                    update,
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn declare_apps(&self, declared: Vec<DeclaredApp>) -> Result<(), ControlError> {
        let (store, now) = (&self.shared.store, self.shared.now());
        let known = store.apps().await?;
        for gone in known
            .iter()
            .filter(|app| app.managed_by == ManagedBy::Config)
        {
            if !declared.iter().any(|app| app.record.name == gone.name) {
                store.remove_app(&gone.name).await?;
            }
        }
        for DeclaredApp {
            mut record,
            legacy_keys,
        } in declared
        {
            let before = known.iter().find(|app| app.name == record.name);
            if before.is_some_and(|app| app.managed_by == ManagedBy::Operator) {
                return Err(taken("app", record.name.as_str()));
            }
            record.managed_by = ManagedBy::Config;
            record.created_at = before.map_or(now, |app| app.created_at);
            store.put_app(&record).await?;
            let Some(account) = record.accounts.first() else {
                continue;
            };
            for key in &legacy_keys {
                store
                    .put_legacy_key(&LegacyKeyRecord {
                        key: digest(key),
                        hint: hint(key),
                        app: Some(record.name.clone()),
                        account: account.clone(),
                        created_at: now,
                    })
                    .await?;
            }
        }
        Ok(())
    }

    /// Gives every active account to the broker, as [`Self::connect`] does with one. A large fleet's
    /// start takes as long as this, so grants are read at once and instances made in one go.
    async fn connect_all(&self) -> Result<(), ControlError> {
        let store = &self.shared.store;
        let mut accounts = store.accounts().await?;
        accounts.retain(|account| account.active);
        let grants = store.grants().await?.into_iter();
        let mut grants: HashMap<_, _> = grants.map(|g| (g.account.clone(), g)).collect();
        let shared = Arc::clone(&self.shared);
        let wired = blocking(move || {
            let wire = |account: &AccountRecord| shared.wiring.wire(account, &shared.broker);
            accounts.iter().map(wire).collect::<Vec<_>>()
        })
        .await?;
        for wired in wired {
            let grant = grants.remove(&wired.spec.account);
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
            let ledger = StoreLedger(shared.store.clone());
            let recovered =
                gateway_broker::recover(&wired.spec, grant, &ledger, &*shared.clock).await;
            let grant = recovered.map_err(|error| {
                ControlError::new(Fault::Unavailable, "store_unavailable", error.to_string())
            })?;
            shared.broker.adopt(&grant);
        }
        shared.set_wired(&name, Some(Arc::new(wired)));
        Ok(())
    }
}

/// Makes plugins' instances: that blocks until the plugin returns.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ControlError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        ControlError::new(
            Fault::Unavailable,
            "internal",
            "an account was not connected",
        )
    })
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
