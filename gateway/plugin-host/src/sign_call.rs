//! The call of a signature with arguments that were copied, for plugins in another process, and what a call
//! leaves in its sink.

mod inline_vec;
mod sink;
mod verdict;

pub(crate) use inline_vec::InlineVec;
pub(crate) use sink::{MAX_BYTES, MAX_FIELDS, SignatureDraft, record};
pub(crate) use verdict::{conclude, not_sent};

use crate::handshake::Sign;
use aws_lc_rs::digest::{Context, Digest, SHA256};
use bytes::Bytes as Content;
use plugins_abi::{Bytes, Header, Instance, SignRequest as AbiRequest, Status};
use std::{
    ptr::{self, NonNull},
    time::{SystemTime, UNIX_EPOCH},
};

/// What of a request is signed in another process: what the manifest names, and nothing else. It borrows from
/// the frame that it was read from.
pub(crate) struct SignArgs<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) authority: &'a [u8],
    pub(crate) path_and_query: &'a [u8],
    /// As many inline as signatures usually cover.
    pub(crate) headers: Headers,
    /// Empty unless the signature covers the content itself.
    pub(crate) body: &'a [u8],
    /// Only if the signature covers the content's digest.
    pub(crate) body_sha256: Option<&'a [u8; 32]>,
    pub(crate) state: &'a [u8],
}

/// Fields as the ABI lends them.
pub(crate) type Headers = InlineVec<Header, 8>;

/// No fields yet.
pub(crate) const fn no_headers() -> Headers {
    Headers::new(Header {
        name: Bytes::EMPTY,
        value: Bytes::EMPTY,
        flags: 0,
    })
}

/// A field as the ABI lends it.
pub(crate) const fn header(name: &[u8], value: &[u8]) -> Header {
    Header {
        name: Bytes::new(name),
        value: Bytes::new(value),
        flags: 0,
    }
}

/// Lends arguments to a plugin of this process.
///
/// # Safety
/// The function and the live instance are of one plugin, and the fields are of the frame that the arguments
/// borrow from.
pub(crate) unsafe fn call_with(
    function: Sign,
    instance: NonNull<Instance>,
    args: &SignArgs<'_>,
    unix_ms: u64,
) -> (Status, SignatureDraft) {
    let body = Bytes::new(args.body);
    let has_body = !args.body.is_empty();
    let lent = AbiRequest {
        struct_size: size_of::<AbiRequest>() as u32,
        flags: 0,
        method: Bytes::new(args.method),
        authority: Bytes::new(args.authority),
        path_and_query: Bytes::new(args.path_and_query),
        headers: args.headers.first(),
        n_headers: args.headers.len(),
        // The ABI wants a null pointer for an empty array.
        body: if has_body {
            &raw const body
        } else {
            ptr::null()
        },
        n_body: usize::from(has_body),
        body_sha256: args.body_sha256.map_or(ptr::null(), |hash| hash.as_ptr()),
        unix_ms,
        state: Bytes::new(args.state),
    };
    record(|sink| {
        // SAFETY: by this function's contract; what is lent lives until the call has returned.
        unsafe { function(instance.as_ptr().cast_const(), &raw const lent, sink) }
    })
}

/// The digest of the whole content.
pub(crate) fn sha256(pieces: &[Content]) -> Digest {
    let mut digest = Context::new(&SHA256);
    pieces.iter().for_each(|piece| digest.update(piece));
    digest.finish()
}

/// A time before the epoch is the epoch, as in the plugin's own clock.
pub(crate) fn unix_ms(wall: SystemTime) -> u64 {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
