//! Where instances and operations are.

use crate::Limits;
use gateway_model::SecretBytes;
use std::sync::{Arc, Mutex, PoisonError};

/// An object in one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    generation: u64,
    id: u64,
}

impl Address {
    pub(super) const fn new(generation: u64, id: u64) -> Self {
        Self { generation, id }
    }

    pub(crate) const fn generation(self) -> u64 {
        self.generation
    }

    pub(crate) const fn id(self) -> u64 {
        self.id
    }
}

/// An operation in one worker. It ends with the worker.
pub(crate) type WorkerOp = Address;

/// An instance, in whichever worker runs: it keeps what it is made from.
pub(crate) struct WorkerInstance {
    config: Arc<SecretBytes>,
    limits: Limits,
    address: Mutex<Address>,
}

impl WorkerInstance {
    pub(super) const fn new(config: Arc<SecretBytes>, limits: Limits, address: Address) -> Self {
        Self {
            config,
            limits,
            address: Mutex::new(address),
        }
    }

    /// One that the worker's first call makes.
    pub(crate) const fn unmade(config: Arc<SecretBytes>, limits: Limits) -> Self {
        // No worker has generation zero.
        Self::new(config, limits, Address::new(0, 0))
    }

    pub(super) fn config(&self) -> &SecretBytes {
        &self.config
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn address(&self) -> Address {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn moved(&self, to: Address) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}
