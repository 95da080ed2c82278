//! From the present file of a plugin to code that may take the place of what runs.

use super::{PluginSource, known::KnownCarrier};
use crate::{Catalog, CatalogEntry, DirectoryError, EntryState, Plugin, catalog};
use gateway_model::{Digest, Isolation};
use std::{collections::HashSet, sync::Arc};

/// Contents of plugins that one process maps in its life. None is ever unloaded, and each costs some
/// hundred kilobytes.
const MAX_CONTENTS: usize = 64;

/// Why a plugin was not replaced. What ran before goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The folder cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// No plugin has this name.
    #[error(
        "no file of the plugin folder is a plugin called {0}: `waybill plugin list` shows the files and \
         what is wrong with them"
    )]
    Unknown(String),
    /// The file of the plugin cannot be used.
    #[error("{file}: {reason}")]
    Refused {
        /// The file.
        file: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Too many contents were loaded already.
    #[error(
        "this process has loaded {MAX_CONTENTS} plugin files, and none of them can be unloaded: restart \
         the gateway"
    )]
    TooMany,
    /// There is no generation to go back to.
    #[error(
        "plugin {0} was not replaced since the gateway started, so there is nothing to go back to"
    )]
    NoPrevious(String),
    /// The generation before was given up, or cannot be loaded again.
    #[error("the plugin that served before cannot serve again: {0}")]
    PreviousLost(String),
}

/// Is given a plugin that runs in a worker process, and says why its code must not run in this one.
pub type Trial<'a> = &'a dyn Fn(&Plugin) -> Result<(), String>;

/// The outcome of a look at the file of a plugin.
#[derive(Debug)]
pub enum Reload {
    /// The file has the content that runs, where it runs.
    Unchanged(Arc<CatalogEntry>),
    /// Other code is loaded, and can take over.
    Ready(Replacement),
}

/// Code that can take the place of what serves its carrier.
#[derive(Debug)]
pub struct Replacement {
    pub(super) entry: Arc<CatalogEntry>,
    pub(super) known: Arc<KnownCarrier>,
    /// The other files of the plugin and its carrier.
    pub(super) beside: Vec<Arc<CatalogEntry>>,
}

impl Replacement {
    /// The plugin.
    ///
    /// # Panics
    /// Never: a replacement is made of an active entry.
    pub fn plugin(&self) -> &Plugin {
        let plugin = self.entry.plugin();
        plugin.expect("a replacement is made of an active entry")
    }

    /// What its manifest says about the carrier.
    pub fn known(&self) -> &Arc<KnownCarrier> {
        &self.known
    }

    /// Its file.
    pub fn entry(&self) -> &Arc<CatalogEntry> {
        &self.entry
    }

    pub(super) fn sha256(&self) -> Option<Digest> {
        self.entry.sha256()
    }

    pub(super) fn back_to(
        source: &PluginSource,
        mut entry: Arc<CatalogEntry>,
    ) -> Result<Self, ReloadError> {
        if entry.plugin().is_none() {
            let (policy, cache) = (&source.policy, &source.cache);
            entry = Arc::new(catalog::load_copy(&entry, policy, cache, &source.host));
        }
        match entry.reason() {
            Some(why) => Err(ReloadError::PreviousLost(why)),
            None => Self::of(entry, Vec::new()),
        }
    }

    pub(super) fn of(
        entry: Arc<CatalogEntry>,
        beside: Vec<Arc<CatalogEntry>>,
    ) -> Result<Self, ReloadError> {
        let Some(plugin) = entry.plugin() else {
            return Err(refused(&entry));
        };
        let known = Arc::new(KnownCarrier::of(plugin));
        Ok(Self {
            entry,
            known,
            beside,
        })
    }
}

/// What runs before the reload.
pub(super) struct Before {
    pub(super) active: Option<Arc<CatalogEntry>>,
    pub(super) contents: HashSet<Digest>,
}

pub(super) fn reload(
    source: &PluginSource,
    name: &str,
    before: Before,
    trial: Trial<'_>,
) -> Result<Reload, ReloadError> {
    let found = Catalog::verify(&source.dir, &source.policy)?.into_entries();
    let (mut chosen, others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|entry| is_named(entry, name) && entry.verified().is_some());
    // The choice leaves one at most: of several it faults all.
    let Some(mut entry) = chosen.pop() else {
        return Err(refusal(name, &others, before.active.as_deref()));
    };
    if let Some(active) = before.active
        && active.sha256() == entry.sha256()
        // A file that was locked or signed meanwhile may move into this process.
        && active.isolation() == entry.isolation()
    {
        return Ok(Reload::Unchanged(active));
    }
    let content = entry.sha256();
    let is_new = content.is_some_and(|content| !before.contents.contains(&content));
    if is_new && before.contents.len() >= MAX_CONTENTS {
        return Err(ReloadError::TooMany);
    }
    if entry.isolation() == Some(Isolation::InProcess) {
        // In another process first: code that crashes would end this one, with all carriers.
        let tried = catalog::try_out(&entry, &source.policy, &source.cache, &source.host);
        let tried = tried.map_err(|fault| fault.to_string());
        let tried = tried.and_then(|plugin| plugin.as_ref().map_or(Ok(()), trial));
        tried.map_err(|reason| ReloadError::Refused {
            file: entry.file().display().to_string(),
            reason,
        })?;
    }
    catalog::activate(&mut entry, &source.policy, &source.cache, &source.host);
    let carrier = entry.manifest().map(|manifest| manifest.carrier.clone());
    let beside = others.into_iter().filter(|other| {
        let manifest = other.manifest();
        // Only what is of no consequence: another plugin of the folder is reloaded by its own name.
        matches!(other.state(), EntryState::NotChosen { .. })
            && manifest.map(|manifest| &manifest.carrier) == carrier.as_ref()
    });
    let beside = beside.map(Arc::new).collect();
    Replacement::of(Arc::new(entry), beside).map(Reload::Ready)
}

fn is_named(entry: &CatalogEntry, name: &str) -> bool {
    let manifest = entry.manifest();
    manifest.is_some_and(|manifest| manifest.name == name)
}

/// Why there is nothing to load: the reason of the plugin's own file comes first.
fn refusal(name: &str, others: &[CatalogEntry], active: Option<&CatalogEntry>) -> ReloadError {
    let faulted = |entry: &&CatalogEntry| matches!(entry.state(), EntryState::Faulted(_));
    let own = others.iter().find(|entry| is_named(entry, name));
    // A damaged file has no name, so the active one's path tells whose it was.
    let same_path = |entry: &&CatalogEntry| active.is_some_and(|it| it.file() == entry.file());
    let by_path = others.iter().find(same_path);
    match own.or_else(|| by_path.filter(faulted)) {
        Some(entry) => refused(entry),
        None => ReloadError::Unknown(name.to_owned()),
    }
}

fn refused(entry: &CatalogEntry) -> ReloadError {
    ReloadError::Refused {
        file: entry.file().display().to_string(),
        reason: entry.reason().unwrap_or_default(),
    }
}
