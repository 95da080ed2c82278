//! The call of a signature with arguments that were copied, for plugins in another process, and what a call
//! leaves in its sink.

mod sink;

pub(crate) use sink::{MAX_BYTES, MAX_FIELDS, SignatureDraft, record};

use crate::{SignBody, Signing, handshake::Sign};
use aws_lc_rs::digest::{Context, Digest, SHA256};
use bytes::Bytes as Content;
use gateway_model::{SecretBytes, SignRequest};
use plugins_abi::{Bytes, Header, Instance, SignRequest as AbiRequest, Status};
use std::{
    ptr::{self, NonNull},
    time::{SystemTime, UNIX_EPOCH},
};

/// What of a request is signed in another process: what the manifest names, and nothing else.
pub(crate) struct SignArgs {
    pub(crate) method: Vec<u8>,
    pub(crate) authority: Vec<u8>,
    pub(crate) path_and_query: Vec<u8>,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Empty unless the signature covers the content itself.
    pub(crate) body: Vec<u8>,
    /// Only if the signature covers the content's digest.
    pub(crate) body_sha256: Option<[u8; 32]>,
    pub(crate) state: SecretBytes,
}

impl SignArgs {
    pub(crate) fn copy(request: &SignRequest<'_>, wanted: &Signing) -> Self {
        let named = wanted.headers.iter().flat_map(|name| {
            let values = request.headers.get_all(name).iter();
            values.map(|value| (name.as_str().into(), value.as_bytes().to_vec()))
        });
        Self {
            method: request.method.as_str().into(),
            authority: request.authority.into(),
            path_and_query: request.path_and_query.into(),
            headers: named.collect(),
            body: match wanted.body {
                SignBody::Bytes => request.body.concat(),
                SignBody::None | SignBody::Sha256 => Vec::new(),
            },
            body_sha256: match wanted.body {
                SignBody::Sha256 => sha256(request.body).as_ref().try_into().ok(),
                SignBody::None | SignBody::Bytes => None,
            },
            state: SecretBytes::new(request.state.to_vec()),
        }
    }
}

/// Lends copied arguments to a plugin of this process.
///
/// # Safety
/// The function and the live instance are of one plugin.
pub(crate) unsafe fn call_with(
    function: Sign,
    instance: NonNull<Instance>,
    args: &SignArgs,
    wall: SystemTime,
) -> (Status, SignatureDraft) {
    let lend = |(name, value): &(Vec<u8>, Vec<u8>)| Header {
        name: Bytes::new(name),
        value: Bytes::new(value),
        flags: 0,
    };
    let headers: Vec<Header> = args.headers.iter().map(lend).collect();
    let body = [Bytes::new(&args.body)];
    let body = if args.body.is_empty() { &[][..] } else { &body };
    let hash = args.body_sha256.as_ref();
    let lent = AbiRequest {
        struct_size: size_of::<AbiRequest>() as u32,
        flags: 0,
        method: Bytes::new(&args.method),
        authority: Bytes::new(&args.authority),
        path_and_query: Bytes::new(&args.path_and_query),
        headers: first(&headers),
        n_headers: headers.len(),
        body: first(body),
        n_body: body.len(),
        body_sha256: hash.map_or(ptr::null(), |hash| hash.as_ptr()),
        unix_ms: unix_ms(wall),
        state: Bytes::new(args.state.expose()),
    };
    record(|sink| {
        // SAFETY: by this function's contract; what is lent lives until the call has returned.
        unsafe { function(instance.as_ptr().cast_const(), &raw const lent, sink) }
    })
}

/// The ABI wants a null pointer for an empty array.
fn first<T>(values: &[T]) -> *const T {
    if values.is_empty() {
        ptr::null()
    } else {
        values.as_ptr()
    }
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
