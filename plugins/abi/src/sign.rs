//! Per-request signing, for plugins with [`crate::Capabilities::SIGN`].

use crate::{Bytes, Failure, Header};
use core::ffi::c_void;

/// `waybill_sign_request`: the request to sign.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SignRequest {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// Zero.
    pub flags: u32,
    /// HTTP method.
    pub method: Bytes,
    /// The origin's: host, with the port if it is not the default.
    pub authority: Bytes,
    /// Path and query, as they are sent.
    pub path_and_query: Bytes,
    /// The fields that the manifest names, in its order; null only if `n_headers` is 0.
    pub headers: *const Header,
    /// How many fields.
    pub n_headers: usize,
    /// Pieces of the content, if the manifest asks for bytes.
    pub body: *const Bytes,
    /// How many pieces.
    pub n_body: usize,
    /// 32 bytes if the manifest asks for the hash, else null.
    pub body_sha256: *const u8,
    /// Milliseconds since the Unix epoch, by the gateway's clock.
    pub unix_ms: u64,
    /// Of the credential that is in the request.
    pub state: Bytes,
}

/// `waybill_sign_sink`: valid during the call it is passed to, on that thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SignSink {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// To be passed back as it is.
    pub ctx: *mut c_void,
    /// Sets a field in place of those of that name; flags are bits of [`crate::HeaderFlags`].
    pub set_header:
        Option<unsafe extern "C" fn(ctx: *mut c_void, name: Bytes, value: Bytes, flags: u64)>,
    /// The request cannot be signed; it is not sent.
    pub failed: Option<unsafe extern "C" fn(ctx: *mut c_void, failure: *const Failure)>,
    /// Sets a query parameter; gateways of minor 0 apply none, and the request fails.
    pub set_query: Option<unsafe extern "C" fn(ctx: *mut c_void, name: Bytes, value: Bytes)>,
}
