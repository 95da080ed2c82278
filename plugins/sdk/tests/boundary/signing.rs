//! Signing single requests.

use crate::{host::Account, plugin::open};
use plugins_sdk::abi::{Bytes, FailClass, Failure, SignRequest, SignSink, Status};
use std::{cell::RefCell, ffi::c_void, ptr};

type Log = RefCell<String>;

/// # Safety
/// `ctx` is the log of the running call.
unsafe fn push(ctx: *mut c_void, text: &str) {
    // SAFETY: by the contract above.
    *unsafe { &*ctx.cast::<Log>() }.borrow_mut() += text;
}

unsafe extern "C" fn set_header(ctx: *mut c_void, name: Bytes, value: Bytes, flags: u64) {
    // SAFETY: the plugin lends it for the call.
    let name = unsafe { name.as_slice() };
    // SAFETY: the plugin lends it for the call.
    let value = unsafe { value.as_slice() };
    let (name, value) = (
        String::from_utf8_lossy(name),
        String::from_utf8_lossy(value),
    );
    // SAFETY: the context is the log.
    unsafe { push(ctx, &format!("{name}={value}#{flags};")) };
}

unsafe extern "C" fn set_query(ctx: *mut c_void, name: Bytes, _value: Bytes) {
    // SAFETY: the plugin lends it for the call.
    let name = String::from_utf8_lossy(unsafe { name.as_slice() });
    // SAFETY: the context is the log.
    unsafe { push(ctx, &format!("?{name};")) };
}

unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const Failure) {
    // SAFETY: the plugin lends it for the call.
    let class = unsafe { (*failure).fail_class };
    // SAFETY: the context is the log.
    unsafe { push(ctx, &format!("failed {class};")) };
}

fn sign(account: &Account, shape: impl FnOnce(&mut SignSink)) -> (Status, String) {
    let table = plugins_sdk::static_plugin!(
        crate::plugin::Behaviour, manifest: crate::plugin::MANIFEST);
    let log = Log::default();
    let mut sink = SignSink {
        struct_size: size_of::<SignSink>().try_into().unwrap(),
        reserved: 0,
        ctx: ptr::from_ref(&log).cast_mut().cast(),
        set_header: Some(set_header),
        failed: Some(failed),
        set_query: Some(set_query),
    };
    shape(&mut sink);
    let body = [Bytes::new(b"ab"), Bytes::EMPTY, Bytes::new(b"c")];
    let request = SignRequest {
        struct_size: size_of::<SignRequest>().try_into().unwrap(),
        flags: 0,
        method: Bytes::new(b"GET"),
        authority: Bytes::new(b"acme.example"),
        path_and_query: Bytes::new(b"/p"),
        headers: ptr::null(),
        n_headers: 0,
        body: body.as_ptr(),
        n_body: body.len(),
        body_sha256: ptr::null(),
        unix_ms: 0,
        state: Bytes::EMPTY,
    };
    let call = table.sign.unwrap();
    // SAFETY: as the header file says.
    let status = unsafe { call(account.handle(), &raw const request, &raw const sink) };
    (status, log.take())
}

#[test]
fn signature_is_set_on_the_request() {
    let (account, _) = open("echo");
    assert_eq!(
        sign(&account, |_| ()),
        (Status::OK, "x-signature=/p:3#1;?sig;".to_owned())
    );
}

#[test]
fn signer_that_refuses_or_panics_says_so() {
    let (account, _) = open("sign-refuses");
    let expected = format!("failed {};", FailClass::CONFIG);
    assert_eq!(sign(&account, |_| ()), (Status::FAILED, expected));
    let (account, _) = open("sign-panics");
    let expected = format!("failed {};", FailClass::BUG);
    assert_eq!(sign(&account, |_| ()), (Status::PANIC, expected));
}

#[test]
fn older_sink_is_survived() {
    let (account, _) = open("echo");
    let older = |sink: &mut SignSink| sink.struct_size = 16;
    assert_eq!(sign(&account, older), (Status::OK, String::new()));
}

#[test]
fn signing_is_concurrent() {
    let (account, _) = open("echo");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(sign(&account, |_| ()).0, Status::OK));
        }
    });
}
