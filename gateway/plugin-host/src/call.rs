//! The calls of an authorization, in the ABI's types. They run where the plugin's code is mapped: on a
//! thread of the pool, or in a worker process.

use crate::{
    Limits, Violation, ffi,
    handshake::{AuthorizeUrl, Table},
    sink::{Emitted, record},
};
use bytes::Bytes as Content;
use gateway_model::{Secret, SecretBytes};
use plugins_abi::{Begin, Bytes, Event, Header, HeaderFlags, Instance, Op, Status};
use std::{
    ffi::c_void,
    ptr::{self, NonNull},
    sync::{Mutex, PoisonError},
};

/// What a call returned and emitted, with the handle that it made, if it made one.
pub(crate) struct Returned<H> {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) handle: Option<H>,
}

impl<H> Returned<H> {
    /// The same, with another kind of handle.
    pub(crate) fn map<K>(self, wrap: impl FnOnce(H) -> K) -> Returned<K> {
        Returned {
            status: self.status,
            emitted: self.emitted,
            handle: self.handle.map(wrap),
        }
    }
}

/// Makes an instance from a configuration in JSON.
pub(crate) fn instance_new(
    table: &Table,
    json: &SecretBytes,
    limits: Limits,
) -> Returned<NonNull<Instance>> {
    // Null until the plugin writes it, so that a handle is told from none.
    let mut pointer = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        let config = Bytes::new(json.expose());
        // SAFETY: the table passed the handshake; all pointers are valid during the call.
        unsafe { (table.instance_new)(config, sink, &raw mut pointer) }
    });
    Returned {
        status,
        emitted,
        // Whatever the status: a handle that the plugin wrote has to be given back.
        handle: NonNull::new(pointer),
    }
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
///
/// # Safety
/// The instance is a live one of this table's plugin.
pub(crate) unsafe fn op_begin(
    table: &Table,
    instance: NonNull<Instance>,
    args: &BeginArgs,
    limits: Limits,
) -> Returned<NonNull<Op>> {
    let params = args.params();
    let begin = args.lend(&params);
    let mut pointer = ptr::null_mut();
    let (status, emitted) = record(limits, |sink| {
        let (begin, out) = (&raw const begin, &raw mut pointer);
        // SAFETY: by this function's contract; all pointers are valid during the call.
        unsafe { (table.op_begin)(instance.as_ptr(), begin, sink, out) }
    });
    Returned {
        status,
        emitted,
        handle: NonNull::new(pointer),
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
///
/// # Safety
/// The operation is a live one of this table's plugin, and in no other call.
pub(crate) unsafe fn op_resume(
    table: &Table,
    op: NonNull<Op>,
    args: &EventArgs,
    limits: Limits,
) -> (Status, Emitted) {
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
    record(limits, |sink| {
        // SAFETY: by this function's contract; all pointers are valid during the call.
        unsafe { (table.op_resume)(op.as_ptr(), &raw const event, sink) }
    })
}

/// What `authorize_url` returned and emitted.
pub(crate) struct AuthorizeUrlResult {
    pub(crate) status: Status,
    pub(crate) emitted: Emitted,
    pub(crate) url: Option<Vec<u8>>,
}

/// Longer than any that a browser has to be sent to.
pub(crate) const MAX_CONSENT_URL: usize = 4096;

/// Asks for the URL of a consent.
///
/// # Safety
/// The function and the live instance are of one plugin.
pub(crate) unsafe fn authorize_url(
    function: AuthorizeUrl,
    instance: NonNull<Instance>,
    args: &BeginArgs,
    limits: Limits,
) -> AuthorizeUrlResult {
    let params = args.params();
    let begin = args.lend(&params);
    let received = Mutex::new(ReceivedUrl::default());
    let ctx = (&raw const received).cast_mut().cast::<c_void>();
    let (status, mut emitted) = record(limits, |sink| {
        let (instance, begin) = (instance.as_ptr(), &raw const begin);
        // SAFETY: by this function's contract; all pointers are valid during the call.
        unsafe { function(instance, begin, ctx, Some(receive_url), sink) }
    });
    let received = received.into_inner();
    let received = received.unwrap_or_else(PoisonError::into_inner);
    emitted.violation = emitted.violation.or(received.violation);
    AuthorizeUrlResult {
        status,
        emitted,
        url: received.url,
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
