//! What a plugin is told.

use crate::{Bytes, Header};

/// Values of [`Begin::reason`]; unknown ones count as `FETCH`.
#[derive(Clone, Copy, Debug)]
pub struct Reason;

// Constants and no Rust enum: the other side may be newer, and a number that an enum lacks would be
// undefined behaviour. The same holds for every set of numbers in this crate.
impl Reason {
    /// First credential, or none left.
    pub const FETCH: u32 = 0;
    /// The current credential nears its end.
    pub const REFRESH: u32 = 1;
    /// The carrier refused the current credential.
    pub const UPSTREAM_REJECTED: u32 = 2;
    /// A person consented; the parameters hold the authorization code.
    pub const AUTH_CODE: u32 = 3;
    /// Give the grant back.
    pub const REVOKE: u32 = 4;
}

/// `waybill_begin`: the start of an operation.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Size of the sender's struct in bytes.
    // First in each struct: a receiver reads a member only if the sender's struct is long enough to have it.
    pub struct_size: u32,
    /// One of [`Reason`].
    pub reason: u32,
    /// Which credential of the manifest; empty = its only one.
    pub slot: Bytes,
    /// What the slot's last credential carried; empty = nothing.
    pub state: Bytes,
    /// Parameters; null only if `n_params` is 0.
    pub params: *const Header,
    /// How many parameters.
    pub n_params: usize,
}

/// Values of [`Event::kind`].
#[derive(Clone, Copy, Debug)]
pub struct EventKind;

impl EventKind {
    /// A response arrived.
    pub const HTTP_RESPONSE: u32 = 1;
    /// The request came to nothing.
    pub const HTTP_ERROR: u32 = 2;
    /// A timer fired.
    pub const TIMER: u32 = 3;
}

/// Values of [`Event::status`] for [`EventKind::HTTP_ERROR`]; unknown ones count as `OTHER`.
#[derive(Clone, Copy, Debug)]
pub struct Network;

impl Network {
    /// Anything else; the request may have been processed.
    // Zero, so that a member that an older host did not send reads as the cautious case.
    pub const OTHER: u32 = 0;
    /// The name did not resolve; nothing was sent.
    pub const DNS: u32 = 1;
    /// No connection; nothing was sent.
    pub const CONNECT: u32 = 2;
    /// No TLS session; nothing was sent.
    pub const TLS: u32 = 3;
    /// The deadline passed; the request may have been processed.
    pub const TIMEOUT: u32 = 4;
    /// The response exceeded the host's limit.
    pub const TOO_LARGE: u32 = 5;
    /// The host refused to make the request.
    pub const DENIED: u32 = 6;
}

/// `waybill_event`: something that an operation waited for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// One of [`EventKind`].
    pub kind: u32,
    /// Which request or timer.
    pub req_id: u64,
    /// HTTP status, or one of [`Network`].
    pub status: u32,
    /// Zero.
    // The padding has a name, so that no uninitialised byte crosses the boundary.
    pub reserved: u32,
    /// Response fields; null only if `n_headers` is 0.
    pub headers: *const Header,
    /// How many fields.
    pub n_headers: usize,
    /// Content, or a text about the error.
    pub body: Bytes,
}
