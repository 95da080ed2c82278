//! A gateway of the smallest kind: it records what a plugin emits.

use plugins_sdk::abi::{
    Begin, Bytes, Credential, Event, EventKind, Failure, Header, HeaderFlags, HttpRequest,
    Instance, Op, Plugin, Sink, Slot, Status,
};
use std::{cell::RefCell, ffi::c_void, ptr};

/// What came through the sink, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Emitted {
    Http {
        id: u64,
        url: String,
        timeout_ms: u32,
        flags: u32,
    },
    Timer {
        id: u64,
        delay_ms: u64,
    },
    Cancel(u64),
    Done {
        fields: String,
        ttl_ms: u64,
        refresh_after_ms: u64,
        state: Vec<u8>,
        /// Place, lifetime and the code of the failure.
        slots: Vec<(u32, u64, Option<String>)>,
    },
    Failed {
        class: u32,
        code: String,
        message: String,
        retry_after_ms: u64,
    },
}

impl Emitted {
    pub(crate) fn http(id: u64, url: &str) -> Self {
        Self::Http {
            id,
            url: url.to_owned(),
            timeout_ms: 0,
            flags: 1,
        }
    }

    pub(crate) fn code(&self) -> (u32, &str) {
        let Self::Failed { class, code, .. } = self else {
            panic!("a failure was expected: {self:?}")
        };
        (*class, code)
    }

    pub(crate) fn fields(&self) -> &str {
        let Self::Done { fields, .. } = self else {
            panic!("a credential was expected: {self:?}")
        };
        fields
    }
}

type Log = RefCell<Vec<Emitted>>;

/// SAFETY for all of them: `ctx` is the recorder of the running call, and what is lent is valid
/// until the function returns.
mod sink {
    use super::*;

    unsafe fn push(ctx: *mut c_void, emitted: Emitted) {
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe { &*ctx.cast::<Log>() }.borrow_mut().push(emitted);
    }

    unsafe fn text(bytes: Bytes) -> String {
        // SAFETY: the plugin lends it until this function returns.
        String::from_utf8(unsafe { bytes.as_slice() }.to_vec()).expect("UTF-8")
    }

    unsafe fn fields(headers: *const Header, len: usize) -> String {
        let headers = match len {
            0 => &[],
            // SAFETY: the plugin lends it until this function returns.
            len => unsafe { std::slice::from_raw_parts(headers, len) },
        };
        let field = |field: &Header| {
            // SAFETY: the plugin lends it until this function returns.
            let line = format!("{}: {}\n", unsafe { text(field.name) }, unsafe {
                text(field.value)
            });
            match HeaderFlags::place_of_slot(field.flags) {
                0 => line,
                place => format!("{place}/{line}"),
            }
        };
        headers.iter().map(field).collect()
    }

    unsafe fn slots(slots: *const Slot, len: usize) -> Vec<(u32, u64, Option<String>)> {
        let slots = match len {
            0 => &[],
            // SAFETY: the plugin lends it until `done` returns.
            len => unsafe { std::slice::from_raw_parts(slots, len) },
        };
        let read = |slot: &Slot| {
            // SAFETY: the plugin lends it until `done` returns.
            let failure = unsafe { slot.failure.as_ref() };
            // SAFETY: the plugin lends it until `done` returns.
            let code = failure.map(|failure| unsafe { text(failure.code) });
            (slot.slot, slot.ttl_ms, code)
        };
        slots.iter().map(read).collect()
    }

    pub(super) unsafe extern "C" fn http(ctx: *mut c_void, request: *const HttpRequest) {
        // SAFETY: the plugin lends it until this function returns.
        let request = unsafe { *request };
        assert_eq!(request.struct_size as usize, size_of::<HttpRequest>());
        // SAFETY: the plugin lends it until this function returns.
        let url = unsafe { text(request.url) };
        let (id, timeout_ms, flags) = (request.req_id, request.timeout_ms, request.flags);
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe {
            push(
                ctx,
                Emitted::Http {
                    id,
                    url,
                    timeout_ms,
                    flags,
                },
            )
        };
    }

    pub(super) unsafe extern "C" fn timer(ctx: *mut c_void, id: u64, delay_ms: u64) {
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe { push(ctx, Emitted::Timer { id, delay_ms }) };
    }

    pub(super) unsafe extern "C" fn cancel(ctx: *mut c_void, id: u64) {
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe { push(ctx, Emitted::Cancel(id)) };
    }

    pub(super) unsafe extern "C" fn done(ctx: *mut c_void, credential: *const Credential) {
        // SAFETY: the plugin lends it until this function returns.
        let out = unsafe { *credential };
        assert_eq!(out.struct_size as usize, size_of::<Credential>());
        let done = Emitted::Done {
            // SAFETY: the plugin lends it until this function returns.
            fields: unsafe { fields(out.headers, out.n_headers) },
            ttl_ms: out.ttl_ms,
            refresh_after_ms: out.refresh_after_ms,
            // SAFETY: the plugin lends it until this function returns.
            state: unsafe { out.state.as_slice() }.to_vec(),
            // SAFETY: the plugin lends it until this function returns.
            slots: unsafe { slots(out.slots, out.n_slots) },
        };
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe { push(ctx, done) };
    }

