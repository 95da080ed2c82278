//! Adds what is planned, and removes it again. Both may be repeated.

use super::{
    list::called,
    plan::{Plan, PlannedItem},
    progress::{Item, Progress},
};
use crate::{ControlError, ControlPlane, Fault, instances::WiringError};
use gateway_api::{AddAccount, MigrationItem, StartMigration};
use gateway_model::{AccountNumber, CarrierId, GrantKind, ManagedBy};
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord};
use std::{collections::BTreeMap, sync::Arc};

impl ControlPlane {
    /// The carrier, if its plugin supports consent.
    pub(super) fn migration_client(
        &self,
        migration: &StartMigration,
    ) -> Result<CarrierId, ControlError> {
        let invalid = |message: String| ControlError::new(Fault::Invalid, "invalid", message);
        let carrier: CarrierId = migration
            .carrier
            .parse()
            .map_err(|_| invalid("the carrier's name is invalid".to_owned()))?;
        let wiring = self.context.wiring();
        let instances = &wiring.instances;
        let plugin = self.context.plugins.plugin(&carrier);
        match plugin.map(|plugin| plugin.supports_auth_code()) {
            None => Err(invalid(instances.no_plugin(&carrier).to_string())),
            Some(false) => Err(invalid(WiringError::NoConsent(carrier).to_string())),
            Some(true) => Ok(carrier),
        }
    }

    /// Lets the carrier's plugin check what is to be added: it knows the form of an account number.
    pub(super) async fn check_numbers(
        &self,
        migration: &StartMigration,
        plan: &mut Plan,
    ) -> Result<(), ControlError> {
        let mut records = Vec::new();
        for item in &plan.items {
            for (number, row) in &item.new_numbers {
                // Once without the number, which tells a wrong number from a wrong client.
                let of = |number| self.migrated(&item.view, &plan.carrier, number, migration);
                let (bare, full) = (of(Vec::new())?, of(vec![number.clone()])?);
                records.push((row.line, called(&row.name), bare, full));
            }
        }
        let context = Arc::clone(&self.context);
        let look = move || {
            let mut problems = Vec::new();
            for (line, name, bare, full) in &records {
                // An error without a number concerns every row: it is returned, not listed per row.
                context.wiring().instances.accepts(bare)?;
                if let Err(why) = context.wiring().instances.accepts(full) {
                    problems.push(format!("row {line}{name}: {why}"));
                }
            }
            Ok(problems)
        };
        let looked: Result<Vec<String>, WiringError> =
            // A plugin may block, so it is asked on a blocking thread.
            tokio::task::spawn_blocking(look).await.map_err(|_| {
                ControlError::new(Fault::Unavailable, "internal", "a check ended early")
            })?;
        let problems = looked.map_err(|why| {
            ControlError::new(Fault::Invalid, "misconfigured", why.to_string())
                .remedy("check client id, client secret and the carrier's [[route]]")
        })?;
        plan.problems.extend(problems);
        Ok(())
    }

    /// Adds what is missing.
    pub(super) async fn apply(
        &self,
        plan: &Plan,
        progress: &Progress,
        migration: &StartMigration,
    ) -> Result<(), ControlError> {
        for planned in &plan.items {
            let item = progress.item(&planned.view.account);
            let item = item.ok_or_else(meanwhile)?;
            self.apply_account(planned, item, &plan.carrier, migration)
                .await?;
            for app in &planned.apps {
                let added = progress.apps.iter().find(|added| added.name == app.name);
                let record = AppRecord {
                    name: app.name.clone(),
                    client_id: None,
                    secret: None,
                    key: None,
                    accounts: vec![item.account.clone()],
                    rate: None,
                    managed_by: ManagedBy::Operator,
                    created_at: added.ok_or_else(meanwhile)?.added_at,
                    rotated_at: None,
                };
                // An earlier run may have added it: what is there stays as it is.
                if self.context.store.app(&app.name).await?.is_none() {
                    self.context.store.put_app(&record).await?;
                }
                self.add_legacy_key(&record, &app.key).await?;
            }
        }
        Ok(())
    }

