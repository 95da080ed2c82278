//! A plugin whose code may be called.

use crate::{
    Diagnosis, Host, Instance, InstanceOptions, Manifest, SignBody, WorkerStatus,
    handshake::{self, HandshakeError},
    health::Watch,
    host_table, instance,
    loaded::{Code, LoadedPlugin},
};
use gateway_model::{CarrierProfile, Digest, Failure};
use plugins_abi::Capabilities;
use std::{fmt, path::Path, sync::Arc};

/// An active plugin. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    loaded: Arc<LoadedPlugin>,
}

impl Plugin {
    /// A plugin that is linked into this program: the same checks and calls, without a file.
    ///
    /// The table must follow `waybill_plugin.h`, as the SDK's `static_plugin!` makes it; any
    /// other table is undefined behaviour.
    ///
    /// # Errors
    /// When the table fails the handshake.
    pub fn from_static(
        table: &'static plugins_abi::Plugin,
        host: &Host,
    ) -> Result<Self, HandshakeError> {
        // SAFETY: a reference that lives for ever, and by this function's documentation.
        let (table, manifest) = unsafe { handshake::check(table, None) }?;
        let health = host.health(&manifest.name, Watch::Pool);
        LoadedPlugin::new(
            Code::InProcess(table),
            host,
            health,
            Arc::new(manifest),
            None,
        )
        .map(Self::new)
    }

    pub(crate) fn new(loaded: LoadedPlugin) -> Self {
        Self {
            loaded: Arc::new(loaded),
        }
    }

    /// What the plugin says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    /// What the data plane works by.
    pub fn profile(&self) -> &Arc<CarrierProfile> {
        &self.loaded.profile
    }

    /// What the carrier's answers mean to people, and harmless calls.
    pub fn diagnosis(&self) -> &Arc<Diagnosis> {
        &self.loaded.diagnosis
    }

    /// Whether a person can consent: [`Instance::authorize_url`] and [`crate::AuthorizationReason::AuthCode`].
    pub fn supports_auth_code(&self) -> bool {
        self.loaded.can(Capabilities::AUTH_CODE)
    }

    /// Whether a grant can be given back: [`crate::AuthorizationReason::Revoke`].
    pub fn supports_revoke(&self) -> bool {
        self.loaded.can(Capabilities::REVOKE)
    }

    /// How much of a request's content its signatures need; `None`: it signs no requests.
    pub fn signs(&self) -> Option<SignBody> {
        self.loaded.signs()
    }

    /// The operator's file; none for a plugin that is linked in.
    pub fn path(&self) -> Option<&Path> {
        Some(&self.loaded.file.as_ref()?.path)
    }

    /// Of the bytes that were loaded; none for a plugin that is linked in.
    pub fn sha256(&self) -> Option<Digest> {
        Some(self.loaded.file.as_ref()?.sha256)
    }

    /// What is known of its worker process; none if its code runs in this process.
    pub fn worker(&self) -> Option<WorkerStatus> {
        self.loaded.worker()
    }

    /// Whether authorizations may begin now.
    ///
    /// # Errors
    /// Why not: the plugin hung, gave up, or failed too often.
    pub fn ready(&self) -> Result<(), Failure> {
        self.loaded.health.admit()
    }

    /// Waits until the plugin has run the destructors of what was dropped before. It blocks.
    pub fn settle(&self) {
        // Twice: an operation's destructor runs first, and then that of an instance which only it kept.
        for _ in 0..2 {
            // A plugin that is given up runs no more destructors.
            let _ = (self.loaded.host).call_blocking(&self.loaded.health, || ());
        }
    }

    /// Whether the plugin would work with a host of this version; for conformance checks, in a
    /// process that serves no requests. `None` for a plugin that is linked in or runs in a worker process.
    ///
    /// # Errors
    /// When the plugin died of the question.
    pub fn accepts_host(&self, abi_major: u32, abi_minor: u32) -> Result<Option<bool>, Failure> {
        let file = self.loaded.file.as_ref();
        let Some(entry) = file.and_then(|file| file.entry) else {
            return Ok(None);
        };
        let asked = self
            .loaded
            .host
            .call_blocking(&self.loaded.health, move || {
                // Leaked on purpose: a plugin may keep the table that its entry point was given.
                let table = Box::leak(Box::new(host_table::table(abi_major, abi_minor)));
                // SAFETY: the entry point was called before; the table lives for ever.
                let answer = unsafe { entry(table) };
                // Enter again with the real table last: a plugin that keeps the table keeps the last one.
                // SAFETY: the same entry point, with the static table.
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
        let mut made = instance::make(&self.loaded, vec![options]);
        made.pop().expect("one instance was asked for")
    }

    /// Makes several instances in less time than one after another; the results are in order. Each may
    /// take as long as one alone. No more than some hundred at once: they are queued.
    pub fn instances(&self, each: Vec<InstanceOptions>) -> Vec<Result<Instance, Failure>> {
        instance::make(&self.loaded, each)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.loaded.manifest;
        write!(f, "Plugin({} {})", manifest.name, manifest.version)
    }
}
