//! Other code takes over from the plugin of a carrier.

use super::view;
use crate::{
    ControlError, ControlPlane, Fault,
    blocking::blocking,
    publication::Touched,
    wiring::{PreparedAccount, Wired},
};
use gateway_api::PluginReloaded;
use gateway_model::AccountId;
use gateway_plugin_host::{CatalogEntry, Registry, Replacement};
use gateway_store::AccountRecord;
use std::sync::Arc;

/// Accounts that a message names; the others are counted.
const NAMED: usize = 3;

impl ControlPlane {
    /// Makes the instances of the carrier's accounts, which are among these, and only then lets the
    /// replacement serve. The caller holds the turn for changes.
    pub(super) async fn replace_plugin(
        &self,
        replacement: Replacement,
        records: Vec<AccountRecord>,
    ) -> Result<PluginReloaded, ControlError> {
        let plugins = &self.context.plugins;
        let records = of_carrier(plugins, records, replacement.entry());
        let (context, entry) = (Arc::clone(&self.context), Arc::clone(replacement.entry()));
        let prepare = move || {
            (
                context.wiring().prepare(&records, &replacement),
                replacement,
            )
        };
        let (prepared, replacement) = blocking(prepare).await?;
        self.check_prepared(&prepared, &entry)?;
        let accounts = prepared.len();
        // First: an account that is added from now on gets the new code.
        let replaced = plugins.replace(replacement);
        let before = self.switch(prepared);
        if let Err(error) = self.publish(None, Touched::Everything).await {
            plugins.undo(replaced);
            self.switch_back(before);
            return Err(error.remedy("the plugin that ran before serves on; try again"));
        }
        // What failed for want of a working plugin would otherwise wait for its time, or for ever.
        let broker = self.context.broker.handle();
        for (account, _) in &before {
            broker.retry_after_repair(account);
        }
        self.keep_manifests().await;
        tracing::info!(plugin = ?entry.plugin(), accounts, "other code of a plugin serves");
        Ok(PluginReloaded {
            replaced: true,
            plugin: view::serving(plugins, &entry),
            accounts,
        })
    }

    /// The accounts that are active, of all carriers.
    pub(super) async fn active_accounts(&self) -> Result<Vec<AccountRecord>, ControlError> {
        let mut records = self.context.store.accounts().await?;
        records.retain(|record| record.active);
        Ok(records)
    }

    /// An account that works now must go on working.
    fn check_prepared(
        &self,
        prepared: &[PreparedAccount],
        entry: &CatalogEntry,
    ) -> Result<(), ControlError> {
        let works = |account: &AccountId| {
            let wired = self.context.wired(account);
            wired.is_some_and(|wired| wired.problem.is_none())
        };
        let lost: Vec<String> = prepared
            .iter()
            .filter(|one| works(one.account()))
            .filter_map(|one| Some(format!("{}: {}", one.account(), one.problem()?)))
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        let named = lost.iter().take(NAMED).cloned().collect::<Vec<_>>();
        let more = match lost.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!(
            "the plugin in {} does not accept accounts that work now: {}{more}",
            entry.file().display(),
            named.join("; ")
        );
        Err(
            ControlError::new(Fault::Invalid, "plugin_refuses_accounts", message)
                .remedy(
                    "change the accounts or the file, and repeat `waybill plugin reload NAME`; nothing was \
                     changed",
                ),
        )
    }

    /// Gives each account its new instances. Returns what it had before.
    fn switch(&self, prepared: Vec<PreparedAccount>) -> Vec<(AccountId, Option<Arc<Wired>>)> {
        let context = &self.context;
        let switch = |one: PreparedAccount| {
            let account = one.account().clone();
            let before = context.wired(&account);
            // Operations under way hold the old instances, and end on the old code.
            let wired = context.wiring().wire_prepared(one, &context.broker);
            context.set_wired(&account, Some(Arc::new(wired)));
            (account, before)
        };
        prepared.into_iter().map(switch).collect()
    }

    fn switch_back(&self, before: Vec<(AccountId, Option<Arc<Wired>>)>) {
        for (account, wired) in before {
            if let Some(wired) = &wired {
                self.context.broker.add_account(wired.spec.clone());
            }
            self.context.set_wired(&account, wired);
        }
        // What is known has the new signers: the next publication reads everything.
        *self.context.served() = None;
    }
}

/// The accounts that a plugin serves.
pub(super) fn of_carrier(
    plugins: &Registry,
    mut records: Vec<AccountRecord>,
    entry: &CatalogEntry,
) -> Vec<AccountRecord> {
    let carrier = entry.manifest().map(|manifest| &manifest.carrier);
    records.retain(|record| Some(plugins.serving(&record.carrier)) == carrier);
    records
}
