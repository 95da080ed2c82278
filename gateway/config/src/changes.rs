//! What differs between two configurations, and what of it a running gateway takes.
//!
//! Every structure is taken apart without `..`, so that a new field does not compile before somebody has
//! said which setting it is. Whether a setting needs a restart stands with its key in `sections`.

mod lists;
mod settings;

pub use lists::NameChanges;

use crate::{Config, description::Effect, listing, sections::SECTIONS};
use gateway_model::AccountId;
use std::collections::{BTreeMap, BTreeSet};

/// What differs between two configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Settings that a reload changes: `[limits] body`.
    pub settings: Vec<String>,
    /// Settings that stay as they are until a restart.
    pub needs_restart: Vec<String>,
    /// The routes, by carrier, environment and what selects them.
    pub routes: NameChanges,
    /// The accounts, by name.
    pub accounts: NameChanges,
    /// The apps, by name.
    pub apps: NameChanges,
}

impl Changes {
    /// Compares the configuration that runs with another one.
    pub fn between(running: &Config, new: &Config) -> Self {
        let mut found = Found::default();
        let Config {
            // Where it was read from, and what was noted about it, configures nothing.
            file: _,
            notes: _,
            settings: _,
            listen,
            workers,
            admin,
            store,
            fleet,
            consent,
            reminders,
            plugins,
            upstream,
            limits,
            tokens,
            log,
            metrics,
            telemetry,
            routes,
            accounts,
            apps,
        } = running;
        settings::listen(&mut found, listen, &new.listen);
        settings::workers(&mut found, *workers, new.workers);
        settings::admin(&mut found, admin, &new.admin);
        settings::store(&mut found, store, &new.store);
        settings::fleet(&mut found, fleet, &new.fleet);
        settings::consent(&mut found, consent, &new.consent);
        settings::reminders(&mut found, reminders, &new.reminders);
        settings::plugins(&mut found, plugins, &new.plugins);
        settings::upstream(&mut found, upstream, &new.upstream);
        settings::limits(&mut found, limits, &new.limits);
        settings::tokens(&mut found, tokens, &new.tokens);
        settings::log(&mut found, log, &new.log);
        settings::metrics(&mut found, *metrics, new.metrics);
        settings::telemetry(&mut found, telemetry, &new.telemetry);
        Self {
            settings: found.of(Effect::Reload),
            needs_restart: found.of(Effect::Restart),
            routes: lists::routes(routes, &new.routes),
            accounts: lists::accounts(accounts, &new.accounts),
            apps: lists::apps(apps, &new.apps),
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Config {
    /// This configuration as far as a running gateway can take it: what needs a restart is as in
    /// `running`.
    #[must_use]
    pub fn without_restart(mut self, running: &Self) -> Self {
        self.listen.apps.clone_from(&running.listen.apps);
        self.listen.admin = running.listen.admin;
        self.workers = running.workers;
        self.admin.clone_from(&running.admin);
        self.plugins.clone_from(&running.plugins);
        self.store.clone_from(&running.store);
        self.fleet.clone_from(&running.fleet);
        self.log.format = running.log.format;
        (self.telemetry.collector).clone_from(&running.telemetry.collector);
        self.metrics.request_series = running.metrics.request_series;
        listing::without_restart(&mut self.settings, &running.settings);
        self
    }

    /// The accounts that this configuration switches on or off: those that `running` does not have, and
    /// those whose `active` it has otherwise.
    pub fn switched_accounts(&self, running: &Self) -> BTreeSet<AccountId> {
        let was: BTreeMap<_, _> = running.accounts.iter().map(|a| (&a.id, a.active)).collect();
        let switched = |account: &&crate::Account| was.get(&account.id) != Some(&account.active);
        let switched = self.accounts.iter().filter(switched);
        switched.map(|account| account.id.clone()).collect()
    }
}

/// The settings that were compared, and whether they differ.
#[derive(Default)]
struct Found(Vec<(&'static str, &'static str, bool)>);

impl Found {
    fn note(&mut self, section: &'static str, key: &'static str, differs: bool) {
        self.0.push((section, key, differs));
    }

    /// The settings that differ, as messages name them.
    fn of(&self, effect: Effect) -> Vec<String> {
        let differing = self.0.iter().filter(|(_, _, differs)| *differs);
        let wanted = differing.filter(|(section, key, _)| effect_of(section, key) == Some(effect));
        wanted
            .map(|(section, key, _)| format!("[{section}] {key}"))
            .collect()
    }
}

fn effect_of(section: &str, key: &str) -> Option<Effect> {
    let section = SECTIONS.iter().find(|known| known.path == section)?;
    let key = section.keys.iter().find(|known| known.name == key)?;
    Some(key.effect)
}

#[cfg(test)]
mod tests;
