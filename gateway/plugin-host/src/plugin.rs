//! A plugin whose code may be called.

use crate::{
    Digest, Host, Instance, InstanceOptions, Manifest,
    handshake::{self, HandshakeError, Table},
    health::Health,
    instance,
};
use gateway_model::{CarrierProfile, Failure};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// An active plugin. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) table: Table,
    pub(crate) host: Host,
    pub(crate) health: Arc<Health>,
    pub(crate) manifest: Manifest,
    profile: CarrierProfile,
    file: Option<(PathBuf, Digest)>,
}

impl Plugin {
    /// A plugin that is linked into this program: the same checks and calls, without a file.
    ///
    /// The table must follow `waybill_plugin.h`, as the SDK's `static_plugin!` makes it; what is not
    /// such a table is undefined behaviour, as for every table.
    ///
    /// # Errors
    /// When the table fails the handshake.
    pub fn from_static(
        table: &'static plugins_abi::Plugin,
        host: &Host,
    ) -> Result<Self, HandshakeError> {
        // SAFETY: a reference that lives for ever, and by this function's documentation.
        let (table, manifest) = unsafe { handshake::check(table, None) }?;
        let health = host.health(&manifest.name);
        Self::new(table, host, health, manifest, None)
    }

    pub(crate) fn new(
        table: Table,
        host: &Host,
        health: Arc<Health>,
        manifest: Manifest,
        file: Option<(PathBuf, Digest)>,
    ) -> Result<Self, HandshakeError> {
        let shared = Shared {
            table,
            host: host.clone(),
            health,
            profile: manifest.profile()?,
            manifest,
            file,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// What the plugin says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.shared.manifest
    }

    /// What the data plane works by.
    pub fn profile(&self) -> &CarrierProfile {
        &self.shared.profile
    }

    /// The operator's file; none for a plugin that is linked in.
    pub fn path(&self) -> Option<&Path> {
        let (path, _) = self.shared.file.as_ref()?;
        Some(path)
    }

    /// Of the bytes that were loaded; none for a plugin that is linked in.
    pub fn sha256(&self) -> Option<Digest> {
        let (_, digest) = self.shared.file.as_ref()?;
        Some(*digest)
    }

    /// Whether authorizations may begin now.
    ///
    /// # Errors
    /// Why not: the plugin hung, gave up, or failed too often.
    pub fn ready(&self) -> Result<(), Failure> {
        self.shared.health.admit()
    }

    /// Makes an instance for one account. It blocks while the plugin reads its configuration: some
    /// microseconds, at most two seconds.
    ///
    /// # Errors
    /// When the plugin does not accept the configuration, or is quarantined.
    pub fn instance(&self, options: InstanceOptions) -> Result<Instance, Failure> {
        instance::make(&self.shared, options)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.shared.manifest;
        write!(f, "Plugin({} {})", manifest.name, manifest.version)
    }
}
