//! Handles that a plugin made. Each is given back once, on the pool.

use crate::loaded::LoadedPlugin;
use plugins_abi::{Instance, Op};
use std::{ptr::NonNull, sync::Arc};

/// Owns an instance of the plugin.
pub(crate) struct InstanceHandle {
    pointer: NonNull<Instance>,
    plugin: Arc<LoadedPlugin>,
}

// SAFETY: the C header allows calls on an instance from any thread, several at a time.
unsafe impl Send for InstanceHandle {}
// SAFETY: the C header allows calls on an instance from any thread, several at a time.
unsafe impl Sync for InstanceHandle {}

impl InstanceHandle {
    pub(super) const fn new(pointer: NonNull<Instance>, plugin: Arc<LoadedPlugin>) -> Self {
        Self { pointer, plugin }
    }

    pub(crate) fn plugin(&self) -> &Arc<LoadedPlugin> {
        &self.plugin
    }

    /// For a call that may run beside others; valid as long as the handle lives.
    pub(crate) const fn as_ptr(&self) -> *mut Instance {
        self.pointer.as_ptr()
    }
}

impl Drop for InstanceHandle {
    fn drop(&mut self) {
        let (pointer, free) = (SendPointer(self.pointer), self.plugin.table.instance_free);
        // On the pool: the destructor is the plugin's code and may hang.
        self.plugin.host.free(&self.plugin.health, move || {
            // SAFETY: every operation and every caller of `sign` held this handle, so none is left; freed
            // once, here.
            unsafe { free(pointer.get()) };
        });
    }
}

/// Owns an operation, and keeps its instance.
pub(crate) struct OpHandle {
    pointer: NonNull<Op>,
    instance: Arc<InstanceHandle>,
}

// SAFETY: the C header allows one call at a time on an operation, from changing threads. Calls take the
// handle by value.
unsafe impl Send for OpHandle {}

impl OpHandle {
    pub(super) const fn new(pointer: NonNull<Op>, instance: Arc<InstanceHandle>) -> Self {
        Self { pointer, instance }
    }

    pub(super) fn plugin(&self) -> &LoadedPlugin {
        &self.instance.plugin
    }

    pub(super) const fn as_ptr(&self) -> *mut Op {
        self.pointer.as_ptr()
    }
}

impl Drop for OpHandle {
    fn drop(&mut self) {
        let instance = Arc::clone(&self.instance);
        let (pointer, free) = (SendPointer(self.pointer), instance.plugin.table.op_free);
        let plugin = Arc::clone(&instance.plugin);
        plugin.host.free(&plugin.health, move || {
            // SAFETY: a handle that the plugin gave out, in no call now; freed once, here.
            unsafe { free(pointer.get()) };
            // The operation borrows from its instance, so the instance must outlive `op_free`.
            drop(instance);
        });
    }
}

/// A pointer on its way to the pool.
struct SendPointer<T>(NonNull<T>);

// SAFETY: only passed back to the plugin, which allows any thread for it.
unsafe impl<T> Send for SendPointer<T> {}

impl<T> SendPointer<T> {
    /// A method, because a closure that used the field would capture the bare pointer, which is not `Send`.
    const fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}
