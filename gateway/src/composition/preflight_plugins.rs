//! The plugins that a start would load, and what is wrong with them.

use crate::clock::SystemClock;
use gateway_config::{Config, Mistake, Note, Place, ProcessVariables, cache_folder};
use gateway_model::CarrierId;
use gateway_plugin_host::{
    CatalogEntry, DirectoryError, EntryState, Host, PluginFault, Registry, WorkerProgram,
};
use std::{collections::BTreeSet, sync::Arc};

pub(super) struct PluginCheck {
    pub(super) plugins: Arc<Registry>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) notes: Vec<Note>,
}

/// Loads the plugins of the configured folder.
pub(super) fn check(config: &Config) -> Result<PluginCheck, DirectoryError> {
    // Not the configured cache: it is the gateway's user's, and this may be another user.
    let cache = cache_folder(&ProcessVariables);
    let host = Host::new(Arc::new(SystemClock)).with_worker_program(WorkerProgram::default());
    let (dir, policy) = (config.plugins.dir.clone(), config.plugins.policy.clone());
    let plugins = Registry::load(dir, policy, cache, host)?;
    let mut mistakes = Vec::new();
    let entries = plugins.entries();
    let mut notes = missing(config, &entries);
    for entry in &entries {
        let file = entry.file().display();
        match entry.state() {
            // About this user's cache folder, not about the plugin.
            EntryState::Faulted(fault @ PluginFault::PrivateCopy(_)) => notes.push(note(format!(
                "{file} was not loaded, and so no account was checked with it: {fault}"
            ))),
            EntryState::Faulted(fault) => mistakes.push(in_file(
                format!("the plugin {file} cannot be used: {fault}"),
                "replace the file, or take it out of the plugin folder",
            )),
            EntryState::Discovered
            | EntryState::Verified(_)
            | EntryState::NotChosen { .. }
            | EntryState::Active(_) => {}
        }
    }
    Ok(PluginCheck {
        plugins: Arc::new(plugins),
        mistakes,
        notes,
    })
}

/// A carrier without a plugin does not keep the others from being served, so it is no mistake.
fn missing(config: &Config, entries: &[Arc<CatalogEntry>]) -> Vec<Note> {
    let carrier = |entry: &Arc<CatalogEntry>| Some(entry.manifest()?.carrier.clone());
    let served: BTreeSet<CarrierId> = entries.iter().filter_map(carrier).collect();
    let routes = config.routes.iter().map(|route| &route.carrier);
    let accounts = config.accounts.iter().map(|account| &account.carrier);
    let named: BTreeSet<&CarrierId> = routes.chain(accounts).collect();
    let policy = &config.plugins.policy;
    let missing = named
        .into_iter()
        .filter(|carrier| !served.contains(policy.serving(carrier)));
    let told = missing.map(|carrier| {
        let serving = policy.serving(carrier);
        let own = match serving == carrier {
            true => String::new(),
            false => format!(", whose plugin is to serve {carrier}"),
        };
        note(format!(
            "no plugin in {} is for carrier {serving}{own}: its requests will be answered with 503",
            config.plugins.dir.display()
        ))
    });
    told.collect()
}

pub(super) const fn note(message: String) -> Note {
    Note {
        place: Place::File,
        message,
    }
}

/// A mistake without a line: it is in a file that the configuration names.
pub(super) fn in_file(message: String, fix: &str) -> Mistake {
    Mistake {
        place: Place::File,
        message,
        fix: fix.to_owned(),
    }
}
