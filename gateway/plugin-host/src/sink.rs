//! Records what a plugin emits during one call. Everything is copied before the call returns.

mod callbacks;
mod copy;
mod emitted;
mod slots;

pub(crate) use copy::{
    FailureParts, MAX_FACTS, MAX_METHOD, MAX_TEXT, failure as copy_failure, token_facts,
};
pub(crate) use emitted::{
    Emission, Emitted, EmittedCredential, EmittedRequest, EmittedSlot, MAX_EMISSIONS, OpEnd,
    UncheckedField,
};

use crate::Limits;
use emitted::Recorder;
use plugins_abi::Sink;
use std::ffi::c_void;

/// Runs `call` with a sink and returns its value with what was emitted.
pub(crate) fn record<R>(limits: Limits, call: impl FnOnce(*const Sink) -> R) -> (R, Emitted) {
    let recorder = Recorder::new(limits);
    let sink = Sink {
        struct_size: size_of::<Sink>() as u32,
        reserved: 0,
        ctx: (&raw const recorder).cast_mut().cast::<c_void>(),
        http: Some(callbacks::http),
        timer: Some(callbacks::timer),
        cancel: Some(callbacks::cancel),
        done: Some(callbacks::done),
        failed: Some(callbacks::failed),
    };
    let returned = call(&raw const sink);
    (returned, recorder.into_emitted())
}
