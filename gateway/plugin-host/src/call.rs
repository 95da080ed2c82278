//! The calls of an authorization, in the ABI's types. They run on the pool's threads; only `sign`, which
//! has a module of its own, does not.

mod handle;

pub(crate) use handle::{InstanceHandle, OpHandle};

use crate::{
    Limits, Violation, ffi,
    handshake::AuthorizeUrl,
    loaded::LoadedPlugin,
    sink::{Emitted, record},
};
use bytes::Bytes as Content;
use gateway_model::{Secret, SecretBytes};
use plugins_abi::{Begin, Bytes, Event, Header, HeaderFlags, Status};
use std::{
    ffi::c_void,
    ptr::{self, NonNull},
    sync::{Arc, Mutex, PoisonError},
};

/// What `instance_new` returned and emitted.
pub(crate) struct InstanceResult {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) handle: Option<InstanceHandle>,
}

/// Makes an instance from a configuration in JSON.
pub(crate) fn new_instance(
    plugin: &Arc<LoadedPlugin>,
    json: &SecretBytes,
    limits: Limits,
) -> InstanceResult {
    // Null until the plugin writes it, so that a handle is told from none.
    let mut pointer = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        let config = Bytes::new(json.expose());
        // SAFETY: the table passed the handshake; all pointers are valid during the call.
        unsafe { (plugin.table.instance_new)(config, sink, &raw mut pointer) }
    });
    // Whatever the status: a handle that the plugin wrote has to be given back.
    let handle =
        NonNull::new(pointer).map(|pointer| InstanceHandle::new(pointer, Arc::clone(plugin)));
    InstanceResult {
        status,
        emitted,
        handle,
    }
}

/// What a call on an operation returned and emitted. The handle comes back whatever the status, to be
/// freed once.
pub(crate) struct OpResult {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) op: Option<OpHandle>,
}

/// The arguments that begin an operation, owned; the ABI's `Begin` borrows from them.
pub(crate) struct BeginArgs {
    pub(crate) reason: u32,
    pub(crate) slot: String,
    pub(crate) state: SecretBytes,
    pub(crate) params: Vec<(String, Secret)>,
}

impl BeginArgs {
    fn params(&self) -> Vec<Header> {
        let lend = |(name, value): &(String, Secret)| Header {
            name: Bytes::new(name.as_bytes()),
            value: Bytes::new(value.expose().as_bytes()),
            // Client secrets and codes travel here, and a plugin that logs fields must know it.
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

/// Begins an operation.
pub(crate) fn begin(instance: Arc<InstanceHandle>, args: &BeginArgs, limits: Limits) -> OpResult {
    let params = args.params();
    let begin = args.lend(&params);
    let function = instance.plugin().table.op_begin;
    let mut pointer = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live instance; all pointers are valid during the call.
        unsafe { function(instance.as_ptr(), &raw const begin, sink, &raw mut pointer) }
    });
    OpResult {
        status,
        emitted,
        op: NonNull::new(pointer).map(|pointer| OpHandle::new(pointer, instance)),
    }
}

/// Something that an operation waited for, owned; the ABI's `Event` borrows from it.
pub(crate) struct EventArgs {
    pub(crate) kind: u32,
    pub(crate) id: u64,
    pub(crate) status: u32,
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Content,
}

/// Tells an operation what happened.
pub(crate) fn resume(op: OpHandle, args: &EventArgs, limits: Limits) -> OpResult {
    let lend = |(name, value): &(Vec<u8>, Vec<u8>)| Header {
        name: Bytes::new(name),
        value: Bytes::new(value),
        flags: 0,
    };
    let fields: Vec<Header> = args.fields.iter().map(lend).collect();
    let event = Event {
        struct_size: size_of::<Event>() as u32,
        kind: args.kind,
        req_id: args.id,
        status: args.status,
        reserved: 0,
        headers: first(&fields),
        n_headers: fields.len(),
        body: Bytes::new(&args.body),
    };
    let function = op.plugin().table.op_resume;
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live operation in no other call; all pointers are valid during the call.
        unsafe { function(op.as_ptr(), &raw const event, sink) }
    });
    OpResult {
        status,
        emitted,
        op: Some(op),
    }
}

/// What `authorize_url` returned and emitted.
pub(crate) struct AuthorizeUrlResult {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) url: Option<Vec<u8>>,
    pub(crate) violation: Option<Violation>,
}

/// Longer than any that a browser has to be sent to.
const MAX_CONSENT_URL: usize = 4096;

/// Asks for the URL of a consent.
pub(crate) fn authorize_url(
    instance: &InstanceHandle,
    function: AuthorizeUrl,
    args: &BeginArgs,
    limits: Limits,
) -> AuthorizeUrlResult {
    let params = args.params();
    let begin = args.lend(&params);
    let received = Mutex::new(ReceivedUrl::default());
    let ctx = (&raw const received).cast_mut().cast::<c_void>();
    let (status, emitted) = record(limits, |sink| {
        // SAFETY: a live instance; all pointers are valid during the call.
        unsafe {
            function(
                instance.as_ptr(),
                &raw const begin,
                ctx,
                Some(receive_url),
                sink,
            )
        }
    });
    let received = received
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    AuthorizeUrlResult {
        status,
        emitted,
        url: received.url,
        violation: received.violation,
    }
}

/// What the plugin handed to [`receive_url`].
#[derive(Default)]
struct ReceivedUrl {
    url: Option<Vec<u8>>,
    violation: Option<Violation>,
}

unsafe extern "C" fn receive_url(ctx: *mut c_void, url: Bytes) {
    // SAFETY: `ctx` is the mutex that `authorize_url` above passed, or null.
    let Some(received) = (unsafe { ctx.cast::<Mutex<ReceivedUrl>>().as_ref() }) else {
        return;
    };
    // SAFETY: the plugin lends the bytes for this call.
    let copied = unsafe { ffi::bytes(url, MAX_CONSENT_URL, "an authorization URL") };
    // A poisoned lock is impossible: nothing below panics.
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    match copied {
        // Which of two URLs the person should open is unknown, so neither is used.
        Ok(_) if received.url.is_some() => received.violation = Some(Violation::TwoUrls),
        Ok(bytes) => received.url = Some(bytes.to_vec()),
        Err(violation) => received.violation = Some(violation),
    }
}

/// The ABI wants a null pointer for an empty array; that of an empty vector is dangling.
fn first(headers: &[Header]) -> *const Header {
    if headers.is_empty() {
        ptr::null()
    } else {
        headers.as_ptr()
    }
}
