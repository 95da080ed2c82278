//! Which file serves each carrier, and which did before.

use super::{known::KnownCarrier, replacement::Replacement};
use crate::{Catalog, CatalogEntry, EntryState, PluginFault};
use gateway_model::{CarrierId, Digest, Isolation};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// The files that were looked at, by carrier where it is known.
pub(super) struct Generations {
    entries: Vec<Arc<CatalogEntry>>,
    /// The generation before the active one, at rest. Older ones are gone, but for code that is mapped.
    previous: BTreeMap<CarrierId, Arc<CatalogEntry>>,
    known: BTreeMap<CarrierId, Arc<KnownCarrier>>,
    /// The contents that this process has mapped.
    contents: HashSet<Digest>,
}

impl Generations {
    pub(super) fn new(catalog: Catalog) -> Self {
        let entries: Vec<_> = catalog.into_entries().into_iter().map(Arc::new).collect();
        let mut generations = Self {
            entries,
            previous: BTreeMap::new(),
            known: BTreeMap::new(),
            contents: HashSet::new(),
        };
        for entry in generations.entries.clone() {
            generations.learn(&entry);
        }
        generations
    }

    pub(super) fn entries(&self) -> &[Arc<CatalogEntry>] {
        &self.entries
    }

    pub(super) fn active(&self, carrier: &CarrierId) -> Option<&Arc<CatalogEntry>> {
        let of_carrier = |entry: &&Arc<CatalogEntry>| {
            let plugin = entry.plugin();
            plugin.is_some_and(|plugin| plugin.manifest().carrier == *carrier)
        };
        self.entries.iter().find(of_carrier)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Arc<CatalogEntry>> {
        let is_named = |entry: &&Arc<CatalogEntry>| {
            let plugin = entry.plugin();
            plugin.is_some_and(|plugin| plugin.manifest().name == name)
        };
        self.entries.iter().find(is_named)
    }

    pub(super) fn before(&self, name: &str) -> Option<&Arc<CatalogEntry>> {
        self.previous.get(carrier(self.named(name)?)?)
    }

    pub(super) fn known(&self, carrier: &CarrierId) -> Option<&Arc<KnownCarrier>> {
        self.known.get(carrier)
    }

    /// The reasons of the carrier's own files, else those of files that may be anybody's.
    pub(super) fn faults(&self, of: &CarrierId) -> Vec<String> {
        let faulted = |entry: &&Arc<CatalogEntry>| matches!(entry.state(), EntryState::Faulted(_));
        let reason = |entry: &Arc<CatalogEntry>| {
            let reason = entry.reason().unwrap_or_default();
            format!("{}: {reason}", entry.file().display())
        };
        let (own, unknown): (Vec<_>, Vec<_>) = self
            .entries
            .iter()
            .filter(faulted)
            .filter(|entry| carrier(entry).is_none_or(|carrier| carrier == of))
            .partition(|entry| carrier(entry).is_some());
        let told = if own.is_empty() { unknown } else { own };
        told.into_iter().map(reason).collect()
    }

    pub(super) fn contents(&self) -> HashSet<Digest> {
        self.contents.clone()
    }

    pub(super) fn count(&mut self, content: Option<Digest>) {
        self.contents.extend(content);
    }

    pub(super) fn remember(&mut self, known: KnownCarrier) {
        let carrier = known.profile.id.clone();
        // What an active plugin says is newer.
        self.known.entry(carrier).or_insert_with(|| Arc::new(known));
    }

    /// Returns what served before.
    pub(super) fn replace(&mut self, replacement: Replacement) -> Option<Arc<CatalogEntry>> {
        let Replacement {
            entry: next,
            known,
            beside,
        } = replacement;
        let of = carrier(&next).cloned()?;
        let before = self.active(&of).cloned();
        if let Some(serving) = &before {
            self.previous.insert(of.clone(), at_rest(serving));
        }
        let name = |entry: &CatalogEntry| entry.manifest().map(|m| m.name.clone());
        let (new_name, new_files) = (name(&next), files(&next, &beside));
        // Every other file of the plugin or its carrier was looked at anew; so was a file that had no
        // manifest before.
        self.entries.retain(|old| {
            let replaced = carrier(old) == Some(&of)
                // The folder could be used by now, or there would be no replacement.
                || matches!(old.state(), EntryState::Faulted(PluginFault::Folder(_)))
                || name(old) == new_name
                || new_files.contains(&old.file());
            !replaced
        });
        self.known.insert(of, known);
        self.entries.push(next);
        self.entries.extend(beside);
        self.entries
            .sort_by(|one, other| one.file().cmp(other.file()));
        before
    }

    fn learn(&mut self, entry: &CatalogEntry) {
        if let Some(plugin) = entry.plugin() {
            let known = KnownCarrier::of(plugin);
            self.count(plugin.sha256());
            self.known.insert(known.profile.id.clone(), Arc::new(known));
        }
    }
}

fn carrier(entry: &CatalogEntry) -> Option<&CarrierId> {
    entry.manifest().map(|manifest| &manifest.carrier)
}

/// What is kept for a rollback. Code that is mapped here stays mapped. A worker process is not kept: it
/// ends with the last operation that began in it, and a rollback starts another.
fn at_rest(serving: &Arc<CatalogEntry>) -> Arc<CatalogEntry> {
    match serving.isolation() {
        Some(Isolation::Process) => Arc::new(serving.without_plugin()),
        Some(Isolation::InProcess) | None => Arc::clone(serving),
    }
}

fn files<'e>(entry: &'e CatalogEntry, beside: &'e [Arc<CatalogEntry>]) -> Vec<&'e std::path::Path> {
    let beside = beside.iter().map(|entry| entry.file());
    beside.chain([entry.file()]).collect()
}
