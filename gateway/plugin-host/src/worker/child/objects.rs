//! What the plugin made, by the ids that the gateway chose.

use crate::handshake::Table;
use plugins_abi::{Instance, Op};
use std::{
    collections::HashMap,
    ptr::NonNull,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// The plugin, its instances and its operations, for both threads of a worker.
#[derive(Default)]
pub(super) struct Objects(RwLock<Found>);

/// What there is now.
#[derive(Default)]
pub(super) struct Found {
    table: Option<Table>,
    instances: HashMap<u64, NonNull<Instance>>,
    ops: HashMap<u64, NonNull<Op>>,
}

// SAFETY: the C header allows calls on an instance from any thread, and calls on an operation from changing
// threads; one thread alone uses operations.
unsafe impl Send for Found {}
// SAFETY: calls on an instance may run side by side, and one thread alone uses operations.
unsafe impl Sync for Found {}

impl Objects {
    /// As long as this is held, no instance is taken away.
    pub(super) fn held(&self) -> RwLockReadGuard<'_, Found> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> RwLockWriteGuard<'_, Found> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn table(&self) -> Option<Table> {
        self.held().table
    }

    pub(super) fn set_table(&self, table: Table) {
        self.changed().table = Some(table);
    }

    pub(super) fn instance(&self, id: u64) -> Option<NonNull<Instance>> {
        self.held().instances.get(&id).copied()
    }

    pub(super) fn op(&self, id: u64) -> Option<NonNull<Op>> {
        self.held().ops.get(&id).copied()
    }

    /// Whether there was one to keep.
    pub(super) fn keep_instance(&self, id: u64, made: Option<NonNull<Instance>>) -> bool {
        made.map(|made| self.changed().instances.insert(id, made))
            .is_some()
    }

    /// Whether there was one to keep.
    pub(super) fn keep_op(&self, id: u64, made: Option<NonNull<Op>>) -> bool {
        made.map(|made| self.changed().ops.insert(id, made))
            .is_some()
    }

    /// The instance when no call is on it any more.
    pub(super) fn take_instance(&self, id: u64) -> Option<NonNull<Instance>> {
        self.changed().instances.remove(&id)
    }

    pub(super) fn take_op(&self, id: u64) -> Option<NonNull<Op>> {
        self.changed().ops.remove(&id)
    }
}

impl Found {
    /// What a signature needs.
    pub(super) fn signer(&self, id: u64) -> Option<(Table, NonNull<Instance>)> {
        Some((self.table?, *self.instances.get(&id)?))
    }
}
