//! What the accounts and apps would be under a new configuration, and which connections it touches.

use super::{NewConfiguration, Objection, ReloadRefusal};
use crate::{
    DeclaredApp,
    instances::Instances,
    load::{name_taken, same_account},
    plane::PlaneContext,
    secret_digest::{digest, hint},
    wiring::Wiring,
};
use gateway_model::{AccountId, CarrierId, GrantKind, ManagedBy};
use gateway_plugin_host::Replacement;
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A configuration beside the store's present records.
pub(super) struct Candidate {
    pub(super) context: Arc<PlaneContext>,
    pub(super) wiring: Arc<Wiring>,
    pub(super) replacements: Vec<Replacement>,
    /// The store's accounts now.
    pub(super) before: BTreeMap<AccountId, AccountRecord>,
    /// All accounts as they would be.
    pub(super) after: BTreeMap<AccountId, AccountRecord>,
    /// Accounts whose connection is made anew.
    pub(super) touched: BTreeSet<AccountId>,
}

impl Candidate {
    /// Compares the configuration with the store, and refuses what could not be stored or served.
    pub(super) async fn of(
        context: &Arc<PlaneContext>,
        new: &NewConfiguration,
        replacements: Vec<Replacement>,
    ) -> Result<Self, ReloadRefusal> {
        let store = &context.store;
        let before = store.accounts().await?;
        let before: BTreeMap<_, _> = before.into_iter().map(|it| (it.name.clone(), it)).collect();
        let (stored_apps, keys) = (store.apps().await?, store.legacy_keys().await?);
        let mut objections = Vec::new();
        let after = accounts(new, &before, &mut objections);
        let apps = apps(new, &stored_apps, &mut objections);
        let keys = legacy_keys(new, &apps, keys);
        let all = after.values().cloned().collect();
        let state = context.serving_state_of(all, apps.into_values().collect(), keys);
        if let Err(message) = (new.check)(&state) {
            objections.push(objection(None, message, "correct it in the configuration"));
        }
        if !objections.is_empty() {
            return Err(ReloadRefusal::Objections(objections));
        }
        let now = context.wiring();
        let wiring = Arc::new(Wiring {
            instances: Instances::new(Arc::clone(&context.plugins), &new.settings),
            http: new.http.clone().unwrap_or_else(|| Arc::clone(&now.http)),
        });
        let carriers = replaced_carriers(&replacements);
        // Every connection has a copy of these.
        let all = new.http.is_some()
            || context.settings().request_timeout != new.settings.request_timeout;
        let is_touched = |record: &&AccountRecord| {
            let was = before.get(&record.name).filter(|was| was.active);
            record.active
                && (all
                    || carriers.contains(context.plugins.serving(&record.carrier))
                    || now.instances.realm(record) != wiring.instances.realm(record)
                    || was.is_none_or(|was| !same_account(was, record)))
        };
        let touched = after.values().filter(is_touched);
        let touched = touched.map(|record| record.name.clone()).collect();
        Ok(Self {
            context: Arc::clone(context),
            wiring,
            replacements,
            before,
            after,
            touched,
        })
    }

    pub(super) fn into_replacements(self) -> Vec<Replacement> {
        self.replacements
    }

    /// The records of the accounts whose connection is made anew, those of one carrier together.
    pub(super) fn touched_records(&self) -> Vec<AccountRecord> {
        let touched = self.touched.iter().filter_map(|name| self.after.get(name));
        let mut records: Vec<_> = touched.cloned().collect();
        records.sort_by(|one, other| one.carrier.cmp(&other.carrier));
        records
    }
}

pub(super) fn replaced_carriers(replacements: &[Replacement]) -> BTreeSet<CarrierId> {
    let manifests = replacements.iter().map(|it| it.plugin().manifest());
    manifests.map(|manifest| manifest.carrier.clone()).collect()
}

pub(super) fn objection(account: Option<&AccountId>, message: String, fix: &str) -> Objection {
    Objection {
        account: account.cloned(),
        key: None,
        message,
        fix: fix.to_owned(),
    }
}

