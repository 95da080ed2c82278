//! The functions of the sink.

use super::{
    copy,
    emitted::{Emission, Emitted, OpEnd, Recorder},
};
use crate::Limits;
use plugins_abi as abi;
use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
};

pub(super) unsafe extern "C" fn http(ctx: *mut c_void, request: *const abi::HttpRequest) {
    let copy = |limits: &Limits| {
        // SAFETY: the plugin lends the request for this call.
        unsafe { copy::request(request, limits) }
    };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |limits, emitted| emitted.push(copy(limits))) }
}

pub(super) unsafe extern "C" fn timer(ctx: *mut c_void, id: u64, delay_ms: u64) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe {
        with(ctx, |_, emitted| {
            emitted.push(Ok(Emission::Timer { id, delay_ms }))
        })
    }
}

pub(super) unsafe extern "C" fn cancel(ctx: *mut c_void, id: u64) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_, emitted| emitted.push(Ok(Emission::Cancel { id }))) }
}

pub(super) unsafe extern "C" fn done(ctx: *mut c_void, credential: *const abi::Credential) {
    let copy = |limits: &Limits| {
        // SAFETY: the plugin lends the credential for this call.
        unsafe { copy::credential(credential, limits) }
    };
    // SAFETY: `ctx` is what the sink carried.
    unsafe {
        with(ctx, |limits, emitted| {
            emitted.end(copy(limits).map(OpEnd::Done))
        })
    }
}

pub(super) unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const abi::Failure) {
    // SAFETY: the plugin lends the failure for this call.
    let copy = || unsafe { copy::failure(failure) };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_, emitted| emitted.end(copy().map(OpEnd::Failed))) }
}

/// Finds the recorder. Neither its absence nor a panic in the gateway's code reaches the plugin.
///
/// # Safety
/// `ctx` is null or came from a sink whose call has not returned.
unsafe fn with(ctx: *mut c_void, act: impl FnOnce(&Limits, &mut Emitted)) {
    // SAFETY: by this function's contract; only shared references are made.
    let Some(recorder) = (unsafe { ctx.cast::<Recorder>().as_ref() }) else {
        return;
    };
    // Unwinding into a plugin is undefined behaviour, so a panic of the gateway's own stops here.
    let _ = catch_unwind(AssertUnwindSafe(|| recorder.with(act)));
}
