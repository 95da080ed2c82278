//! Takes down what a plugin emits during one call. Everything is copied before the call returns.

mod callbacks;

pub(crate) use callbacks::copy_failure;

use crate::{Breach, GrantChange, Limits, TokenFacts};
use bytes::Bytes;
use gateway_model::{Failure, SecretBytes};
use plugins_abi::Sink;
use std::{
    ffi::c_void,
    sync::{Mutex, PoisonError},
};

/// Emissions that one call may make; more than all outstanding requests, taken back and made anew.
const MAX_EMISSIONS: usize = 64;

/// Name and value of a field.
pub(crate) type RawField = (Vec<u8>, Vec<u8>);

/// A request as the plugin wrote it, not checked yet.
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) method: Vec<u8>,
    pub(crate) url: Vec<u8>,
    pub(crate) fields: Vec<RawField>,
    pub(crate) body: Bytes,
    pub(crate) timeout_ms: u32,
}

/// What the plugin wants done, in its order.
pub(crate) enum Emission {
    Http(Asked),
    Timer { id: u64, delay_ms: u64 },
    Cancel { id: u64 },
}

/// A credential as the plugin wrote it, not checked yet.
pub(crate) struct Done {
    pub(crate) fields: Vec<RawField>,
    pub(crate) ttl_ms: u64,
    pub(crate) refresh_after_ms: u64,
    pub(crate) state: SecretBytes,
    pub(crate) query: bool,
    pub(crate) grant: GrantChange,
    pub(crate) facts: TokenFacts,
}

pub(crate) enum End {
    Done(Done),
    Failed(Failure),
}

/// All that one call emitted.
#[derive(Default)]
pub(crate) struct Emitted {
    pub(crate) emissions: Vec<Emission>,
    pub(crate) end: Option<End>,
    pub(crate) breach: Option<Breach>,
}

impl Emitted {
    fn push(&mut self, emission: Result<Emission, Breach>) {
        match emission {
            Ok(_) if self.emissions.len() >= MAX_EMISSIONS => self.breach(Breach::TooMany {
                what: "emissions in one call",
                max: MAX_EMISSIONS,
            }),
            Ok(emission) => self.emissions.push(emission),
            Err(breach) => self.breach(breach),
        }
    }

    fn end(&mut self, end: Result<End, Breach>) {
        match end {
            Ok(_) if self.end.is_some() => self.breach(Breach::TwoEnds),
            Ok(end) => self.end = Some(end),
            Err(breach) => self.breach(breach),
        }
    }

    /// The first one tells most.
    fn breach(&mut self, breach: Breach) {
        self.breach.get_or_insert(breach);
    }
}

/// What the `ctx` of a sink points at. A lock, because a plugin that breaks the rules calls from
/// several threads; a plugin that keeps them never waits for it.
struct Recorder {
    limits: Limits,
    emitted: Mutex<Emitted>,
}

/// Runs `call` with a sink and returns its value with what was emitted.
pub(crate) fn record<R>(limits: Limits, call: impl FnOnce(*const Sink) -> R) -> (R, Emitted) {
    let recorder = Recorder {
        limits,
        emitted: Mutex::default(),
    };
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
    let emitted = recorder.emitted.into_inner();
    (returned, emitted.unwrap_or_else(PoisonError::into_inner))
}
