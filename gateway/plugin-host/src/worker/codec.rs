//! Calls and results as frames: a kind, then numbers in little endian and bytes with their length.
//!
//! Every count and length is compared with its limit, and with what the frame holds, before anything is
//! allocated for it. Values pass the same checks as those that a plugin lends in the gateway's process.

mod emitted;
mod request;
mod response;
mod sign;
mod wire;

pub(super) use request::{Load, Request, RequestFrame};
pub(super) use response::{Functions, Response, refused_call_frame};
pub(super) use sign::{Put, read_request, write_request};
pub(super) use wire::{FrameError, split_frame};

/// Bytes of one frame. It has room for all that one call may emit in practice: eight requests of the
/// largest size.
pub(super) const MAX_FRAME: usize = 4 << 20;

/// An answer as the gateway reads it, written anew; `None` if it is refused. For the fuzz target.
#[doc(hidden)]
pub fn reread_answer(frame: &[u8]) -> Option<Vec<u8>> {
    let read = Response::decode(frame, &crate::Limits::default()).ok()?;
    // Without the length in front.
    Some(read.encode().expose().get(size_of::<u32>()..)?.to_vec())
}

#[cfg(test)]
mod tests;
