//! What the plugin made, by the ids that the gateway chose.

use plugins_abi::{Instance, Op};
use std::{collections::HashMap, ptr::NonNull};

/// Instances and operations.
#[derive(Default)]
pub(super) struct Objects {
    instances: HashMap<u64, NonNull<Instance>>,
    ops: HashMap<u64, NonNull<Op>>,
}

impl Objects {
    pub(super) fn instance(&self, id: u64) -> Option<NonNull<Instance>> {
        self.instances.get(&id).copied()
    }

    pub(super) fn op(&self, id: u64) -> Option<NonNull<Op>> {
        self.ops.get(&id).copied()
    }

    /// Whether there was one to keep.
    pub(super) fn keep_instance(&mut self, id: u64, made: Option<NonNull<Instance>>) -> bool {
        made.map(|made| self.instances.insert(id, made)).is_some()
    }

    /// Whether there was one to keep.
    pub(super) fn keep_op(&mut self, id: u64, made: Option<NonNull<Op>>) -> bool {
        made.map(|made| self.ops.insert(id, made)).is_some()
    }

    pub(super) fn take_instance(&mut self, id: u64) -> Option<NonNull<Instance>> {
        self.instances.remove(&id)
    }

    pub(super) fn take_op(&mut self, id: u64) -> Option<NonNull<Op>> {
        self.ops.remove(&id)
    }
}
