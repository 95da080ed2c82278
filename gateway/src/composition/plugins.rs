//! Loading what the plugin folder holds.

use super::error::StartError;
use gateway_config::Plugins;
use gateway_model::Clock;
use gateway_plugin_host::{
    CatalogEntry, DirectoryError, EntryState, Host, Isolation, Registry, WorkerProgram,
};
use gateway_store::Store;
use std::sync::Arc;

/// The plugins, and what is wrong with the folder if none of it can be used.
pub(super) fn load(
    plugins: &Plugins,
    clock: &Arc<dyn Clock>,
    worker_program: Option<WorkerProgram>,
) -> (Arc<Registry>, Option<DirectoryError>) {
    let mut policy = plugins.policy.clone();
    let host = Host::new(Arc::clone(clock));
    let host = match worker_program {
        Some(program) => host.with_worker_program(program),
        None => {
            // A program that embeds the gateway has no worker, so only what was asked for by name needs one.
            policy.isolation.default.get_or_insert(Isolation::InProcess);
            host
        }
    };
    let (dir, cache) = (plugins.dir.clone(), plugins.cache.clone());
    match Registry::load(dir.clone(), policy.clone(), cache.clone(), host.clone()) {
        Ok(loaded) => {
            if policy.isolation.default.is_none() {
                report_untrusted(&loaded.entries(), policy.isolation.each.keys());
            }
            (Arc::new(loaded), None)
        }
        Err(problem) => {
            let none = Registry::without_folder(dir, policy, cache, host, &problem);
            (Arc::new(none), Some(problem))
        }
    }
}

/// Without the folder, a gateway serves by the manifests that it kept. One that kept none was never set up, so
/// its operator is told at once.
pub(super) async fn can_serve(
    problem: Option<DirectoryError>,
    store: &Store,
) -> Result<(), StartError> {
    let Some(problem) = problem else {
        return Ok(());
    };
    let kept = store.manifests().await;
    if kept.is_ok_and(|kept| !kept.is_empty()) {
        return Ok(());
    }
    Err(problem.into())
}

/// Why a plugin file of the folder cannot be used, if there is one.
pub(super) fn refused(plugins: &Registry) -> Option<String> {
    let refused = |entry: &&Arc<CatalogEntry>| {
        entry.plugin().is_none() && !matches!(entry.state(), EntryState::NotChosen { .. })
    };
    let entries = plugins.entries();
    let entry = entries.iter().find(refused)?;
    let why = entry.reason().unwrap_or_default();
    Some(format!("{} cannot be used: {why}", entry.file().display()))
}

/// Names the plugins whose worker processes nobody asked for, and what to write for the other kind.
fn report_untrusted<'a>(
    entries: &[Arc<CatalogEntry>],
    asked: impl Iterator<Item = &'a String> + Clone,
) {
    let unasked = |entry: &&Arc<CatalogEntry>| {
        let named = |name: &str| asked.clone().any(|asked| asked == name);
        entry.isolation() == Some(Isolation::Process)
            && entry
                .manifest()
                .is_some_and(|manifest| !named(&manifest.name))
    };
    for entry in entries.iter().filter(unasked) {
        let Some(manifest) = entry.manifest() else {
            continue;
        };
        let name = &manifest.name;
        tracing::warn!(
            plugin = name,
            "nothing vouches for plugin {name}, so it runs in a worker process: if you trust this file, run \
             `waybill plugin lock {name}`; to keep the worker process without this message, write \
             `{name} = \"process\"` in [plugins.isolation_of]"
        );
    }
}
