//! One file and how far it came.

use crate::{
    FileError, HandshakeError, Inspection, Manifest, Plugin, PrivateCopyError, Refusal, Report,
};
use gateway_model::{CarrierId, Digest};
use std::path::{Path, PathBuf};

/// Why a plugin is not active.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginFault {
    /// The file may not be read, or cannot be.
    #[error(transparent)]
    File(#[from] FileError),
    /// The check of its bytes refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its content is not the pinned one.
    #[error(
        "its SHA-256 is {found}, but {name} is pinned to {pinned}: restore the file, or pin the new \
         content after checking where it came from"
    )]
    Pin {
        /// The plugin's name.
        name: String,
        /// What the operator allows.
        pinned: Digest,
        /// What the file has.
        found: Digest,
    },
    /// Pins are required, and it has none.
    #[error("{name} has no pin: pin {found} if that is the file you want")]
    Unpinned {
        /// The plugin's name.
        name: String,
        /// What the file has.
        found: Digest,
    },
    /// Another file has the same name in its manifest.
    #[error("{other} is called {name} too: remove one of them")]
    SameName {
        /// The name.
        name: String,
        /// The other file.
        other: PathBuf,
    },
    /// Another file serves the same carrier.
    #[error("{other} serves carrier {carrier} too: remove one of them")]
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
    /// Loading did not end, or the plugin gave up.
    #[error("{0}")]
    Lost(String),
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
    /// Refused, at any of the stages.
    Faulted(PluginFault),
}

/// A file that may be loaded, with the bytes that were checked.
pub struct VerifiedFile {
    pub(super) bytes: Vec<u8>,
    pub(super) inspection: Inspection,
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
    manifest: Option<Manifest>,
    reports: Vec<Report>,
    state: EntryState,
}

impl CatalogEntry {
    pub(super) const fn new(file: PathBuf) -> Self {
        Self {
            file,
            sha256: None,
            manifest: None,
            reports: Vec::new(),
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
    pub const fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// What the strict policy refuses.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// How far it came.
    pub const fn state(&self) -> &EntryState {
        &self.state
    }

    /// `discovered`, `verified`, `active` or `faulted`. An active plugin that is quarantined by now
    /// counts as faulted.
    pub fn state_name(&self) -> &'static str {
        match &self.state {
            EntryState::Discovered => "discovered",
            EntryState::Verified(_) => "verified",
            // Asked anew, because a plugin may be quarantined at any time.
            EntryState::Active(plugin) if plugin.ready().is_err() => "faulted",
            EntryState::Active(_) => "active",
            EntryState::Faulted(_) => "faulted",
        }
    }

    /// Why it is faulted, and what to do.
    pub fn reason(&self) -> Option<String> {
        match &self.state {
            EntryState::Discovered | EntryState::Verified(_) => None,
            EntryState::Active(plugin) => plugin.ready().err().map(|failure| failure.message),
            EntryState::Faulted(fault) => Some(fault.to_string()),
        }
    }

    /// The plugin, if it was loaded.
    pub const fn plugin(&self) -> Option<&Plugin> {
        match &self.state {
            EntryState::Active(plugin) => Some(plugin),
            EntryState::Discovered | EntryState::Verified(_) | EntryState::Faulted(_) => None,
        }
    }

    /// The manifest of a file that may be loaded.
    pub(super) const fn verified(&self) -> Option<&Manifest> {
        match &self.state {
            EntryState::Verified(verified) => Some(&verified.inspection.manifest),
            EntryState::Discovered | EntryState::Active(_) | EntryState::Faulted(_) => None,
        }
    }

    pub(super) fn fault(&mut self, fault: impl Into<PluginFault>) {
        self.state = EntryState::Faulted(fault.into());
    }

    pub(super) const fn set_digest(&mut self, digest: Digest) {
        self.sha256 = Some(digest);
    }

    pub(super) fn set_verified(&mut self, bytes: Vec<u8>, inspection: Inspection) {
        self.manifest = Some(inspection.manifest.clone());
        self.reports = inspection.reports.clone();
        self.state = EntryState::Verified(Box::new(VerifiedFile { bytes, inspection }));
    }

    /// Takes the verified file out, to be activated or faulted.
    pub(super) fn take_verified(&mut self) -> Option<(Box<VerifiedFile>, Digest)> {
        let digest = self.sha256?;
        // Taken out, so that the bytes do not stay in memory beside the loaded library.
        match std::mem::replace(&mut self.state, EntryState::Discovered) {
            EntryState::Verified(verified) => Some((verified, digest)),
            other @ (EntryState::Discovered | EntryState::Active(_) | EntryState::Faulted(_)) => {
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
            EntryState::Faulted(fault) => tracing::error!(%file, "plugin is not loaded: {fault}"),
            EntryState::Discovered | EntryState::Verified(_) => {}
        }
        // Also of a plugin that is active: the default policy only reports.
        for report in &self.reports {
            tracing::warn!(%file, "plugin: {report}");
        }
    }
}
