//! Calls and results as frames: a kind, then numbers in little endian and bytes with their length.
//!
//! Every count and length is compared with its limit, and with what the frame holds, before anything is
//! allocated for it. Values pass the same checks as those that a plugin lends in the gateway's process.

mod emitted;
mod request;
mod response;
mod wire;

pub(super) use request::{Load, Request, RequestFrame};
pub(super) use response::{Functions, Response};

/// Bytes of one frame. It has room for all that one call may emit in practice: eight requests of the
/// largest size.
pub(super) const MAX_FRAME: usize = 4 << 20;

#[cfg(test)]
mod tests;