    pub(super) unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const Failure) {
        // SAFETY: the plugin lends it until this function returns.
        let out = unsafe { *failure };
        assert_eq!(out.struct_size as usize, size_of::<Failure>());
        let failed = Emitted::Failed {
            class: out.fail_class,
            // SAFETY: the plugin lends it until this function returns.
            code: unsafe { text(out.code) },
            // SAFETY: the plugin lends it until this function returns.
            message: unsafe { text(out.message) },
            retry_after_ms: out.retry_after_ms,
        };
        // SAFETY: `ctx` is the recorder of the running call.
        unsafe { push(ctx, failed) };
    }
}

/// Runs one call with a recording sink; `shape` may make the sink an older one.
pub(crate) fn recorded<T>(
    shape: impl FnOnce(&mut Sink),
    call: impl FnOnce(*const Sink) -> T,
) -> (T, Vec<Emitted>) {
    let log = Log::default();
    let mut sink = Sink {
        struct_size: size_of::<Sink>().try_into().expect("small"),
        reserved: 0,
        ctx: ptr::from_ref(&log).cast_mut().cast(),
        http: Some(sink::http),
        timer: Some(sink::timer),
        cancel: Some(sink::cancel),
        done: Some(sink::done),
        failed: Some(sink::failed),
    };
    shape(&mut sink);
    let result = call(&raw const sink);
    (result, log.take())
}

/// One instance; frees itself.
pub(crate) struct Account {
    table: &'static Plugin,
    handle: *mut Instance,
}

// SAFETY: the contract of `waybill_instance`: any thread, several calls at a time.
unsafe impl Sync for Account {}
// SAFETY: the contract of `waybill_instance`: any thread, several calls at a time.
unsafe impl Send for Account {}

impl Account {
    pub(crate) fn open(
        table: &'static Plugin,
        config: &str,
    ) -> Result<Self, (Status, Vec<Emitted>)> {
        let mut handle = ptr::dangling_mut();
        let new = table.instance_new.expect("instance_new");
        let (status, emitted) = recorded(
            |_| (),
            // SAFETY: as the header file says.
            |sink| unsafe { new(Bytes::new(config.as_bytes()), sink, &raw mut handle) },
        );
        if status == Status::OK {
            assert!(emitted.is_empty() && !handle.is_null());
            Ok(Self { table, handle })
        } else {
            assert!(handle.is_null(), "no handle without success");
            Err((status, emitted))
        }
    }

    pub(crate) const fn handle(&self) -> *const Instance {
        self.handle
    }

    pub(crate) fn begin(&self) -> (Status, Running<'_>, Vec<Emitted>) {
        self.begin_shaped(|_| (), |_| (), b"")
    }

    pub(crate) fn begin_shaped(
        &self,
        shape_sink: impl FnOnce(&mut Sink),
        shape_begin: impl FnOnce(&mut Begin),
        state: &[u8],
    ) -> (Status, Running<'_>, Vec<Emitted>) {
        let mut begin = Begin {
            struct_size: size_of::<Begin>().try_into().expect("small"),
            reason: 0,
            slot: Bytes::EMPTY,
            state: Bytes::new(state),
            params: ptr::null(),
            n_params: 0,
        };
        shape_begin(&mut begin);
        let mut op = ptr::dangling_mut();
        let call = self.table.op_begin.expect("op_begin");
        let (status, emitted) = recorded(shape_sink, |sink| {
            // SAFETY: as the header file says.
            unsafe { call(self.handle, &raw const begin, sink, &raw mut op) }
        });
        assert!(!op.is_null());
        (status, Running { account: self, op }, emitted)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let free = self.table.instance_free.expect("instance_free");
        // SAFETY: operations borrow the account, so none is left.
        unsafe { free(self.handle) };
    }
}

/// One operation; frees itself.
pub(crate) struct Running<'a> {
    account: &'a Account,
    op: *mut Op,
}

// SAFETY: the contract of `waybill_op`: not always from the same thread.
unsafe impl Send for Running<'_> {}

impl Running<'_> {
    pub(crate) fn resume_with(
        &mut self,
        shape: impl FnOnce(&mut Sink),
        event: &Event,
    ) -> (Status, Vec<Emitted>) {
        let call = self.account.table.op_resume.expect("op_resume");
        // SAFETY: as the header file says; `&mut self` makes it one call at a time.
        recorded(shape, |sink| unsafe { call(self.op, event, sink) })
    }

    pub(crate) fn resume(&mut self, event: &Event) -> (Status, Vec<Emitted>) {
        self.resume_with(|_| (), event)
    }

    /// A response with that body arrives.
    pub(crate) fn answer(&mut self, id: u64, body: &str) -> (Status, Vec<Emitted>) {
        let mut event = event(EventKind::HTTP_RESPONSE, id);
        event.status = 200;
        event.body = Bytes::new(body.as_bytes());
        self.resume(&event)
    }

    pub(crate) fn fire(&mut self, id: u64) -> (Status, Vec<Emitted>) {
        self.resume(&event(EventKind::TIMER, id))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let free = self.account.table.op_free.expect("op_free");
        // SAFETY: made by op_begin and freed here only.
        unsafe { free(self.op) };
    }
}

pub(crate) fn event(kind: u32, req_id: u64) -> Event {
    Event {
        struct_size: size_of::<Event>().try_into().expect("small"),
        kind,
        req_id,
        status: 0,
        reserved: 0,
        headers: ptr::null(),
        n_headers: 0,
        body: Bytes::EMPTY,
    }
}
