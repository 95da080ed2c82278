//! From the gateway's structs to owned values.

use crate::{
    Error,
    context::{BeginArgs, Reason},
    http::network_error,
    task::Completion,
};
use ::http::{HeaderName, HeaderValue, Response, StatusCode};
use plugins_abi::{Begin, Bytes, Event, EventKind, Header, Host, SignRequest, SignSink, Sink};
use std::{mem, ptr, slice};
use zeroize::Zeroizing;

/// A struct of the ABI that starts with its size.
///
/// # Safety
/// The type is `repr(C)`, starts with `struct_size: u32`, and all zeros is a value of it.
pub(super) unsafe trait SizeFirst: Copy {}

// SAFETY: integers, pointers and optional functions behind a leading size, each fine as zero.
unsafe impl SizeFirst for Host {}
// SAFETY: as for Host.
unsafe impl SizeFirst for Sink {}
// SAFETY: as for Host.
unsafe impl SizeFirst for Begin {}
// SAFETY: as for Host.
unsafe impl SizeFirst for Event {}
// SAFETY: as for Host.
unsafe impl SizeFirst for SignRequest {}
// SAFETY: as for Host.
unsafe impl SizeFirst for SignSink {}

/// Copies what the sender has of a struct; what an older sender lacks reads as zero. Null reads as
/// nothing at all.
///
/// # Safety
/// `from` is null, or valid for reads of as many bytes as its leading `u32` says.
pub(super) unsafe fn prefix<T: SizeFirst>(from: *const T) -> T {
    // SAFETY: all zeros is a value of every `SizeFirst`.
    let mut copy: T = unsafe { mem::zeroed() };
    if from.is_null() {
        return copy;
    }
    // SAFETY: not null, so at least the size can be read.
    let sent = unsafe { from.cast::<u32>().read() } as usize;
    // The smaller of the two: a newer gateway sends more, an older one less.
    let len = sent.min(size_of::<T>());
    // SAFETY: `from` is valid for `sent` bytes, `copy` for its own size, and they are apart.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut copy).cast::<u8>(), len) };
    copy
}

/// # Safety
/// `from` is null, or valid for reads of `len` elements during `'a`.
pub(super) unsafe fn array<'a, T>(from: *const T, len: usize) -> &'a [T] {
    if from.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: not null, and valid by this function's contract.
    unsafe { slice::from_raw_parts(from, len) }
}

/// Text that is not UTF-8 reads as empty: no name in the contract is, and no value helps then.
///
/// # Safety
/// As for [`Bytes::as_slice`].
pub(super) unsafe fn text<'a>(bytes: Bytes) -> &'a str {
    // SAFETY: passed on from this function's caller.
    str::from_utf8(unsafe { bytes.as_slice() }).unwrap_or_default()
}

/// # Safety
/// The members are valid as the header file says, at least during this call.
pub(super) unsafe fn begin_args(begin: &Begin) -> BeginArgs {
    // SAFETY: the sender's array, by the contract.
    let params = unsafe { array(begin.params, begin.n_params) };
    let param = |param: &Header| {
        // SAFETY: the sender's bytes, by the contract.
        let name = unsafe { text(param.name) };
        // SAFETY: the sender's bytes, by the contract.
        let value = unsafe { text(param.value) };
        (name.to_owned(), Zeroizing::new(value.to_owned()))
    };
    // SAFETY: the sender's bytes, by the contract.
    let slot = unsafe { text(begin.slot) };
    // SAFETY: the sender's bytes, by the contract.
    let state = unsafe { begin.state.as_slice() };
    BeginArgs {
        reason: Reason::from_abi(begin.reason),
        slot: slot.to_owned(),
        state: Zeroizing::new(state.to_vec()),
        params: params.iter().map(param).collect(),
    }
}

/// What an event says; `None` for a kind that this SDK does not know.
///
/// # Safety
/// The members are valid as the header file says, at least during this call.
pub(super) unsafe fn completion(event: &Event) -> Option<Completion> {
    match event.kind {
        // SAFETY: passed on from this function's caller.
        EventKind::HTTP_RESPONSE => Some(Completion::Http(unsafe { response(event) })),
        EventKind::HTTP_ERROR => Some(Completion::Http(Err(network_error(event.status)))),
        EventKind::TIMER => Some(Completion::Fired),
        _ => None,
    }
}

/// # Safety
/// As for [`completion`].
unsafe fn response(event: &Event) -> Result<oauth2::HttpResponse, Error> {
    let status = u16::try_from(event.status)
        .ok()
        .and_then(|s| StatusCode::from_u16(s).ok());
    let Some(status) = status else {
        return Err(Error::bug(
            "bad_event",
            "the gateway reported an impossible HTTP status",
        ));
    };
    // SAFETY: the sender's bytes, by the contract.
    let body = unsafe { event.body.as_slice() };
    let mut response = Response::new(body.to_vec());
    *response.status_mut() = status;
    // SAFETY: the sender's array, by the contract.
    for field in unsafe { array(event.headers, event.n_headers) } {
        // SAFETY: the sender's bytes, by the contract.
        let name = HeaderName::from_bytes(unsafe { field.name.as_slice() });
        // SAFETY: the sender's bytes, by the contract.
        let value = HeaderValue::from_bytes(unsafe { field.value.as_slice() });
        // A field that HTTP does not allow cannot be represented; the response without it is still useful.
        if let (Ok(name), Ok(value)) = (name, value) {
            // More fields than a map holds are dropped like impossible ones.
            let _ = response.headers_mut().try_append(name, value);
        }
    }
    Ok(response)
}
