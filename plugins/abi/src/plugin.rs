//! The plugin's own table.

use crate::{Begin, Bytes, Event, Host, SignRequest, SignSink, Sink, Status};
use core::{
    ffi::c_void,
    marker::{PhantomData, PhantomPinned},
};

/// `waybill_instance`: one configured account; any thread, several calls at a time.
#[repr(C)]
#[derive(Debug)]
pub struct Instance {
    _opaque: [u8; 0],
    // Neither `Send`, `Sync` nor `Unpin`: only the plugin knows what the pointer leads to.
    _not_moved: PhantomData<(*mut u8, PhantomPinned)>,
}

/// `waybill_op`: one authorization under way; one call at a time, not always from the same thread.
#[repr(C)]
#[derive(Debug)]
pub struct Op {
    _opaque: [u8; 0],
    _not_moved: PhantomData<(*mut u8, PhantomPinned)>,
}

/// Bits of [`Plugin::capabilities`].
#[derive(Clone, Copy, Debug)]
pub struct Capabilities;

impl Capabilities {
    /// Operations yield credentials.
    pub const TOKEN: u64 = 1;
    /// `sign` adds fields to every request.
    pub const SIGN: u64 = 2;
    /// Consent by authorization code.
    pub const AUTH_CODE: u64 = 4;
    /// Grants can be given back.
    pub const REVOKE: u64 = 8;
}

/// `waybill_plugin`: lives until the process ends.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// [`crate::MAGIC`].
    pub magic: u32,
    /// Must equal the host's.
    pub abi_major: u32,
    /// What the plugin was built with.
    pub abi_minor: u32,
    /// The lowest minor of the host that it can work with.
    pub requires_minor: u32,
    /// Zero.
    pub reserved: u32,
    /// Bits of [`Capabilities`].
    pub capabilities: u64,
    /// The JSON of the manifest section, byte by byte.
    // The host compares it with the section of the file, which it has read before any code ran.
    pub manifest: Bytes,
    /// Makes an instance from its configuration.
    pub instance_new: Option<
        unsafe extern "C" fn(
            config_json: Bytes,
            err: *const Sink,
            out: *mut *mut Instance,
        ) -> Status,
    >,
    /// After the last operation and the last sign of the instance.
    pub instance_free: Option<unsafe extern "C" fn(instance: *mut Instance)>,
    /// Begins an authorization.
    pub op_begin: Option<
        unsafe extern "C" fn(
            instance: *mut Instance,
            begin: *const Begin,
            sink: *const Sink,
            out: *mut *mut Op,
        ) -> Status,
    >,
    /// Tells the operation about an event.
    pub op_resume:
        Option<unsafe extern "C" fn(op: *mut Op, event: *const Event, sink: *const Sink) -> Status>,
    /// Exactly once per operation, between calls; before its end it means "cancel".
    // Not a function of its own for cancelling: so a cancelled operation cannot be forgotten.
    pub op_free: Option<unsafe extern "C" fn(op: *mut Op)>,
    /// Signs one request, on a thread that serves requests; concurrent. A panic ends this call only.
    pub sign: Option<
        unsafe extern "C" fn(
            instance: *const Instance,
            request: *const SignRequest,
            sink: *const SignSink,
        ) -> Status,
    >,
    /// Says where a person consents.
    pub authorize_url: Option<
        unsafe extern "C" fn(
            instance: *mut Instance,
            begin: *const Begin,
            ctx: *mut c_void,
            url: Option<unsafe extern "C" fn(ctx: *mut c_void, url: Bytes)>,
            err: *const Sink,
        ) -> Status,
    >,
}

/// The type of [`crate::ENTRY_SYMBOL`]. Null: the plugin cannot work with this host.
pub type EntryPoint = unsafe extern "C" fn(host: *const Host) -> *const Plugin;