/// The accounts as the start would store them.
fn accounts(
    new: &NewConfiguration,
    before: &BTreeMap<AccountId, AccountRecord>,
    objections: &mut Vec<Objection>,
) -> BTreeMap<AccountId, AccountRecord> {
    let declared = &new.declared.accounts;
    let names: BTreeSet<&AccountId> = declared.iter().map(|account| &account.name).collect();
    let mut after = before.clone();
    for gone in after.values_mut() {
        gone.active &= gone.managed_by != ManagedBy::Config || names.contains(&gone.name);
    }
    for record in declared {
        let mut record = record.clone();
        if let Some(was) = before.get(&record.name) {
            objections.extend(never(was, &record));
            // An operator switched it: the configuration has not said otherwise since.
            if !new.switched.contains(&record.name) {
                record.active = was.active;
            }
            record.created_at = was.created_at;
            record.revision = was.revision;
        }
        if record.default {
            let realm = (record.carrier.clone(), record.environment);
            let others = after
                .values_mut()
                .filter(|other| (&other.carrier, other.environment) == (&realm.0, realm.1));
            others.for_each(|other| other.default = false);
        }
        after.insert(record.name.clone(), record);
    }
    after
}

/// What no change of an account can do.
fn never(was: &AccountRecord, record: &AccountRecord) -> Option<Objection> {
    let name = &record.name;
    let of = |message: String, fix: &str| Some(objection(Some(name), message, fix));
    if was.managed_by == ManagedBy::Operator {
        let error = name_taken("account", name.as_str());
        return of(error.message, error.remedy.as_deref().unwrap_or_default());
    }
    if (&was.carrier, was.environment) != (&record.carrier, record.environment) {
        return of(
            format!(
                "account {name} has another carrier or environment than before, which never change"
            ),
            "give the account another name",
        );
    }
    let by_consent = GrantKind::AuthorizationCode;
    let bound = was.grant == by_consent && record.grant == by_consent;
    // A refresh token is bound to the client to which it was issued (RFC 6749 section 6).
    (bound && was.client_id != record.client_id).then(|| {
        objection(
            Some(name),
            format!("the sign-in of account {name} belongs to its client id, which cannot change"),
            "add another account with the new client id, sign in there, then remove this one",
        )
    })
}

fn apps(
    new: &NewConfiguration,
    stored: &[AppRecord],
    objections: &mut Vec<Objection>,
) -> BTreeMap<gateway_model::AppId, AppRecord> {
    let operators = stored
        .iter()
        .filter(|app| app.managed_by == ManagedBy::Operator);
    let mut apps: BTreeMap<_, _> = operators
        .map(|app| (app.name.clone(), app.clone()))
        .collect();
    for DeclaredApp { record, .. } in &new.declared.apps {
        if apps.insert(record.name.clone(), record.clone()).is_some() {
            let error = name_taken("app", record.name.as_str());
            let fix = error.remedy.as_deref().unwrap_or_default();
            objections.push(objection(None, error.message.clone(), fix));
        }
    }
    apps
}

/// The retired keys: those of apps that stay, and those that the configuration declares.
fn legacy_keys(
    new: &NewConfiguration,
    apps: &BTreeMap<gateway_model::AppId, AppRecord>,
    stored: Vec<LegacyKeyRecord>,
) -> Vec<LegacyKeyRecord> {
    let stays = |key: &LegacyKeyRecord| key.app.as_ref().is_none_or(|app| apps.contains_key(app));
    let stored = stored.into_iter().filter(stays);
    let mut keys: BTreeMap<_, _> = stored.map(|key| (key.key, key)).collect();
    for DeclaredApp {
        record,
        legacy_keys,
    } in &new.declared.apps
    {
        let Some(account) = record.accounts.first() else {
            continue;
        };
        for key in legacy_keys {
            let record = LegacyKeyRecord {
                key: digest(key),
                hint: hint(key),
                app: Some(record.name.clone()),
                account: account.clone(),
                created_at: record.created_at,
            };
            keys.insert(record.key, record);
        }
    }
    keys.into_values().collect()
}
