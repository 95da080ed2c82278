//! Records what a plugin sets on a request. Everything is copied before the call returns.

use crate::{Violation, ffi, fields, sink::copy_failure};
use gateway_model::Failure;
use http::{HeaderName, HeaderValue};
use plugins_abi::{Bytes, Failure as AbiFailure, SignSink, Status};
use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

/// Fields that one signature may set.
pub(crate) const MAX_FIELDS: usize = 16;
/// Bytes of all their names and values.
pub(crate) const MAX_BYTES: usize = 16 << 10;

/// What one call has set so far.
#[derive(Default)]
pub(crate) struct SignatureDraft {
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) failure: Option<Failure>,
    pub(crate) violation: Option<Violation>,
    bytes: usize,
}

impl SignatureDraft {
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), Violation> {
        // Before anything is copied.
        if self.fields.len() >= MAX_FIELDS {
            let what = "fields of a signature";
            return Err(Violation::TooMany {
                what,
                max: MAX_FIELDS,
            });
        }
        // Added before the check, so that many short fields cannot pass the limit one by one.
        self.bytes += name.len() + value.len();
        if self.bytes > MAX_BYTES {
            let what = "a signature's fields";
            return Err(Violation::TooLong {
                what,
                max: MAX_BYTES,
            });
        }
        let (name, mut value) = fields::field(name, value, "a signature")?;
        value.set_sensitive(true);
        self.fields.push((name, value));
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> Result<(), Violation> {
        // Of two reasons nobody knows which counts.
        if self.failure.is_some() {
            return Err(Violation::TwoEnds);
        }
        self.failure = Some(failure);
        Ok(())
    }
}

/// What the `ctx` of a sink points at. A lock, because a plugin that breaks the rules calls from
/// several threads; a plugin that keeps them never waits for it.
type Recorder = Mutex<SignatureDraft>;

/// Runs `call` with a sink and returns its status with what it left.
pub(crate) fn record(call: impl FnOnce(*const SignSink) -> Status) -> (Status, SignatureDraft) {
    let recorder = Recorder::default();
    let sink = SignSink {
        struct_size: size_of::<SignSink>() as u32,
        reserved: 0,
        ctx: (&raw const recorder).cast_mut().cast::<c_void>(),
        set_header: Some(set_header),
        failed: Some(failed),
        set_query: Some(set_query),
    };
    let status = call(&raw const sink);
    let draft = recorder.into_inner();
    (status, draft.unwrap_or_else(PoisonError::into_inner))
}

unsafe extern "C" fn set_header(ctx: *mut c_void, name: Bytes, value: Bytes, _flags: u64) {
    // SAFETY: the plugin lends the bytes for this call.
    let name = || unsafe { ffi::bytes(name, MAX_BYTES, "a field's name") };
    // SAFETY: the plugin lends the bytes for this call.
    let value = || unsafe { ffi::bytes(value, MAX_BYTES, "a field's value") };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |draft| draft.set(name()?, value()?)) }
}

unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const AbiFailure) {
    // SAFETY: the plugin lends the failure for this call.
    let copy = || unsafe { copy_failure(failure) };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |draft| draft.fail(copy()?)) }
}

unsafe extern "C" fn set_query(ctx: *mut c_void, _name: Bytes, _value: Bytes) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_| Err(Violation::QuerySignature)) }
}

/// Finds the recorder. Neither its absence nor a panic in the gateway's code reaches the plugin. The first
/// violation is kept: the later ones are often its consequences.
///
/// # Safety
/// `ctx` is null or came from a sink whose call has not returned.
unsafe fn with(ctx: *mut c_void, act: impl FnOnce(&mut SignatureDraft) -> Result<(), Violation>) {
    // SAFETY: by this function's contract; only shared references are made.
    let Some(recorder) = (unsafe { ctx.cast::<Recorder>().as_ref() }) else {
        return;
    };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let mut draft = recorder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(violation) = act(&mut draft) {
            draft.violation.get_or_insert(violation);
        }
    }));
}
