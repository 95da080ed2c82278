//! One file and how far it came.

use crate::{
    FileError, HandshakeError, Inspection, LockError, Manifest, Plugin, PrivateCopyError, Refusal,
    Report, SignatureError, Trust,
};
use gateway_model::{CarrierId, Digest, Isolation};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a plugin is not active.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginFault {
    /// The file may not be read, or cannot be.
    #[error(transparent)]
    File(#[from] FileError),
    /// The check of its bytes refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The lock file of the folder cannot be used, so it is unknown what may be loaded.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its content is not the one that the lock file names.
    #[error(
        "its SHA-256 is {found}, but plugins.lock names {locked} for {name}: restore the file, or run \
         `waybill plugin lock {name}` after checking where it came from"
    )]
    Locked {
        /// The plugin's name.
        name: String,
        /// What the lock file allows.
        locked: Digest,
        /// What the file has.
        found: Digest,
    },
    /// Its content is not the pinned one.
    #[error(
        "its SHA-256 is {found}, but {name} is pinned to {pinned}: restore the file, or remove the pin \
         and run `waybill plugin lock {name}` after checking where the file came from"
    )]
    Pin {
        /// The plugin's name.
        name: String,
        /// What the operator allows.
        pinned: Digest,
        /// What the file has.
        found: Digest,
    },
    /// The configuration and the lock file name different contents.
    #[error(
        "plugins.lock names {locked} for {name} and the configuration pins {pinned}: remove {name} from \
         `pins` of [plugins]"
    )]
    PinContradictsLock {
        /// The plugin's name.
        name: String,
        /// What the lock file allows.
        locked: Digest,
        /// What the configuration allows.
        pinned: Digest,
    },
    /// The signature beside it does not count.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Something must vouch for plugins, and nothing does for this one.
    #[error(
        "nothing vouches for {name}, and `require_trusted` is set: run `waybill plugin lock {name}` if \
         SHA-256 {found} is the content that you want, or put the signature of a trusted key beside the \
         file"
    )]
    Untrusted {
        /// The plugin's name.
        name: String,
        /// What the file has.
        found: Digest,
    },
    /// Another file has the same name in its manifest.
    #[error(
        "{other} is called {name} too, and plugins.lock names neither content: run `waybill plugin lock \
         FILE` with the file that you want, or remove one of them"
    )]
    SameName {
        /// The name.
        name: String,
        /// The other file.
        other: PathBuf,
    },
    /// Another file serves the same carrier.
    #[error(
        "{other} serves carrier {carrier} too, and plugins.lock does not choose between them: run \
         `waybill plugin lock FILE` with the file that you want, or remove one of them"
    )]
    SameCarrier {
        /// The carrier.
        carrier: CarrierId,
        /// The other file.
        other: PathBuf,
    },
    /// The private copy cannot be made.
    #[error(transparent)]
    PrivateCopy(#[from] PrivateCopyError),
    /// The dynamic loader refused it.
    #[error(
        "the system's loader refused it: {0} (is the cache folder on a file system mounted noexec?)"
    )]
    Load(String),
    /// Its code did not agree with the gateway.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// It was to run in a worker process, and this program has none.
    #[error(
        "{0} is to run in a worker process, and this program cannot start one: run `waybill`, or write \
         `{0} = \"in_process\"` in [plugins.isolation_of]"
    )]
    NoWorkers(String),
    /// It harmed the process in which it was tried before it is loaded into the gateway's.
    #[error("tried in a process of its own, its load failed, so it was not loaded here: {0}")]
    Probe(String),
    /// Its worker process ended while it was loaded there.
    #[error("its worker process ended while it was loaded: {0}")]
    Worker(String),
    /// Loading did not end, or the plugin gave up.
    #[error("{0}")]
    Lost(String),
    /// It is no file, but the folder, which cannot be used.
    #[error("{0}: mend it, and run `waybill plugin reload NAME` for each plugin")]
    Folder(String),
}

/// How far a file came. It only goes forward, and *faulted* is the end.
#[derive(Debug)]
pub enum EntryState {
    /// Found, not looked at.
    Discovered,
    /// Its bytes are fine; no code ran.
    Verified(Box<VerifiedFile>),
    /// Loaded.
    Active(Plugin),
    /// Fine, and not the file that the lock file or the configuration chose for its plugin or carrier.
    NotChosen {
        /// The file that was chosen.
        chosen: PathBuf,
    },
    /// Refused, at any of the stages.
    Faulted(PluginFault),
}

/// A file that may be loaded, with the bytes that were checked.
pub struct VerifiedFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) inspection: Inspection,
}

impl std::fmt::Debug for VerifiedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedFile({} bytes)", self.bytes.len())
    }
}

/// One file.
#[derive(Debug)]
pub struct CatalogEntry {
    file: PathBuf,
    sha256: Option<Digest>,
    manifest: Option<Arc<Manifest>>,
    reports: Vec<Report>,
    trust: Trust,
    isolation: Option<Isolation>,
    state: EntryState,
}

impl CatalogEntry {
    pub(super) const fn new(file: PathBuf) -> Self {
        Self {
            file,
            sha256: None,
            manifest: None,
            reports: Vec::new(),
            trust: Trust::Nothing,
            isolation: None,
            state: EntryState::Discovered,
        }
    }

