//! Handles: the plugin's values as opaque pointers in the gateway's hands.

use super::op::Operation;
use plugins_abi::{Instance, Op};
use std::sync::Arc;

/// Gives an instance away; [`instance_back`] takes it.
pub(super) fn instance_out<P>(plugin: Arc<P>) -> *mut Instance {
    Arc::into_raw(plugin).cast::<Instance>().cast_mut()
}

/// # Safety
/// `instance` came from [`instance_out`] of the same `P` and was not taken back.
pub(super) unsafe fn instance_shared<P>(instance: *const Instance) -> Arc<P> {
    let plugin = instance.cast::<P>();
    // SAFETY: the handle owns one count, so the value is alive.
    unsafe { Arc::increment_strong_count(plugin) };
    // SAFETY: the count just added is the one taken here.
    unsafe { Arc::from_raw(plugin) }
}

/// Without counting: the count would be written by every thread that serves requests.
///
/// # Safety
/// As for [`instance_shared`], and the handle is not given back during `'a`.
pub(super) unsafe fn instance_lent<'a, P>(instance: *const Instance) -> &'a P {
    // SAFETY: the handle owns one count, so the value is alive; it is only ever shared.
    unsafe { &*instance.cast::<P>() }
}

/// # Safety
/// As for [`instance_shared`]; the handle is not used again.
pub(super) unsafe fn instance_back<P>(instance: *const Instance) -> Arc<P> {
    // SAFETY: takes the count that the handle owned.
    unsafe { Arc::from_raw(instance.cast::<P>()) }
}

/// Gives an operation away; [`op_back`] takes it.
pub(super) fn op_out(operation: Operation) -> *mut Op {
    Box::into_raw(Box::new(operation)).cast()
}

/// # Safety
/// `op` came from [`op_out`], was not taken back, and no other call uses it meanwhile.
pub(super) unsafe fn op_borrowed<'a>(op: *mut Op) -> &'a mut Operation {
    // SAFETY: alive and exclusive by this function's contract.
    unsafe { &mut *op.cast::<Operation>() }
}

/// # Safety
/// As for [`op_borrowed`]; the handle is not used again.
pub(super) unsafe fn op_back(op: *mut Op) -> Box<Operation> {
    // SAFETY: made by `Box::into_raw` in `op_out`.
    unsafe { Box::from_raw(op.cast()) }
}
