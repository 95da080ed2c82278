//! What a plugin emits during a call.

use crate::{Bytes, Header};
use core::ffi::c_void;

/// `waybill_status`: what a call returned.
// Transparent, and no enum: a plugin may return any number, and an unknown one must count as `PANIC`.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// Done as asked.
    pub const OK: Self = Self(0);
    /// The failure was emitted through the sink.
    pub const FAILED: Self = Self(1);
    /// The handle is unusable: only its `free` may follow. Unknown values count as this one.
    pub const PANIC: Self = Self(2);
    /// The plugin does not know that operation or event.
    pub const UNSUPPORTED: Self = Self(3);
}

/// Bits of [`HttpRequest::flags`].
#[derive(Clone, Copy, Debug)]
pub struct RequestFlags;

impl RequestFlags {
    /// The content holds a secret.
    pub const SECRET_BODY: u32 = 1;
    /// Presenting the request twice does no harm.
    pub const RETRYABLE: u32 = 2;
}

/// `waybill_http_request`: a request that the plugin wants made.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// Bits of [`RequestFlags`].
    pub flags: u32,
    /// The plugin's choice; not reused within the operation.
    pub req_id: u64,
    /// HTTP method.
    pub method: Bytes,
    /// Absolute URL on a host that the manifest and the operator allow.
    pub url: Bytes,
    /// Fields; null only if `n_headers` is 0.
    pub headers: *const Header,
    /// How many fields.
    pub n_headers: usize,
    /// Content.
    pub body: Bytes,
    /// Milliseconds; 0 = the host's default, which is also the most it grants.
    pub timeout_ms: u32,
    /// Zero.
    pub reserved: u32,
}

/// Bits of [`Credential::flags`].
#[derive(Clone, Copy, Debug)]
pub struct CredentialFlags;

impl CredentialFlags {
    /// The query is to be applied.
    pub const APPLY_QUERY: u32 = 1;
}

/// `waybill_credential`: what a successful operation yields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Credential {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// Bits of [`CredentialFlags`].
    pub flags: u32,
    /// Fields for every request to the carrier.
    pub headers: *const Header,
    /// How many fields.
    pub n_headers: usize,
    /// Milliseconds from the begin of the operation; `u64::MAX` = no end.
    pub ttl_ms: u64,
    /// Milliseconds; 0 = the host decides.
    pub refresh_after_ms: u64,
    /// Kept sealed by the host and handed to the next operation.
    pub state: Bytes,
    /// Query parameters for every request.
    pub query: *const Header,
    /// How many parameters.
    pub n_query: usize,
    /// One of [`GrantChange`].
    pub grant: u32,
    /// Zero.
    pub reserved: u32,
    /// Milliseconds from the begin of the operation that a replaced grant lives; 0 and `u64::MAX` =
    /// unknown.
    pub grant_ttl_ms: u64,
    /// Empty, or a JSON object with what the carrier said about the token; no secrets.
    pub facts: Bytes,
    /// The slots other than the first; null only if `n_slots` is 0. Since minor 1.
    pub slots: *const Slot,
    /// How many slots.
    pub n_slots: usize,
}

/// `waybill_slot`: fixed layout. What became of a slot other than the first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its place in the manifest's list; never 0.
    // This struct has no size member and can never grow, because senders pass arrays of it.
    pub slot: u32,
    /// Zero.
    pub reserved: u32,
    /// Milliseconds from the begin of the operation; 0 = as long as the credential.
    pub ttl_ms: u64,
    /// Why the slot has no fields; null if it has.
    pub failure: *const Failure,
}

/// Values of [`Credential::grant`]: what became of a grant that works once.
#[derive(Clone, Copy, Debug)]
pub struct GrantChange;

impl GrantChange {
    /// There is none.
    // Zero, because most plugins have no such grant and leave the member out.
    pub const NOT_SINGLE_USE: u32 = 0;
    /// The state holds a new one.
    pub const REPLACED: u32 = 1;
    /// The old one stays good, and the state holds it.
    pub const KEPT: u32 = 2;
    /// It is used up, and no new one came. Unknown values count as this one.
    pub const GONE: u32 = 3;
}

/// Values of [`Failure::grant`]: what became of a grant that works once, if it was presented.
#[derive(Clone, Copy, Debug)]
pub struct GrantFate;

impl GrantFate {
    /// The host judges. Unknown values count as this one.
    // The cautious case is zero: a plugin that says nothing must not make a refresh token count as unharmed.
    pub const HOST_DECIDES: u32 = 0;
    /// The carrier did not use it up.
    pub const UNHARMED: u32 = 1;
    /// The carrier does not honour it any more.
    pub const REFUSED: u32 = 2;
}

/// Values of [`Failure::fail_class`].
#[derive(Clone, Copy, Debug)]
pub struct FailClass;

impl FailClass {
    /// Passing.
    pub const TRANSIENT: u32 = 1;
    /// The carrier refused the credentials.
    pub const REJECTED: u32 = 2;
    /// The configuration cannot work.
    pub const CONFIG: u32 = 3;
    /// The answer was not understood.
    pub const PROTOCOL: u32 = 4;
    /// The plugin is at fault. Unknown values count as this one.
    pub const BUG: u32 = 5;
    /// A person must consent again.
    pub const INTERACTION: u32 = 6;
}

/// `waybill_failure`: why an operation ended without a credential.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// One of [`FailClass`].
    pub fail_class: u32,
    /// Stable code.
    pub code: Bytes,
    /// For people; never a secret, never a body.
    pub message: Bytes,
    /// Milliseconds that the carrier asked to wait; 0 = it said nothing.
    pub retry_after_ms: u64,
    /// One of [`GrantFate`].
    pub grant: u32,
    /// Zero.
    pub reserved: u32,
}

/// `waybill_sink`: valid during the call it is passed to, on that thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// To be passed back as it is.
    pub ctx: *mut c_void,
    /// Asks for an HTTP request.
    pub http: Option<unsafe extern "C" fn(ctx: *mut c_void, request: *const HttpRequest)>,
    /// Asks for a timer event after `delay_ms` milliseconds.
    pub timer: Option<unsafe extern "C" fn(ctx: *mut c_void, req_id: u64, delay_ms: u64)>,
    /// Takes a request or timer back.
    pub cancel: Option<unsafe extern "C" fn(ctx: *mut c_void, req_id: u64)>,
    /// Ends the operation with a credential.
    pub done: Option<unsafe extern "C" fn(ctx: *mut c_void, credential: *const Credential)>,
    /// Ends the operation with a failure.
    pub failed: Option<unsafe extern "C" fn(ctx: *mut c_void, failure: *const Failure)>,
}
