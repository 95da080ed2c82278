//! Handles that the plugin made, and the calls on them. All of it runs on the pool's threads; only
//! `sign`, which has a file of its own, does not.

use crate::{
    Breach, Limits,
    handshake::AuthorizeUrl,
    plugin::Shared,
    raw,
    sink::{Emitted, record},
};
use bytes::Bytes as Content;
use gateway_model::{Secret, SecretBytes};
use plugins_abi::{Begin, Bytes, Event, Header, HeaderFlags, Instance, Op, Status};
use std::{
    ffi::c_void,
    ptr::{self, NonNull},
    sync::{Arc, Mutex, PoisonError},
};

/// Owns an instance of the plugin.
pub(crate) struct InstanceHandle {
    raw: NonNull<Instance>,
    plugin: Arc<Shared>,
}

// SAFETY: the header says: shared, any thread, several calls at a time.
unsafe impl Send for InstanceHandle {}
// SAFETY: as for Send.
unsafe impl Sync for InstanceHandle {}

impl InstanceHandle {
    pub(crate) fn plugin(&self) -> &Arc<Shared> {
        &self.plugin
    }

    /// For a call that may run beside others; good as long as the handle is.
    pub(crate) const fn as_ptr(&self) -> *const Instance {
        self.raw.as_ptr().cast_const()
    }
}

impl Drop for InstanceHandle {
    fn drop(&mut self) {
        let (raw, free) = (Raw(self.raw), self.plugin.table.instance_free);
        self.plugin.host.free(&self.plugin.health, move || {
            // SAFETY: every operation and every caller of `sign` held this handle, so none is left; freed
            // once, here.
            unsafe { free(raw.get()) };
        });
    }
}

/// Owns an operation, and keeps its instance.
pub(crate) struct OpHandle {
    raw: NonNull<Op>,
    instance: Arc<InstanceHandle>,
}

// SAFETY: the header says: one call at a time, not always from the same thread. Calls take the handle
// by value.
unsafe impl Send for OpHandle {}

impl Drop for OpHandle {
    fn drop(&mut self) {
        let instance = Arc::clone(&self.instance);
        let (raw, free) = (Raw(self.raw), instance.plugin.table.op_free);
        let plugin = Arc::clone(&instance.plugin);
        plugin.host.free(&plugin.health, move || {
            // SAFETY: a handle that the plugin gave out, in no call now; freed once, here.
            unsafe { free(raw.get()) };
            // Only now may the instance go.
            drop(instance);
        });
    }
}

/// A pointer on its way to the pool.
struct Raw<T>(NonNull<T>);

// SAFETY: only passed back to the plugin, which allows any thread for it.
unsafe impl<T> Send for Raw<T> {}

impl<T> Raw<T> {
    /// By a method, so that closures capture the wrapper whole.
    const fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

/// What came of `instance_new`.
pub(crate) struct Made {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) handle: Option<InstanceHandle>,
}

pub(super) fn new_instance(plugin: &Arc<Shared>, json: &SecretBytes, limits: Limits) -> Made {
    let mut raw = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        let config = Bytes::new(json.expose());
        // SAFETY: the table passed the handshake; all pointers are valid during the call.
        unsafe { (plugin.table.instance_new)(config, sink, &raw mut raw) }
    });
    let handle = NonNull::new(raw).map(|raw| InstanceHandle {
        raw,
        plugin: Arc::clone(plugin),
    });
    Made {
        status,
        emitted,
        handle,
    }
}

/// What came of a call on an operation. The handle comes back in all cases, to be freed once.
pub(crate) struct Step {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) op: Option<OpHandle>,
}

/// The begin of an authorization, in the ABI's numbers.
pub(crate) struct Beginning {
    pub(crate) reason: u32,
    pub(crate) slot: String,
    pub(crate) state: SecretBytes,
    pub(crate) params: Vec<(String, Secret)>,
}

impl Beginning {
    fn params(&self) -> Vec<Header> {
        let lend = |(name, value): &(String, Secret)| Header {
            name: Bytes::new(name.as_bytes()),
            value: Bytes::new(value.expose().as_bytes()),
            flags: HeaderFlags::SENSITIVE,
        };
        self.params.iter().map(lend).collect()
    }