    async fn apply_account(
        &self,
        planned: &PlannedItem,
        item: &Item,
        carrier: &CarrierId,
        migration: &StartMigration,
    ) -> Result<(), ControlError> {
        let store = &self.context.store;
        match store.account(&item.account).await? {
            Some(account) if item.added(&account) => self.extend(account, planned).await,
            Some(_) => Ok(()),
            None => {
                let numbers = planned.view.numbers.clone();
                let mut record = self.migrated(&planned.view, carrier, numbers, migration)?;
                // The date that the record announced: an undo recognises the account by it.
                record.created_at = item.added_at.ok_or_else(meanwhile)?;
                record.aliases.clone_from(&planned.aliases);
                store.add_account(&record).await?;
                self.connect(&record).await
            }
        }
    }

    /// Adds the names and numbers of later profiles to an account that an earlier run added.
    async fn extend(
        &self,
        mut account: AccountRecord,
        planned: &PlannedItem,
    ) -> Result<(), ControlError> {
        let known = (account.aliases.len(), account.numbers.len());
        for alias in &planned.aliases {
            if *alias != account.name && !account.aliases.contains(alias) {
                account.aliases.push(alias.clone());
            }
        }
        // Behind the others: the first number belongs to what the account's token depends on.
        let new = planned.new_numbers.iter().map(|(number, _)| number);
        account.numbers.extend(new.cloned());
        if (account.aliases.len(), account.numbers.len()) != known {
            account = self.context.store.update_account(&account).await?;
        }
        // The earlier run may have stopped between the store and the broker.
        if account.active && self.context.wired(&account.name).is_none() {
            self.connect(&account).await?;
        }
        Ok(())
    }

    /// An account that a migration adds.
    fn migrated(
        &self,
        view: &MigrationItem,
        carrier: &CarrierId,
        numbers: Vec<AccountNumber>,
        migration: &StartMigration,
    ) -> Result<AccountRecord, ControlError> {
        self.record(AddAccount {
            name: view.account.clone(),
            aliases: Vec::new(),
            carrier: carrier.clone(),
            environment: view.environment,
            numbers,
            grant: GrantKind::AuthorizationCode,
            client_id: migration.client_id.clone(),
            client_secrets: vec![migration.client_secret.clone()],
            settings: BTreeMap::new(),
            secret_settings: BTreeMap::new(),
            default: false,
        })
    }

    /// Removes what the migration added, and only that: something of the same name that was added later
    /// has another date and stays.
    pub(super) async fn remove_added(&self, progress: &Progress) -> Result<(), ControlError> {
        let store = &self.context.store;
        let keys: Vec<LegacyKeyRecord> = store.legacy_keys().await?;
        for added in &progress.apps {
            let app = store.app(&added.name).await?;
            if app.is_none_or(|app| app.created_at != added.added_at) {
                continue;
            }
            // Keys before their app, so that a crash in between leaves no key without an app.
            for key in keys
                .iter()
                .filter(|key| key.app.as_ref() == Some(&added.name))
            {
                store.remove_legacy_key(&key.key).await?;
            }
            store.remove_app(&added.name).await?;
        }
        for item in progress.items.iter().filter(|item| item.added_at.is_some()) {
            let account = store.account(&item.account).await?;
            if account.is_some_and(|account| item.added(&account)) {
                // The broker first: it must not request a token for an account that is being
                // removed.
                self.context.broker.remove_account(&item.account);
                self.context.set_wired(&item.account, None);
                store.remove_account(&item.account).await?;
            }
        }
        Ok(())
    }
}

fn meanwhile() -> ControlError {
    let message = "the store changed while the migration ran";
    ControlError::new(Fault::Conflict, "changed_meanwhile", message).remedy("run it again")
}
