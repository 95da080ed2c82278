//! All plugins of a folder, each with its state.

mod entry;
mod load;

pub use entry::{CatalogEntry, EntryState, PluginFault, VerifiedFile};
pub use load::{load_file, verify_file};

use crate::{DirectoryError, Host, Plugin, discover};
use gateway_model::{CarrierId, PluginPolicy};
use std::{collections::BTreeMap, path::Path};

/// The plugins found in a folder.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<CatalogEntry>,
}

impl Catalog {
    /// Finds and checks plugins without running any of their code; none becomes active.
    ///
    /// # Errors
    /// When the folder as a whole cannot be used.
    pub fn verify(dir: &Path, policy: &PluginPolicy) -> Result<Self, DirectoryError> {
        let mut entries: Vec<CatalogEntry> = discover::list(dir)?
            .into_iter()
            .map(CatalogEntry::new)
            .collect();
        for entry in &mut entries {
            load::verify(entry, policy);
        }
        // After all are verified: only then is it known which of them are twins.
        fault_twins(&mut entries);
        Ok(Self { entries })
    }

    /// Finds, checks and loads plugins. A faulted one never keeps the others from becoming active.
    ///
    /// Loading blocks: a plugin may take two seconds before it is given up. Copies of the files are
    /// kept in `cache`, a folder that only this process' user may enter.
    ///
    /// # Errors
    /// When the folder as a whole cannot be used.
    pub fn load(
        dir: &Path,
        policy: &PluginPolicy,
        cache: &Path,
        host: &Host,
    ) -> Result<Self, DirectoryError> {
        let mut catalog = Self::verify(dir, policy)?;
        // One after the other, so that the log tells which of them a start waits for.
        for entry in &mut catalog.entries {
            load::activate(entry, cache, host);
            entry.log();
        }
        Ok(catalog)
    }

    /// Every library found, by file name.
    pub fn entries(&self) -> &[CatalogEntry] {
        &self.entries
    }

    /// The active plugins.
    pub fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.entries.iter().filter_map(CatalogEntry::plugin)
    }

    /// The active plugin of a carrier.
    pub fn plugin(&self, carrier: &CarrierId) -> Option<&Plugin> {
        self.plugins()
            .find(|plugin| plugin.manifest().carrier == *carrier)
    }
}

/// Two files of one name, or for one carrier: which one the operator means is unknown, so neither.
fn fault_twins(entries: &mut [CatalogEntry]) {
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut carriers: BTreeMap<CarrierId, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(manifest) = entry.manifest() {
            let name = names.entry(manifest.name.clone());
            name.or_default().push(index);
            let carrier = carriers.entry(manifest.carrier.clone());
            carrier.or_default().push(index);
        }
    }
    let files: Vec<_> = entries
        .iter()
        .map(|entry| entry.file().to_owned())
        .collect();
    let twin = |of: &[usize], index: usize| {
        let other = of.iter().find(|other| **other != index)?;
        files.get(*other).cloned()
    };
    // Fault both: loading either would make the result depend on the order of file names.
    for (index, entry) in entries.iter_mut().enumerate() {
        let Some(manifest) = entry.verified() else {
            continue;
        };
        let (name, carrier) = (manifest.name.clone(), manifest.carrier.clone());
        if let Some(other) = names.get(&name).and_then(|of| twin(of, index)) {
            entry.fault(PluginFault::SameName { name, other });
        } else if let Some(other) = carriers.get(&carrier).and_then(|of| twin(of, index)) {
            entry.fault(PluginFault::SameCarrier { carrier, other });
        }
    }
}