    fn lend(&self, params: &[Header]) -> Begin {
        Begin {
            struct_size: size_of::<Begin>() as u32,
            reason: self.reason,
            slot: Bytes::new(self.slot.as_bytes()),
            state: Bytes::new(self.state.expose()),
            params: first(params),
            n_params: params.len(),
        }
    }
}

pub(crate) fn begin(instance: Arc<InstanceHandle>, with: &Beginning, limits: Limits) -> Step {
    let params = with.params();
    let begin = with.lend(&params);
    let call = instance.plugin.table.op_begin;
    let mut raw = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live instance; all pointers are valid during the call.
        unsafe { call(instance.raw.as_ptr(), &raw const begin, sink, &raw mut raw) }
    });
    Step {
        status,
        emitted,
        op: NonNull::new(raw).map(|raw| OpHandle { raw, instance }),
    }
}

/// What came of `authorize_url`.
pub(crate) struct Asked {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) urls: Urls,
}

/// What the plugin handed over: at most one is right.
#[derive(Default)]
pub(crate) struct Urls {
    pub(crate) first: Option<Vec<u8>>,
    pub(crate) breach: Option<Breach>,
}

/// Longer than any that a browser has to be sent to.
pub(crate) const MAX_CONSENT_URL: usize = 4096;

unsafe extern "C" fn take_url(ctx: *mut c_void, url: Bytes) {
    // SAFETY: `ctx` is the mutex that `authorize_url` below passed, or null.
    let Some(urls) = (unsafe { ctx.cast::<Mutex<Urls>>().as_ref() }) else {
        return;
    };
    // SAFETY: the plugin lends the bytes for this call.
    let copied = unsafe { raw::bytes(url, MAX_CONSENT_URL, "an authorization URL") };
    // A poisoned lock is impossible: nothing below panics.
    let mut urls = urls.lock().unwrap_or_else(PoisonError::into_inner);
    match copied {
        Ok(_) if urls.first.is_some() => urls.breach = Some(Breach::TwoUrls),
        Ok(bytes) => urls.first = Some(bytes.to_vec()),
        Err(breach) => urls.breach = Some(breach),
    }
}

pub(crate) fn authorize_url(
    instance: &InstanceHandle,
    call: AuthorizeUrl,
    with: &Beginning,
    limits: Limits,
) -> Asked {
    let params = with.params();
    let begin = with.lend(&params);
    let urls = Mutex::new(Urls::default());
    let ctx = (&raw const urls).cast_mut().cast::<c_void>();
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live instance; all pointers are valid during the call.
        unsafe {
            call(
                instance.raw.as_ptr(),
                &raw const begin,
                ctx,
                Some(take_url),
                sink,
            )
        }
    });
    Asked {
        status,
        emitted,
        urls: urls.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

/// Something that an operation waited for, in the ABI's numbers.
pub(crate) struct Happened {
    pub(crate) kind: u32,
    pub(crate) id: u64,
    pub(crate) status: u32,
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Content,
}

pub(crate) fn resume(op: OpHandle, with: &Happened, limits: Limits) -> Step {
    let fields: Vec<Header> = with
        .fields
        .iter()
        .map(|(name, value)| Header {
            name: Bytes::new(name),
            value: Bytes::new(value),
            flags: 0,
        })
        .collect();
    let event = Event {
        struct_size: size_of::<Event>() as u32,
        kind: with.kind,
        req_id: with.id,
        status: with.status,
        reserved: 0,
        headers: first(&fields),
        n_headers: fields.len(),
        body: Bytes::new(&with.body),
    };
    let call = op.instance.plugin.table.op_resume;
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live operation in no other call; all pointers are valid during the call.
        unsafe { call(op.raw.as_ptr(), &raw const event, sink) }
    });
    Step {
        status,
        emitted,
        op: Some(op),
    }
}

/// The header wants null only for none; an empty vector's pointer points nowhere.
fn first(headers: &[Header]) -> *const Header {
    if headers.is_empty() {
        ptr::null()
    } else {
        headers.as_ptr()
    }
}
