//! What a lock file is to say about the files of its folder: for `waybill plugin lock`.

use crate::{
    CatalogEntry, DirectoryError, LockError, LockedPlugin, Manifest, PluginLock,
    catalog::inspect_all,
};
use gateway_model::{CarrierId, Digest};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Why it is not clear what to lock.
#[derive(Debug, thiserror::Error)]
pub enum LockingError {
    /// The folder cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The present lock file cannot be read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No file of the folder is that.
    #[error("no plugin file in {dir} is called {name}: `waybill plugin list` shows their names")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The folder.
        dir: PathBuf,
    },
    /// The file that was asked for is no plugin that could be loaded.
    #[error("{file}: {reason}")]
    Faulted {
        /// The file.
        file: PathBuf,
        /// Why it would not be loaded.
        reason: String,
    },
    /// Several contents have one name.
    #[error(
        "{one} and {other} are both called {name}: run `waybill plugin lock FILE` with the file that you \
         want"
    )]
    SameName {
        /// The name.
        name: String,
        /// One file.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Several plugins serve one carrier, and a carrier has one plugin.
    #[error(
        "{one} and {other} both serve carrier {carrier}: run `waybill plugin lock FILE` with the file \
         that you want"
    )]
    SameCarrier {
        /// The carrier.
        carrier: CarrierId,
        /// One file.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
}

/// What changes for one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockChange {
    /// The plugin's name.
    pub name: String,
    /// What was locked; none for a plugin that is new in the lock.
    pub from: Option<LockedPlugin>,
    /// What is to be locked; none for a plugin that is taken out.
    pub to: Option<LockedPlugin>,
}

/// A new lock, and how it differs from the one that is there.
#[derive(Debug)]
pub struct LockUpdate {
    /// The new lock.
    pub lock: PluginLock,
    /// The differences, by name.
    pub changes: Vec<LockChange>,
    /// Files that are not locked, each with the reason.
    pub left_out: Vec<(PathBuf, String)>,
}

/// The content that is to be locked for a plugin.
struct Candidate {
    file: PathBuf,
    carrier: CarrierId,
    locked: LockedPlugin,
}

/// The lock of a folder for its present files: of all plugins, or only of these names or files.
///
/// A plugin whose locked content is there stays locked to it, unless its name or another file of it is
/// asked for. Nothing is written.
///
/// # Errors
/// When it is not clear which content is meant.
pub fn lock_update(dir: &Path, wanted: &[String]) -> Result<LockUpdate, LockingError> {
    let entries = inspect_all(dir)?;
    let old = match PluginLock::read(dir) {
        Ok(lock) => lock,
        // Written anew: whoever runs this says which contents are right.
        Err(LockError::Syntax { .. }) => PluginLock::default(),
        Err(error @ LockError::File { .. }) => return Err(error.into()),
    };
    let mut update = LockUpdate {
        lock: old.clone(),
        changes: Vec::new(),
        left_out: Vec::new(),
    };
    let chosen = if wanted.is_empty() {
        all(&entries, &old, &mut update.left_out)?
    } else {
        named(dir, &entries, wanted)?
    };
    one_for_each_carrier(&chosen)?;
    if !wanted.is_empty() {
        give_way(&entries, &chosen, &mut update.lock);
    }
    for (name, candidate) in chosen {
        update.lock.plugins.insert(name, candidate.locked);
    }
    update.changes = changes(&old, &update.lock);
    Ok(update)
}

/// Each plugin of the folder.
fn all(
    entries: &[CatalogEntry],
    old: &PluginLock,
    left_out: &mut Vec<(PathBuf, String)>,
) -> Result<BTreeMap<String, Candidate>, LockingError> {
    let mut chosen: BTreeMap<String, Candidate> = BTreeMap::new();
    let kept = |name: &str, found: Digest| {
        let locked = old.plugins.get(name);
        locked.is_some_and(|locked| locked.sha256 == found)
    };
    for entry in entries {
        let Some((manifest, found)) = usable(entry) else {
            let reason = entry.reason().unwrap_or_default();
            left_out.push((entry.file().to_owned(), reason));
            continue;
        };
        let name = manifest.name.clone();
        let this = candidate(entry, manifest, found);
        match chosen.get(&name) {
            None => {}
            Some(other) if other.locked.sha256 == found => continue,
            Some(other) if kept(&name, other.locked.sha256) => {
                left_out.push((this.file, format!("{} is locked", other.file.display())));
                continue;
            }
            Some(other) if kept(&name, found) => {
                let reason = format!("{} is locked", this.file.display());
                left_out.push((other.file.clone(), reason));
            }
            Some(other) => {
                return Err(LockingError::SameName {
                    name,
                    one: other.file.clone(),
                    other: this.file,
                });
            }
        }
        chosen.insert(name, this);
    }
    Ok(chosen)
}

