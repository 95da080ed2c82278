//! Publishing a change: what was touched is read again, the rest is in memory.

use crate::{
    ControlError, ControlPlane,
    plane::PlaneContext,
    serving::{ServingAccount, ServingState},
};
use gateway_model::{AccountId, AppId, CredentialCell};
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord};
use std::sync::{Arc, MutexGuard, PoisonError};

/// What a change has touched in the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Touched<'a> {
    /// An account was added, changed or removed.
    Account(&'a AccountId),
    /// An app was added, changed or removed, or keys of it.
    App(&'a AppId),
    /// Nothing, but this gateway's share of the fleet is another one.
    Share,
    /// More than that.
    Everything,
}

impl ControlPlane {
    /// The accounts, apps and keys that the data plane serves, as the store has them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn serving_state(&self) -> Result<ServingState, ControlError> {
        let store = &self.context.store;
        let accounts = store.accounts().await?;
        let (apps, legacy_keys) = (store.apps().await?, store.legacy_keys().await?);
        Ok(self.context.serving_state_of(accounts, apps, legacy_keys))
    }

    /// Publishes the state after a change to the data plane. The caller holds the lock on changes, and has
    /// taken `known` out before it changed the store: a change that fails half-way leaves nothing
    /// known, and the next publication reads everything.
    pub(crate) async fn publish(
        &self,
        known: Option<ServingState>,
        touched: Touched<'_>,
    ) -> Result<(), ControlError> {
        let (state, only) = match (known, touched) {
            (None, _) | (Some(_), Touched::Everything) => (self.serving_state().await?, None),
            (Some(mut known), Touched::Account(name)) => {
                let alone = self.account_changed(&mut known, name).await?;
                (known, Some(name).filter(|_| alone))
            }
            (Some(mut known), Touched::App(name)) => {
                self.app_changed(&mut known, name).await?;
                (known, None)
            }
            (Some(known), Touched::Share) => {
                let share = self.context.fleet_state.members().share();
                (ServingState { share, ..known }, None)
            }
        };
        // Before the data plane is attached there is nobody to tell.
        let published = match self.context.publisher() {
            Some(publisher) => publisher.publish(&state, only),
            None => Ok(()),
        };
        // What the data plane did not take is not known to it: the next publication is whole.
        *self.context.served() = published.is_ok().then_some(state);
        published
    }

    /// All accounts, without their client secrets, ordered by name.
    pub(crate) async fn served_accounts(&self) -> Result<Vec<Arc<ServingAccount>>, ControlError> {
        if let Some(known) = self.context.served().as_ref() {
            return Ok(known.accounts.values().cloned().collect());
        }
        let state = self.serving_state().await?;
        Ok(state.accounts.into_values().collect())
    }

    /// How many accounts there are.
    pub(crate) async fn served_count(&self) -> Result<usize, ControlError> {
        let known = self.context.served().as_ref().map(|it| it.accounts.len());
        match known {
            Some(known) => Ok(known),
            None => Ok(self.serving_state().await?.accounts.len()),
        }
    }

    /// Whether the account alone has changed for the data plane, and is still there.
    async fn account_changed(
        &self,
        known: &mut ServingState,
        name: &AccountId,
    ) -> Result<bool, ControlError> {
        let store = &self.context.store;
        if let Some(record) = store.account(name).await? {
            if record.default {
                take_default(known, &record);
            }
            let before = known.accounts.get(name);
            // The default of its carrier and environment is the account of routes as well.
            let alone = !record.default && before.is_none_or(|before| !before.record.default);
            let serving = self.context.serving_account(record);
            known.accounts.insert(name.clone(), Arc::new(serving));
            return Ok(alone);
        }
        known.accounts.remove(name);
        known.legacy_keys.retain(|_, key| key.account != *name);
        // The store has taken the account out of its apps.
        let apps = known.apps.values();
        let its_apps: Vec<AppId> = apps
            .filter(|app| app.accounts.contains(name))
            .map(|app| app.name.clone())
            .collect();
        for app in its_apps {
            let record = store.app(&app).await?;
            put(known, &app, record);
        }
        Ok(false)
    }

    async fn app_changed(
        &self,
        known: &mut ServingState,
        name: &AppId,
    ) -> Result<(), ControlError> {
        let store = &self.context.store;
        let record = store.app(name).await?;
        known
            .legacy_keys
            .retain(|_, key| key.app.as_ref() != Some(name));
        for key in store.legacy_keys_of(name).await? {
            known.legacy_keys.insert(key.key, key);
        }
        put(known, name, record);
        Ok(())
    }
}

/// An account that became the default takes that from the other accounts of its carrier and environment.
fn take_default(known: &mut ServingState, record: &AccountRecord) {
    for other in known.accounts.values_mut() {
        let is = &other.record;
        let same = (&is.carrier, is.environment) == (&record.carrier, record.environment);
        if is.default && same && is.name != record.name {
            let mut changed = (**other).clone();
            changed.record.default = false;
            changed.record.revision += 1;
            *other = Arc::new(changed);
        }
    }
}

fn put(known: &mut ServingState, name: &AppId, record: Option<AppRecord>) {
    match record {
        Some(record) => known.apps.insert(name.clone(), Arc::new(record)),
        None => known.apps.remove(name),
    };
}

impl PlaneContext {
    /// The state that was published last; `None` if it is not known.
    pub(crate) fn served(&self) -> MutexGuard<'_, Option<ServingState>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state that is published for these records.
    pub(crate) fn serving_state_of(
        &self,
        accounts: Vec<AccountRecord>,
        apps: Vec<AppRecord>,
        legacy_keys: Vec<LegacyKeyRecord>,
    ) -> ServingState {
        let accounts = accounts
            .into_iter()
            .map(|record| (record.name.clone(), Arc::new(self.serving_account(record))));
        let apps = apps
            .into_iter()
            .map(|app| (app.name.clone(), Arc::new(app)));
        let legacy_keys = legacy_keys.into_iter().map(|key| (key.key, key));
        ServingState {
            accounts: accounts.collect(),
            apps: apps.collect(),
            legacy_keys: legacy_keys.collect(),
            share: self.fleet_state.members().share(),
        }
    }

    fn serving_account(&self, mut record: AccountRecord) -> ServingAccount {
        // Kept for as long as the gateway runs, and nothing here needs them.
        record.client_secrets = Vec::new();
        record.settings.clear();
        record.secret_settings.clear();
        // An account that was switched off a moment ago may still be connected: its requests
        // must get the reason now.
        let wired = self.wired(&record.name).filter(|_| record.active);
        let cell = wired.as_ref().map(|wired| Arc::clone(&wired.cell));
        ServingAccount {
            cell: cell.unwrap_or_else(|| inactive(&record.name)),
            signer: wired.and_then(|wired| wired.signer.clone()),
            record,
        }
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
