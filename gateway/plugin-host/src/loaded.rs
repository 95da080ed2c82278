//! A plugin whose code may be called: what every call, instance and authorization works on.

use crate::{
    Diagnosis, Host, Manifest, SignBody,
    handshake::{HandshakeError, Table},
    health::Health,
    sign_watch::SignWatch,
    worker::{SignLane, WorkerClient, WorkerStatus},
};
use gateway_model::{CarrierProfile, Digest, Failure, FailureClass};
use plugins_abi::EntryPoint;
use std::{path::PathBuf, sync::Arc};

/// A plugin that passed the handshake, with its manifest and its record of bugs.
pub(crate) struct LoadedPlugin {
    pub(crate) code: Code,
    pub(crate) host: Host,
    pub(crate) health: Arc<Health>,
    pub(crate) sign_watch: SignWatch,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) profile: Arc<CarrierProfile>,
    pub(crate) diagnosis: Arc<Diagnosis>,
    pub(crate) file: Option<LibraryFile>,
}

/// Where the plugin's code runs.
pub(crate) enum Code {
    /// Its functions are mapped here.
    InProcess(Table),
    /// Its functions are mapped in a process of their own, and in another one if it signs requests.
    Worker(Arc<WorkerClient>, Option<SignLane>),
}

/// The library that a plugin's code came from.
pub(crate) struct LibraryFile {
    pub(crate) path: PathBuf,
    pub(crate) sha256: Digest,
    /// None if another process loaded it.
    pub(crate) entry: Option<EntryPoint>,
}

impl LoadedPlugin {
    pub(crate) fn new(
        code: Code,
        host: &Host,
        health: Arc<Health>,
        manifest: Arc<Manifest>,
        file: Option<LibraryFile>,
    ) -> Result<Self, HandshakeError> {
        Ok(Self {
            code,
            host: host.clone(),
            health,
            sign_watch: SignWatch::new(),
            // Made once, at the load: a manifest that contradicts itself must not become active.
            profile: Arc::new(manifest.profile()?),
            diagnosis: Arc::new(manifest.diagnosis()?),
            manifest,
            file,
        })
    }

    /// Whether the plugin says that it can do all of these.
    pub(crate) fn can(&self, capabilities: u64) -> bool {
        let known = match &self.code {
            Code::InProcess(table) => table.capabilities,
            Code::Worker(client, _) => client.functions().capabilities,
        };
        known & capabilities == capabilities
    }

    /// How much of a request's content its signatures need; `None`: it signs no requests.
    pub(crate) fn signs(&self) -> Option<SignBody> {
        let signs = match &self.code {
            Code::InProcess(table) => table.sign.is_some(),
            Code::Worker(client, _) => client.functions().signs,
        };
        signs.then_some(self.manifest.signing.body)
    }

    /// What is known of the worker processes that run the plugin, if they do.
    pub(crate) fn worker(&self) -> Option<WorkerStatus> {
        let Code::Worker(client, lane) = &self.code else {
            return None;
        };
        let status = client.status();
        Some(match lane {
            Some(lane) => status.join(lane.client().status()),
            None => status,
        })
    }

    /// The way to the signer in another process.
    pub(crate) const fn sign_lane(&self) -> Option<&SignLane> {
        match &self.code {
            Code::InProcess(_) => None,
            Code::Worker(_, lane) => lane.as_ref(),
        }
    }

    /// Accepts one of the manifest's slots, and the empty name if there is only one slot.
    pub(crate) fn check_slot(&self, slot: &str) -> Result<(), Failure> {
        let slots = &self.manifest.slots;
        // The first is what an account is asked for; the others come with it.
        if slot.is_empty() || slots.iter().any(|known| known == slot) {
            return Ok(());
        }
        let (name, known) = (&self.manifest.name, slots.join(", "));
        let message = format!("plugin {name} has the slots {known}: name one");
        Err(Failure::new(FailureClass::Config, "unknown_slot", message))
    }
}
