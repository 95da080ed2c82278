//! The plugins of a running gateway: which code serves each carrier now, which did before, and what is known
//! of carriers whose plugin cannot be used.

mod generations;
mod known;
mod look;
mod replacement;

pub use known::{KnownCarrier, LastManifest};
pub use replacement::{Reload, ReloadError, Replacement, Trial};

use crate::{Catalog, CatalogEntry, DirectoryError, Host, ManifestError, Plugin};
use gateway_model::{CarrierId, PluginPolicy};
use generations::Generations;
use look::LastLook;
use std::{
    collections::BTreeSet,
    fmt,
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// The plugins of a running gateway. A plugin can be replaced while the others, and all operations that
/// began with the old one, go on.
pub struct Registry {
    source: PluginSource,
    generations: RwLock<Generations>,
    last_look: LastLook,
    replacements: AtomicU64,
}

/// Where plugins come from, and what they run on.
#[derive(Clone)]
pub(crate) struct PluginSource {
    pub(crate) dir: PathBuf,
    pub(crate) policy: PluginPolicy,
    pub(crate) cache: PathBuf,
    pub(crate) host: Host,
}

impl Registry {
    /// Loads the plugins of a folder, as [`Catalog::load`] does.
    ///
    /// # Errors
    /// When the folder as a whole cannot be used.
    pub fn load(
        dir: PathBuf,
        policy: PluginPolicy,
        cache: PathBuf,
        host: Host,
    ) -> Result<Self, DirectoryError> {
        let catalog = Catalog::load(&dir, &policy, &cache, &host)?;
        let source = PluginSource {
            dir,
            policy,
            cache,
            host,
        };
        Ok(Self::of(source, catalog))
    }

    /// A registry for a folder that cannot be used as a whole. Carriers can be served by what is
    /// [remembered](Self::remember), and plugins can be reloaded when the folder is mended.
    pub fn without_folder(
        dir: PathBuf,
        policy: PluginPolicy,
        cache: PathBuf,
        host: Host,
        problem: &DirectoryError,
    ) -> Self {
        let catalog = Catalog::without_folder(&dir, problem);
        let source = PluginSource {
            dir,
            policy,
            cache,
            host,
        };
        Self::of(source, catalog)
    }

    fn of(source: PluginSource, catalog: Catalog) -> Self {
        Self {
            source,
            generations: RwLock::new(Generations::new(catalog)),
            last_look: LastLook::default(),
            replacements: AtomicU64::new(0),
        }
    }

    /// Every library that the gateway has looked at, by file name.
    pub fn entries(&self) -> Vec<Arc<CatalogEntry>> {
        self.read().entries().to_vec()
    }

    /// The active plugin of a carrier.
    pub fn plugin(&self, carrier: &CarrierId) -> Option<Plugin> {
        let entry = self.read().active(self.serving(carrier)).cloned()?;
        entry.plugin().cloned()
    }

    /// The carriers that an active plugin serves, ordered by name: those of the plugins, and the operator's own
    /// names.
    pub fn carriers(&self) -> Vec<CarrierId> {
        let named = self.source.policy.carriers.keys().cloned();
        let entries = self.entries();
        let entries = entries.iter().filter_map(|entry| entry.plugin());
        let own = entries.map(|plugin| plugin.manifest().carrier.clone());
        let all: BTreeSet<CarrierId> = named.chain(own).collect();
        let served = all
            .into_iter()
            .filter(|carrier| self.plugin(carrier).is_some());
        served.collect()
    }

    /// The carrier of the plugin that serves this one. They differ if the operator gave it a name of its own.
    pub fn serving<'a>(&'a self, carrier: &'a CarrierId) -> &'a CarrierId {
        self.source.policy.serving(carrier)
    }

    /// The file of the active plugin with this name.
    pub fn active(&self, name: &str) -> Option<Arc<CatalogEntry>> {
        self.read().named(name).cloned()
    }

    /// The file of the plugin that [`Registry::roll_back`] would take in the place of the active one with
    /// this name.
    pub fn previous(&self, name: &str) -> Option<Arc<CatalogEntry>> {
        self.read().before(name).cloned()
    }

    /// What is known of a carrier: from its active plugin, or from the last manifest of it.
    pub fn known(&self, carrier: &CarrierId) -> Option<Arc<KnownCarrier>> {
        let serving = self.serving(carrier);
        let known = self.read().known(serving).cloned()?;
        Some(if serving == carrier {
            known
        } else {
            Arc::new(known.named(carrier))
        })
    }

    /// What the folder holds now, inspected and chosen among. No code runs, and files that did not change since the
    /// last look are not read.
    ///
    /// # Errors
    /// When the folder as a whole cannot be used.
    pub fn present(&self) -> Result<Arc<[CatalogEntry]>, DirectoryError> {
        let PluginSource {
            dir, policy, host, ..
        } = &self.source;
        let (clock, _) = host.surroundings();
        let verify = || Catalog::verify(dir, policy).map(Catalog::into_entries);
        self.last_look.look(dir, clock.wall(), verify)
    }

    /// Why files that may be of this carrier are not loaded; empty if there are none.
    pub fn faults(&self, carrier: &CarrierId) -> Vec<String> {
        self.read().faults(self.serving(carrier))
    }

    /// The manifests of the active plugins, to be kept for a start at which a file cannot be used.
    pub fn manifests(&self) -> Vec<LastManifest> {
        let generations = self.read();
        let active = generations.entries().iter().filter_map(|e| e.plugin());
        active.map(LastManifest::of).collect()
    }

    /// Takes up what was kept. It counts for a carrier as long as no plugin of it is active.
    ///
    /// # Errors
    /// When this gateway cannot use that manifest.
    pub fn remember(&self, last: &LastManifest) -> Result<(), ManifestError> {
        let known = KnownCarrier::remembered(last)?;
        self.write().remember(known);
        Ok(())
    }

    /// Loads the present file of a plugin beside the code that runs. Nothing is replaced yet: the caller
    /// makes its instances first, and then calls [`Registry::replace`].
    ///
    /// Code that will run in this process runs in a worker process before, where `trial` is given it to say
    /// why it must not be loaded here. It blocks, as a load at the start does.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn reload(&self, name: &str, trial: Trial<'_>) -> Result<Reload, ReloadError> {
        let before = replacement::Before {
            active: self.active(name),
            contents: self.read().contents(),
        };
        let reload = replacement::reload(&self.source, name, before, trial)?;
        if let Reload::Ready(replacement) = &reload {
            // At once, also if it is never used: its code is mapped from now on.
            self.write().count(replacement.sha256());
        }
        Ok(reload)
    }

    /// The plugin that served before the active one with this name, to be put in its place. It blocks: code
    /// that ran in a worker process is loaded into another one.
    ///
    /// # Errors
    /// When there is none, or when it may not be called any more.
    pub fn roll_back(&self, name: &str) -> Result<Replacement, ReloadError> {
        let previous = self.previous(name);
        let entry = previous.ok_or_else(|| ReloadError::NoPrevious(name.to_owned()))?;
        Replacement::back_to(&self.source, entry)
    }

    /// From now on the replacement serves its carrier. Returns what served before.
    pub fn replace(&self, replacement: Replacement) -> Option<Arc<CatalogEntry>> {
        let before = self.write().replace(replacement);
        // After the change: whoever sees the number finds what it counts.
        self.replacements.fetch_add(1, Ordering::Release);
        before
    }

    /// Takes a replacement back that was not put to use, for what [`Registry::replace`] returned.
    pub fn undo(&self, before: Option<Arc<CatalogEntry>>) {
        if let Some(replacement) = before.and_then(|entry| Replacement::of(entry, Vec::new()).ok())
        {
            self.replace(replacement);
        }
    }

    /// How often a plugin was replaced, for those who keep what they made of manifests.
    pub fn replacements(&self) -> u64 {
        self.replacements.load(Ordering::Acquire)
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.generations
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations> {
        self.generations
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("dir", &self.source.dir)
            .finish_non_exhaustive()
    }
}
