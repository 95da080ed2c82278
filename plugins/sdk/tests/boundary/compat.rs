//! Older and poorer gateways.

use crate::{
    host::{Emitted, event},
    plugin::{Behaviour, MANIFEST, MANIFEST_WITH_SLOTS, open},
};
use plugins_sdk::abi::{
    ABI_MAJOR, Begin, Capabilities, Event, EventKind, FailClass, MAGIC, Plugin, Sink, Status,
};
use std::mem::offset_of;

#[test]
fn table_is_complete_and_carries_the_manifest() {
    let table: &Plugin = plugins_sdk::static_plugin!(Behaviour, manifest: MANIFEST);
    assert_eq!(table.struct_size as usize, size_of::<Plugin>());
    assert_eq!(
        (table.magic, table.abi_major, table.requires_minor),
        (MAGIC, ABI_MAJOR, 0)
    );
    assert_eq!(table.capabilities, Capabilities::TOKEN | Capabilities::SIGN);
    assert!(table.sign.is_some() && table.authorize_url.is_none());
    // SAFETY: the table and its bytes are static.
    assert_eq!(unsafe { table.manifest.as_slice() }, MANIFEST.as_bytes());
}

#[test]
fn table_requires_what_its_manifest_requires() {
    let table: &Plugin = plugins_sdk::static_plugin!(Behaviour, manifest: MANIFEST_WITH_SLOTS);
    assert_eq!(table.requires_minor, 1);
}

#[test]
fn shorter_begin_has_an_empty_tail() {
    let (account, _) = open("echo");
    let shape = |begin: &mut Begin| begin.struct_size = 8;
    let (_, _op, emitted) = account.begin_shaped(|_| (), shape, b"not sent");
    assert_eq!(emitted[0].fields(), "x-echo: Fetch//-/0/false\n");
}

#[test]
fn unknown_reason_counts_as_fetch() {
    let (account, _) = open("echo");
    let (_, _op, emitted) = account.begin_shaped(|_| (), |begin| begin.reason = 99, b"");
    assert!(emitted[0].fields().starts_with("x-echo: Fetch/"));
}

#[test]
fn shorter_event_has_an_empty_tail() {
    let (account, _) = open("join");
    let (_, mut op, _) = account.begin();
    op.answer(1, "a");
    let mut short = event(EventKind::HTTP_RESPONSE, 2);
    short.status = 200;
    short.body = plugins_sdk::abi::Bytes::new(b"not sent");
    short.struct_size = offset_of!(Event, headers).try_into().unwrap();
    assert_eq!(op.resume(&short).1[0].fields(), "authorization: Bearer a\n");
}

#[test]
fn impossible_status_is_a_failure() {
    for status in [0, 99, 70_000] {
        let (account, _) = open("sequential");
        let (_, mut op, _) = account.begin();
        let mut bad = event(EventKind::HTTP_RESPONSE, 1);
        bad.status = status;
        assert_eq!(op.resume(&bad).1[0].code(), (FailClass::BUG, "bad_event"));
    }
}

#[test]
fn missing_functions_end_the_operation_readably() {
    let (account, _) = open("deadline");
    let (status, _op, emitted) = account.begin_shaped(|sink| sink.http = None, |_| (), b"");
    assert_eq!(status, Status::OK);
    assert_eq!(
        emitted.last().unwrap().code(),
        (FailClass::BUG, "host_lacks_http")
    );
    let (_, _op, emitted) = account.begin_shaped(|sink| sink.timer = None, |_| (), b"");
    assert_eq!(
        emitted.last().unwrap().code(),
        (FailClass::BUG, "host_lacks_timer")
    );
}

#[test]
fn sink_that_lacks_everything_is_survived() {
    for size in [0, 8, 16, offset_of!(Sink, cancel)] {
        let (account, _) = open("race");
        let shape = |sink: &mut Sink| sink.struct_size = size.try_into().unwrap();
        let (_, mut op, emitted) = account.begin_shaped(shape, |_| (), b"");
        assert!(
            emitted.iter().all(|e| matches!(e, Emitted::Http { .. })),
            "{emitted:?}"
        );
        op.resume_with(shape, &event(EventKind::HTTP_ERROR, 1));
    }
}

#[test]
fn null_arguments_are_unsupported() {
    use std::ptr::{null, null_mut};
    let table: &Plugin = plugins_sdk::static_plugin!(Behaviour, manifest: MANIFEST);
    let config = plugins_sdk::abi::Bytes::EMPTY;
    let (new, begin) = (table.instance_new.unwrap(), table.op_begin.unwrap());
    let (resume, sign) = (table.op_resume.unwrap(), table.sign.unwrap());
    let statuses = [
        // SAFETY: null everywhere is what the SDK promises to survive.
        unsafe { new(config, null(), null_mut()) },
        // SAFETY: null everywhere is what the SDK promises to survive.
        unsafe { begin(null_mut(), null(), null(), null_mut()) },
        // SAFETY: null everywhere is what the SDK promises to survive.
        unsafe { resume(null_mut(), null(), null()) },
        // SAFETY: null everywhere is what the SDK promises to survive.
        unsafe { sign(null(), null(), null()) },
    ];
    assert_eq!(statuses, [Status::UNSUPPORTED; 4]);
    // SAFETY: null everywhere is what the SDK promises to survive.
    unsafe { table.instance_free.unwrap()(null_mut()) };
    // SAFETY: null everywhere is what the SDK promises to survive.
    unsafe { table.op_free.unwrap()(null_mut()) };
}

#[test]
fn network_errors_have_codes() {
    for (kind, class, code) in [
        (0, FailClass::TRANSIENT, "network_other"),
        (1, FailClass::TRANSIENT, "network_dns"),
        (5, FailClass::PROTOCOL, "response_too_large"),
        (6, FailClass::CONFIG, "request_denied"),
        (77, FailClass::TRANSIENT, "network_other"),
    ] {
        let (account, _) = open("sequential");
        let (_, mut op, _) = account.begin();
        let mut error = event(EventKind::HTTP_ERROR, 1);
        error.status = kind;
        assert_eq!(op.resume(&error).1[0].code(), (class, code));
    }
}
