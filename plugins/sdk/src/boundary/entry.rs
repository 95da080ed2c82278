//! The table's functions and the entry point.

use super::{
    consent::authorize_url,
    emit::{Emitter, size},
    guard::{dropped, guarded, install_hook},
    handles::{instance_back, instance_out, instance_shared, op_back, op_borrowed, op_out},
    host::{HostServices, keep},
    op::Operation,
    read::{begin_args, completion, prefix},
    signer::sign,
};
use crate::{CarrierAuth, config, log::Bridge, manifest::required_minor, task::Task};
use plugins_abi::{
    ABI_MAJOR, ABI_MINOR, Begin, Bytes, Capabilities, Event, Host, Instance, MAGIC, Op, Plugin,
    Sink, Status,
};
use std::{
    ptr,
    sync::{Arc, Once},
};

/// The table of a plugin type; for the macros.
pub const fn table<P: CarrierAuth>(manifest: &'static [u8]) -> Plugin {
    let signs = if P::SIGNS { Capabilities::SIGN } else { 0 };
    let consents = if P::CONSENTS {
        Capabilities::AUTH_CODE
    } else {
        0
    };
    let revokes = if P::REVOKES { Capabilities::REVOKE } else { 0 };
    Plugin {
        struct_size: size::<Plugin>(),
        magic: MAGIC,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        requires_minor: required_minor(manifest),
        reserved: 0,
        capabilities: Capabilities::TOKEN | signs | consents | revokes,
        manifest: Bytes::new(manifest),
        instance_new: Some(instance_new::<P>),
        instance_free: Some(instance_free::<P>),
        op_begin: Some(op_begin::<P>),
        op_resume: Some(op_resume),
        op_free: Some(op_free),
        sign: if P::SIGNS { Some(sign::<P>) } else { None },
        authorize_url: if P::CONSENTS {
            Some(authorize_url::<P>)
        } else {
            None
        },
    }
}

/// Hands a host table to plugins made by [`crate::static_plugin!`]; a later one replaces it.
///
/// # Safety
/// `host` is a host table by the header file and lives until the process ends.
pub unsafe fn attach(host: *const Host) {
    // SAFETY: passed on from this function's caller.
    unsafe { keep(host) };
}

/// The entry point of a loaded library; for [`crate::export_plugin!`]. Null if the host's major is
/// another one.
///
/// # Safety
/// `host` is null or a host table that lives until the process ends.
pub unsafe fn enter_library(host: *const Host, plugin: &'static Plugin) -> *const Plugin {
    static ONCE: Once = Once::new();
    // SAFETY: null, or a table by the contract.
    let table = unsafe { prefix(host) };
    // Checked before the table is kept: the functions of another major may differ.
    if table.abi_major != ABI_MAJOR {
        return ptr::null();
    }
    // SAFETY: passed on from this function's caller.
    unsafe { keep(host) };
    let prepared = guarded(|| {
        ONCE.call_once(|| {
            install_hook();
            // Fails only if the author set a subscriber first, which is then the wanted one.
            let _ = tracing::subscriber::set_global_default(Bridge::new(HostServices));
        });
    });
    if prepared.is_ok() {
        plugin
    } else {
        ptr::null()
    }
}

unsafe extern "C" fn instance_new<P: CarrierAuth>(
    config_json: Bytes,
    err: *const Sink,
    out: *mut *mut Instance,
) -> Status {
    if out.is_null() {
        return Status::UNSUPPORTED;
    }
    // SAFETY: `out` is the gateway's, valid for one write.
    // Null first: the gateway frees whatever stands here, also after a failure.
    unsafe { out.write(ptr::null_mut()) };
    // SAFETY: the gateway's bytes, valid during the call.
    let json = unsafe { config_json.as_slice() };
    // SAFETY: used during this call only.
    let emitter = unsafe { Emitter::new(err) };
    let (error, status) = match guarded(|| P::new(config::parse(json)?)) {
        Ok(Ok(plugin)) => {
            let instance = instance_out(Arc::new(plugin));
            // SAFETY: by the contract of this function.
            unsafe { out.write(instance) };
            return Status::OK;
        }
        Ok(Err(error)) => (error, Status::FAILED),
        Err(panic) => (panic, Status::PANIC),
    };
    emitter.failed(&error);
    status
}

unsafe extern "C" fn instance_free<P: CarrierAuth>(instance: *mut Instance) {
    if !instance.is_null() {
        // SAFETY: a live handle of this table's type, and its last use.
        dropped(unsafe { instance_back::<P>(instance) });
    }
}

unsafe extern "C" fn op_begin<P: CarrierAuth>(
    instance: *mut Instance,
    begin: *const Begin,
    sink: *const Sink,
    out: *mut *mut Op,
) -> Status {
    if instance.is_null() || out.is_null() {
        return Status::UNSUPPORTED;
    }
    // SAFETY: `out` is the gateway's, valid for one write.
    unsafe { out.write(ptr::null_mut()) };
    // SAFETY: used during this call only.
    let emitter = unsafe { Emitter::new(sink) };
    // SAFETY: the gateway's struct, by the contract.
    let begin = unsafe { prefix(begin) };
    // SAFETY: its members are valid during the call.
    let begin_args = unsafe { begin_args(&begin) };
    // SAFETY: a live handle of this table's type, by the contract.
    let plugin = unsafe { instance_shared::<P>(instance) };
    // Only makes the future; no author code runs before the first poll.
    let mut operation = Operation::new(Task::new(plugin, begin_args, Arc::new(HostServices)));
    let status = operation.advance(None, &emitter);
    let op = op_out(operation);
    // SAFETY: by the contract of this function.
    unsafe { out.write(op) };
    status
}

unsafe extern "C" fn op_resume(op: *mut Op, event: *const Event, sink: *const Sink) -> Status {
    if op.is_null() {
        return Status::UNSUPPORTED;
    }
    // SAFETY: used during this call only.
    let emitter = unsafe { Emitter::new(sink) };
    // SAFETY: the gateway's struct, by the contract.
    let event = unsafe { prefix(event) };
    // SAFETY: its members are valid during the call.
    let Some(completion) = (unsafe { completion(&event) }) else {
        return Status::UNSUPPORTED;
    };
    // SAFETY: a live handle; one call at a time, by the contract.
    let operation = unsafe { op_borrowed(op) };
    operation.advance(Some((event.req_id, completion)), &emitter)
}

unsafe extern "C" fn op_free(op: *mut Op) {
    if !op.is_null() {
        // SAFETY: a live handle, and its last use.
        drop(unsafe { op_back(op) });
    }
}
