//! Takes down what a plugin sets on a request. Everything is copied before the call returns.

use crate::{Breach, fields, raw, sink::copy_failure};
use gateway_model::Failure;
use http::{HeaderName, HeaderValue};
use plugins_abi::{Bytes, Failure as AbiFailure, SignSink, Status};
use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

/// Fields that one signature may set.
const MAX_FIELDS: usize = 16;
/// Bytes of all their names and values.
const MAX_BYTES: usize = 16 << 10;

/// All that one call left behind.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
    pub(super) failure: Option<Failure>,
    pub(super) breach: Option<Breach>,
    bytes: usize,
}

impl Taken {
    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), Breach> {
        if self.fields.len() >= MAX_FIELDS {
            let what = "fields of a signature";
            return Err(Breach::TooMany {
                what,
                max: MAX_FIELDS,
            });
        }
        self.bytes += name.len() + value.len();
        if self.bytes > MAX_BYTES {
            let what = "a signature's fields";
            return Err(Breach::TooLong {
                what,
                max: MAX_BYTES,
            });
        }
        let (name, mut value) = fields::field(name, value, "a signature")?;
        value.set_sensitive(true);
        self.fields.push((name, value));
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> Result<(), Breach> {
        if self.failure.is_some() {
            return Err(Breach::TwoEnds);
        }
        self.failure = Some(failure);
        Ok(())
    }
}

/// What the `ctx` of a sink points at. A lock, because a plugin that breaks the rules calls from
/// several threads; a plugin that keeps them never waits for it.
type Recorder = Mutex<Taken>;

/// Runs `call` with a sink and returns its status with what it left.
pub(super) fn record(call: impl FnOnce(*const SignSink) -> Status) -> (Status, Taken) {
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
    let taken = recorder.into_inner();
    (status, taken.unwrap_or_else(PoisonError::into_inner))
}

unsafe extern "C" fn set_header(ctx: *mut c_void, name: Bytes, value: Bytes, _flags: u64) {
    // SAFETY: the plugin lends the bytes for this call.
    let name = || unsafe { raw::bytes(name, MAX_BYTES, "a field's name") };
    // SAFETY: as above.
    let value = || unsafe { raw::bytes(value, MAX_BYTES, "a field's value") };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |taken| taken.set(name()?, value()?)) }
}

unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const AbiFailure) {
    // SAFETY: the plugin lends the failure for this call.
    let copy = || unsafe { copy_failure(failure) };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |taken| taken.fail(copy()?)) }
}

unsafe extern "C" fn set_query(ctx: *mut c_void, _name: Bytes, _value: Bytes) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_| Err(Breach::QuerySignature)) }
}

/// Finds the recorder; neither its absence nor a panic of ours reaches the plugin. The first breach
/// tells most.
///
/// # Safety
/// `ctx` is null or came from a sink whose call has not returned.
unsafe fn with(ctx: *mut c_void, act: impl FnOnce(&mut Taken) -> Result<(), Breach>) {
    // SAFETY: by this function's contract; only shared references are made.
    let Some(recorder) = (unsafe { ctx.cast::<Recorder>().as_ref() }) else {
        return;
    };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let mut taken = recorder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(breach) = act(&mut taken) {
            taken.breach.get_or_insert(breach);
        }
    }));
}
