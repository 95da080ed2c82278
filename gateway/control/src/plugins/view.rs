//! Plugin files as they are sent.

use crate::api_time;
use gateway_api::{PluginContent, PluginView, PluginWorkerView};
use gateway_plugin_host::{CatalogEntry, EntryState, Plugin, Registry, WorkerState};
use std::sync::Arc;

/// What runs, and files that are new since then.
pub(super) fn all(plugins: &Registry) -> Vec<PluginView> {
    let (entries, present) = (plugins.entries(), present(plugins));
    let mut views: Vec<PluginView> = entries
        .iter()
        .map(|entry| PluginView {
            found: found(entry, &present),
            ..serving(plugins, entry)
        })
        .collect();
    let is_new = |file: &&CatalogEntry| {
        matches!(file.state(), EntryState::Verified(_))
            && entries
                .iter()
                .all(|known| known.file() != file.file() && name(known) != name(file))
    };
    let new = present.iter().filter(is_new);
    views.extend(new.map(view));
    views
}

/// The files of the folder. A folder that cannot be read now changes nothing of what runs.
pub(super) fn present(plugins: &Registry) -> Arc<[CatalogEntry]> {
    plugins.present().unwrap_or_else(|error| {
        tracing::warn!(%error, "the plugin folder cannot be compared with what runs");
        Arc::default()
    })
}

/// A file that the gateway has looked at.
pub(super) fn serving(plugins: &Registry, entry: &CatalogEntry) -> PluginView {
    let previous = entry.plugin().and_then(|_| plugins.previous(&name(entry)?));
    PluginView {
        previous: previous.as_deref().and_then(content),
        ..view(entry)
    }
}

/// Its version and digest, as far as they are known.
pub(super) fn content(entry: &CatalogEntry) -> Option<PluginContent> {
    Some(PluginContent {
        version: entry.manifest()?.version.clone(),
        sha256: entry.sha256()?.to_string(),
        isolation: isolation(entry),
    })
}

pub(super) fn is_named(entry: &CatalogEntry, wanted: &str) -> bool {
    name(entry).is_some_and(|name| name == wanted)
        && matches!(entry.state(), EntryState::Verified(_))
}

/// What a reload would load: another content, or the same one in another process.
fn found(entry: &CatalogEntry, present: &[CatalogEntry]) -> Option<PluginContent> {
    let same = |file: &&CatalogEntry| match name(entry) {
        Some(name) => is_named(file, &name),
        // A damaged file has no name, and may be mended by now.
        None => file.file() == entry.file() && matches!(file.state(), EntryState::Verified(_)),
    };
    let of = |entry: &CatalogEntry| (entry.sha256(), entry.isolation());
    let runs = entry.plugin().map(|_| of(entry));
    // A file that was passed over stands for nothing of its own.
    if matches!(entry.state(), EntryState::NotChosen { .. }) {
        return None;
    }
    let file = present.iter().find(same)?;
    content(file).filter(|_| Some(of(file)) != runs)
}

fn name(entry: &CatalogEntry) -> Option<String> {
    entry.manifest().map(|manifest| manifest.name.clone())
}

fn view(entry: &CatalogEntry) -> PluginView {
    let manifest = entry.manifest();
    PluginView {
        name: name(entry),
        file: entry.file().display().to_string(),
        version: manifest.map(|manifest| manifest.version.clone()),
        carrier: manifest.map(|manifest| manifest.carrier.to_string()),
        sha256: entry.sha256().map(|digest| digest.to_string()),
        state: entry.state_name().to_owned(),
        trust: entry.trust().as_str().to_owned(),
        isolation: isolation(entry),
        reason: entry.reason(),
        worker: entry.plugin().and_then(worker),
        found: None,
        previous: None,
    }
}

fn isolation(entry: &CatalogEntry) -> Option<String> {
    entry.isolation().map(|it| it.as_str().to_owned())
}

fn worker(plugin: &Plugin) -> Option<PluginWorkerView> {
    let status = plugin.worker()?;
    let (ending, at) = status.last_ending.unzip();
    Some(PluginWorkerView {
        running: status.state == WorkerState::Running,
        restarts: status.restarts,
        last_ending: ending.map(|ending| ending.to_string()),
        last_ended_at: at.map(api_time::from_system),
    })
}