    /// What is known of the file, without its code.
    pub(crate) fn without_plugin(&self) -> Self {
        Self {
            file: self.file.clone(),
            sha256: self.sha256,
            manifest: self.manifest.clone(),
            reports: self.reports.clone(),
            trust: self.trust.clone(),
            isolation: self.isolation,
            state: EntryState::Discovered,
        }
    }

    /// The operator's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The file's SHA-256, if it could be read.
    pub const fn sha256(&self) -> Option<Digest> {
        self.sha256
    }

    /// What the plugin says about itself: name, version, carrier, ABI. Known if its bytes are fine.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_deref()
    }

    /// What the strict policy refuses.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// What vouches for the file's content.
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Which process it runs in. Known if it may be loaded.
    pub const fn isolation(&self) -> Option<Isolation> {
        self.isolation
    }

    /// How far it came.
    pub const fn state(&self) -> &EntryState {
        &self.state
    }

    /// `discovered`, `verified`, `active`, `not_chosen` or `faulted`. An active plugin that is quarantined by now
    /// counts as faulted.
    pub fn state_name(&self) -> &'static str {
        match &self.state {
            EntryState::Discovered => "discovered",
            EntryState::Verified(_) => "verified",
            // Asked anew, because a plugin may be quarantined at any time.
            EntryState::Active(plugin) if plugin.ready().is_err() => "faulted",
            EntryState::Active(_) => "active",
            EntryState::NotChosen { .. } => "not_chosen",
            EntryState::Faulted(_) => "faulted",
        }
    }

    /// Why it is faulted and what to do, or which file was chosen instead.
    pub fn reason(&self) -> Option<String> {
        match &self.state {
            EntryState::Discovered | EntryState::Verified(_) => None,
            EntryState::Active(plugin) => plugin.ready().err().map(|failure| failure.message),
            EntryState::NotChosen { chosen } => {
                Some(format!("not loaded: {} is chosen", chosen.display()))
            }
            EntryState::Faulted(fault) => Some(fault.to_string()),
        }
    }

    /// The plugin, if it was loaded.
    pub const fn plugin(&self) -> Option<&Plugin> {
        match &self.state {
            EntryState::Active(plugin) => Some(plugin),
            EntryState::Discovered
            | EntryState::Verified(_)
            | EntryState::NotChosen { .. }
            | EntryState::Faulted(_) => None,
        }
    }

    /// The bytes and the manifest of a file that may be loaded.
    pub(crate) const fn verified(&self) -> Option<&VerifiedFile> {
        match &self.state {
            EntryState::Verified(verified) => Some(verified),
            EntryState::Discovered
            | EntryState::Active(_)
            | EntryState::NotChosen { .. }
            | EntryState::Faulted(_) => None,
        }
    }

    /// Lets go of what only loading needs. Nothing could load it by mistake: the private copy is compared with the
    /// digest.
    pub(crate) fn forget_bytes(&mut self) {
        if let EntryState::Verified(file) = &mut self.state {
            file.bytes = Vec::new();
            file.inspection.manifest_bytes = Vec::new();
        }
    }

    /// Another file was chosen for its plugin or carrier.
    pub(super) fn pass_over(&mut self, chosen: PathBuf) {
        self.state = EntryState::NotChosen { chosen };
    }

    pub(super) fn set_trust(&mut self, trust: Trust) {
        self.trust = trust;
    }

    pub(super) fn fault(&mut self, fault: impl Into<PluginFault>) {
        self.state = EntryState::Faulted(fault.into());
    }

    pub(super) const fn set_digest(&mut self, digest: Digest) {
        self.sha256 = Some(digest);
    }

    pub(super) const fn set_isolation(&mut self, isolation: Isolation) {
        self.isolation = Some(isolation);
    }

    pub(super) fn set_verified(&mut self, bytes: Vec<u8>, inspection: Inspection) {
        self.manifest = Some(Arc::clone(&inspection.manifest));
        self.reports = inspection.reports.clone();
        self.state = EntryState::Verified(Box::new(VerifiedFile { bytes, inspection }));
    }

    /// Takes the verified file out, to be activated or faulted.
    pub(super) fn take_verified(&mut self) -> Option<(Box<VerifiedFile>, Digest)> {
        let digest = self.sha256?;
        // Taken out, so that the bytes do not stay in memory beside the loaded library.
        match std::mem::replace(&mut self.state, EntryState::Discovered) {
            EntryState::Verified(verified) => Some((verified, digest)),
            other @ (EntryState::Discovered
            | EntryState::Active(_)
            | EntryState::NotChosen { .. }
            | EntryState::Faulted(_)) => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn set_active(&mut self, plugin: Plugin) {
        self.state = EntryState::Active(plugin);
    }

    /// One line for the log.
    pub(super) fn log(&self) {
        let file = self.file.display();
        match &self.state {
            EntryState::Active(plugin) => tracing::info!(%file, ?plugin, "plugin is active"),
            EntryState::NotChosen { chosen } => {
                tracing::info!(%file, chosen = %chosen.display(), "plugin file is not chosen");
            }
            EntryState::Faulted(fault) => {
                let plugin = self.manifest.as_ref().map(|manifest| &manifest.name);
                let version = self.manifest.as_ref().map(|manifest| &manifest.version);
                tracing::error!(%file, plugin, version, "plugin is not loaded: {fault}");
            }
            EntryState::Discovered | EntryState::Verified(_) => {}
        }
        // Also of a plugin that is active: the default policy only reports.
        for report in &self.reports {
            tracing::warn!(%file, "plugin: {report}");
        }
    }
}
