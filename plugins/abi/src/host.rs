//! Services of the gateway.

use crate::Bytes;

/// `waybill_host`: handed to the entry point; lives until the process ends.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Size of the sender's struct in bytes.
    pub struct_size: u32,
    /// The gateway's [`crate::ABI_MAJOR`].
    pub abi_major: u32,
    /// The gateway's [`crate::ABI_MINOR`].
    pub abi_minor: u32,
    /// Zero.
    pub reserved: u32,
    /// Level (0 fatal, 1 error … 5 trace) and message. Any thread.
    // `Option`, because a function that an older host lacks is a null pointer.
    pub log: Option<unsafe extern "C" fn(level: u32, message: Bytes)>,
    /// Milliseconds since the Unix epoch: a plugin's only clock. Any thread.
    pub now_unix_ms: Option<unsafe extern "C" fn() -> u64>,
    /// Fills `len` bytes at `dst` from a cryptographic generator. Any thread.
    pub random: Option<unsafe extern "C" fn(dst: *mut u8, len: usize)>,
}
