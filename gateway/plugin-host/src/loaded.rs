//! A plugin whose code may be called: what every call, instance and authorization works on.

use crate::{
    Diagnosis, Host, Manifest, SignBody,
    handshake::{HandshakeError, Table},
    health::Health,
};
use gateway_model::{CarrierProfile, Digest, Failure, FailureClass};
use plugins_abi::EntryPoint;
use std::{path::PathBuf, sync::Arc};

/// The functions of a plugin that passed the handshake, with its manifest and its record of bugs.
pub(crate) struct LoadedPlugin {
    pub(crate) table: Table,
    pub(crate) host: Host,
    pub(crate) health: Arc<Health>,
    pub(crate) manifest: Manifest,
    pub(crate) profile: CarrierProfile,
    pub(crate) diagnosis: Diagnosis,
    pub(crate) file: Option<LibraryFile>,
}

/// The library that a plugin's code came from.
pub(crate) struct LibraryFile {
    pub(crate) path: PathBuf,
    pub(crate) sha256: Digest,
    pub(crate) entry: EntryPoint,
}

impl LoadedPlugin {
    pub(crate) fn new(
        table: Table,
        host: &Host,
        health: Arc<Health>,
        manifest: Manifest,
        file: Option<LibraryFile>,
    ) -> Result<Self, HandshakeError> {
        Ok(Self {
            table,
            host: host.clone(),
            health,
            // Made once, at the load: a manifest that contradicts itself must not become active.
            profile: manifest.profile()?,
            diagnosis: manifest.diagnosis()?,
            manifest,
            file,
        })
    }

    /// How much of a request's content its signatures need; `None`: it signs no requests.
    pub(crate) fn signs(&self) -> Option<SignBody> {
        self.table.sign.map(|_| self.manifest.signing.body)
    }

    /// Accepts one of the manifest's slots, and the empty name if there is only one slot.
    pub(crate) fn check_slot(&self, slot: &str) -> Result<(), Failure> {
        let slots = &self.manifest.slots;
        let only = slot.is_empty() && slots.len() == 1;
        if only || slots.iter().any(|known| known == slot) {
            return Ok(());
        }
        let (name, known) = (&self.manifest.name, slots.join(", "));
        let message = format!("plugin {name} has the slots {known}: name one");
        Err(Failure::new(FailureClass::Config, "unknown_slot", message))
    }
}
