//! A plugin whose code may be called.

use crate::{
    Diagnosis, Digest, Host, Instance, InstanceOptions, Manifest, SignBody,
    handshake::{self, HandshakeError, Table},
    health::Health,
    host_table, instance,
};
use gateway_model::{CarrierProfile, Failure};
use plugins_abi::{Capabilities, EntryPoint};
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
    diagnosis: Diagnosis,
    file: Option<Loaded>,
}

/// Where a plugin's code came from.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) sha256: Digest,
    pub(crate) entry: EntryPoint,
}

impl Shared {
    pub(crate) fn signs(&self) -> Option<SignBody> {
        self.table.sign.map(|_| self.manifest.signing.body)
    }
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
        file: Option<Loaded>,
    ) -> Result<Self, HandshakeError> {
        let shared = Shared {
            table,
            host: host.clone(),
            health,
            profile: manifest.profile()?,
            diagnosis: manifest.diagnosis()?,
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

    /// What the carrier's answers mean to people, and harmless calls.
    pub fn diagnosis(&self) -> &Diagnosis {
        &self.shared.diagnosis
    }

    /// Whether a person can consent: [`Instance::authorize_url`] and [`crate::Reason::AuthCode`].
    pub fn supports_auth_code(&self) -> bool {
        self.shared.table.can(Capabilities::AUTH_CODE)
    }

    /// Whether a grant can be given back: [`crate::Reason::Revoke`].
    pub fn supports_revoke(&self) -> bool {
        self.shared.table.can(Capabilities::REVOKE)
    }

    /// How much of a request's content its signatures need; `None`: it signs no requests.
    pub fn signs(&self) -> Option<SignBody> {
        self.shared.signs()
    }

    /// The operator's file; none for a plugin that is linked in.
    pub fn path(&self) -> Option<&Path> {
        Some(&self.shared.file.as_ref()?.path)
    }

    /// Of the bytes that were loaded; none for a plugin that is linked in.
    pub fn sha256(&self) -> Option<Digest> {
        Some(self.shared.file.as_ref()?.sha256)
    }

    /// Whether authorizations may begin now.
    ///
    /// # Errors
    /// Why not: the plugin hung, gave up, or failed too often.
    pub fn ready(&self) -> Result<(), Failure> {
        self.shared.health.admit()
    }

    /// Whether the plugin would work with a host of this version; for conformance checks, in a
    /// process that serves nobody. `None` for a plugin that is linked in.
    ///
    /// # Errors
    /// When the plugin died of the question.
    pub fn accepts_host(&self, abi_major: u32, abi_minor: u32) -> Result<Option<bool>, Failure> {
        let Some(loaded) = &self.shared.file else {
            return Ok(None);
        };
        let entry = loaded.entry;
        let asked = self
            .shared
            .host
            .call_blocking(&self.shared.health, move || {
                // Kept for ever: the plugin may keep it as long.
                let table = Box::leak(Box::new(host_table::table(abi_major, abi_minor)));
                // SAFETY: the entry point was called before; the table lives for ever.
                let answer = unsafe { entry(table) };
                // SAFETY: as above. Whoever remembers the last table has the right one again.
                unsafe { entry(&raw const host_table::TABLE) };
                !answer.is_null()
            });
        asked.map(Some)
    }

    /// Makes an instance for one account. It blocks while the plugin reads its configuration: some
    /// microseconds, at most two seconds.
    ///
    /// # Errors
    /// When the plugin does not accept the configuration, or is quarantined.
    pub fn instance(&self, options: InstanceOptions) -> Result<Instance, Failure> {
        let mut made = instance::make(&self.shared, vec![options]);
        made.pop().expect("one instance was asked for")
    }

    /// Makes several instances in less time than one after another; the results are in order. Each may
    /// take as long as one alone. No more than some hundred at once: they are queued.
    pub fn instances(&self, each: Vec<InstanceOptions>) -> Vec<Result<Instance, Failure>> {
        instance::make(&self.shared, each)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.shared.manifest;
        write!(f, "Plugin({} {})", manifest.name, manifest.version)
    }
}