/// The plugins with these names, or of these files.
fn named(
    dir: &Path,
    entries: &[CatalogEntry],
    wanted: &[String],
) -> Result<BTreeMap<String, Candidate>, LockingError> {
    let mut chosen: BTreeMap<String, Candidate> = BTreeMap::new();
    for wanted in wanted {
        let is_file = |entry: &CatalogEntry| {
            let name = entry.file().file_name();
            name.is_some_and(|name| name.to_string_lossy() == wanted.as_str())
                // With its folder, as messages name it.
                || same_file(entry.file(), Path::new(wanted))
        };
        let is_name = |entry: &CatalogEntry| {
            let manifest = entry.manifest();
            manifest.is_some_and(|manifest| manifest.name == *wanted)
        };
        // A file before a name: it leaves no doubt.
        let mut found: Vec<_> = entries.iter().filter(|entry| is_file(entry)).collect();
        if found.is_empty() {
            found = entries.iter().filter(|entry| is_name(entry)).collect();
        }
        if found.is_empty() {
            return Err(LockingError::Unknown {
                name: wanted.clone(),
                dir: dir.to_owned(),
            });
        }
        for entry in found {
            let Some((manifest, digest)) = usable(entry) else {
                return Err(LockingError::Faulted {
                    file: entry.file().to_owned(),
                    reason: entry.reason().unwrap_or_default(),
                });
            };
            let name = manifest.name.clone();
            let this = candidate(entry, manifest, digest);
            match chosen.get(&name) {
                Some(other) if other.locked.sha256 != digest => {
                    return Err(LockingError::SameName {
                        name,
                        one: other.file.clone(),
                        other: this.file,
                    });
                }
                Some(_) | None => chosen.insert(name, this),
            };
        }
    }
    Ok(chosen)
}

fn same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).ok();
    whole(one).is_some_and(|one| whole(other) == Some(one))
}

/// A carrier has one plugin: with two locked ones the gateway would load neither.
fn one_for_each_carrier(chosen: &BTreeMap<String, Candidate>) -> Result<(), LockingError> {
    let mut carriers: BTreeMap<&CarrierId, &Path> = BTreeMap::new();
    for Candidate { file, carrier, .. } in chosen.values() {
        if let Some(other) = carriers.insert(carrier, file) {
            return Err(LockingError::SameCarrier {
                carrier: carrier.clone(),
                one: other.to_owned(),
                other: file.clone(),
            });
        }
    }
    Ok(())
}

/// Takes other plugins of the chosen ones' carriers out of the lock.
fn give_way(entries: &[CatalogEntry], chosen: &BTreeMap<String, Candidate>, lock: &mut PluginLock) {
    for manifest in entries.iter().filter_map(CatalogEntry::manifest) {
        let replaced = chosen.values().any(|one| one.carrier == manifest.carrier);
        if replaced && !chosen.contains_key(&manifest.name) {
            lock.plugins.remove(&manifest.name);
        }
    }
}

fn usable(entry: &CatalogEntry) -> Option<(&Manifest, Digest)> {
    let file = entry.verified()?;
    Some((&file.inspection.manifest, entry.sha256()?))
}

fn candidate(entry: &CatalogEntry, manifest: &Manifest, sha256: Digest) -> Candidate {
    Candidate {
        file: entry.file().to_owned(),
        carrier: manifest.carrier.clone(),
        locked: LockedPlugin {
            version: manifest.version.clone(),
            sha256,
        },
    }
}

fn changes(old: &PluginLock, new: &PluginLock) -> Vec<LockChange> {
    let mut names: Vec<&String> = old.plugins.keys().chain(new.plugins.keys()).collect();
    names.sort();
    names.dedup();
    let change = |name: &String| {
        let (from, to) = (old.plugins.get(name), new.plugins.get(name));
        (from != to).then(|| LockChange {
            name: name.clone(),
            from: from.cloned(),
            to: to.cloned(),
        })
    };
    names.into_iter().filter_map(change).collect()
}
