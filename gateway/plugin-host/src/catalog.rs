//! All plugins of a folder, each with its state.

mod choice;
mod entry;
mod load;

pub use entry::{CatalogEntry, EntryState, PluginFault, VerifiedFile};
pub(crate) use load::{activate, load_copy, try_out};
pub use load::{load_file, verify_file};

use crate::{DirectoryError, Host, LockedPlugin, Plugin, PluginLock, discover};
use gateway_model::{CarrierId, PluginPolicy};
use std::path::Path;

/// The plugins found in a folder.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<CatalogEntry>,
    missing: Vec<(String, LockedPlugin)>,
}

impl Catalog {
    /// Finds and checks plugins without running any of their code; none becomes active.
    ///
    /// # Errors
    /// When the folder as a whole cannot be used.
    pub fn verify(dir: &Path, policy: &PluginPolicy) -> Result<Self, DirectoryError> {
        let mut entries = inspect_all(dir)?;
        let missing = match PluginLock::read(dir) {
            Ok(lock) => {
                choice::choose(&mut entries, policy, &lock);
                choice::missing(&entries, lock)
            }
            Err(error) => {
                // Nothing is loaded: the file may say that these contents must not be.
                for entry in entries.iter_mut().filter(|e| e.verified().is_some()) {
                    entry.fault(error.clone());
                }
                Vec::new()
            }
        };
        Ok(Self { entries, missing })
    }

    /// Finds, checks and loads plugins. A faulted one never keeps the others from becoming active.
    ///
    /// Loading blocks: a plugin may take two seconds before it is given up, and ten in a worker process. Those
    /// in worker processes are loaded side by side. Copies of the files are kept in `cache`, a folder that only
    /// this process' user may enter.
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
        load::activate_all(&mut catalog.entries, policy, cache, host);
        for (name, LockedPlugin { version, .. }) in &catalog.missing {
            tracing::error!(
                name,
                version,
                "plugins.lock names a plugin that no file of the folder is: put its file back, or take \
                 it out of plugins.lock"
            );
        }
        Ok(catalog)
    }

    /// What stands for a folder that cannot be used: the folder itself, faulted.
    pub(crate) fn without_folder(dir: &Path, problem: &DirectoryError) -> Self {
        let mut folder = CatalogEntry::new(dir.to_owned());
        folder.fault(PluginFault::Folder(problem.to_string()));
        folder.log();
        Self {
            entries: vec![folder],
            missing: Vec::new(),
        }
    }

    /// Every library found, by file name.
    pub fn entries(&self) -> &[CatalogEntry] {
        &self.entries
    }

    /// Every library found, taken out.
    pub(crate) fn into_entries(self) -> Vec<CatalogEntry> {
        self.entries
    }

    /// Plugins of the lock file that no file of the folder is, by name.
    pub fn missing(&self) -> &[(String, LockedPlugin)] {
        &self.missing
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

/// Every library of a folder, inspected and not yet chosen among.
pub(crate) fn inspect_all(dir: &Path) -> Result<Vec<CatalogEntry>, DirectoryError> {
    let mut entries: Vec<CatalogEntry> = discover::list(dir)?
        .into_iter()
        .map(CatalogEntry::new)
        .collect();
    for entry in &mut entries {
        load::verify(entry);
    }
    Ok(entries)
}
