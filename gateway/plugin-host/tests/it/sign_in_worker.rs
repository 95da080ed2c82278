//! Signatures that a worker process makes.

use crate::{
    allocations,
    support::{compile, eventually, load, load_in_worker_within, try_instance},
};
use bytes::Bytes;
use futures_util::future::join_all;
use gateway_model::{Failure, FailureClass, SignRequest, Signature, SignatureFields};
use gateway_plugin_host::{Instance, Plugin, SignBody};
use http::{HeaderMap, HeaderValue, Method};
use std::time::Duration;

/// A signer whose deadline counts in no test but those of the deadline, however busy the machine is.
fn signer() -> Plugin {
    signer_within(Duration::from_secs(20))
}

fn signer_within(deadline: Duration) -> Plugin {
    load_in_worker_within(&compile("sign.c", &[]), deadline)
}

async fn sign(instance: &Instance) -> Result<SignatureFields, Failure> {
    sign_content(instance, &["ab".into(), "c".into()]).await
}

async fn sign_content(instance: &Instance, body: &[Bytes]) -> Result<SignatureFields, Failure> {
    begin(instance, body).fields().await
}

fn begin(instance: &Instance, body: &[Bytes]) -> Signature {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(
        "authorization",
        HeaderValue::from_static("Bearer not-for-the-signer"),
    );
    let signature = instance.signature(&SignRequest {
        method: &Method::POST,
        authority: "api.example.com",
        path_and_query: "/rates",
        headers: &headers,
        body,
        state: b"session-7",
    });
    assert!(matches!(signature, Signature::Pending(_)), "{signature:?}");
    signature
}

#[tokio::test]
async fn signer_in_a_worker_sees_the_same() {
    let instance = try_instance(&signer(), "echo").expect("an instance");
    assert_eq!(instance.signs(), Some(SignBody::Bytes));
    let fields = sign(&instance).await.expect("signed");
    let one = |name: &str| {
        let named = fields.iter().find(|(n, _)| n.as_str() == name);
        named
            .and_then(|(_, value)| value.to_str().ok())
            .unwrap_or_default()
    };
    assert_eq!(one("x-method"), "POST");
    assert_eq!(one("x-target"), "/rates");
    assert_eq!(one("x-state"), "session-7");
    assert_eq!(one("x-headers"), "1 content-type=application/json");
    // The whole content, in one piece.
    assert_eq!(one("x-body"), "1:abc");
    assert!(fields.iter().all(|(_, value)| value.is_sensitive()));
}

#[tokio::test]
async fn broken_rules_are_the_same_in_a_worker() {
    for (mode, code) in [
        ("refuses", "no_key"),
        ("fails_silently", "plugin_incomplete"),
        ("panics", "plugin_panic"),
        ("unknown_status", "plugin_unknown_status"),
        ("query", "plugin_bad_signature"),
        ("host", "plugin_invalid_field"),
        ("bad_value", "plugin_invalid_field"),
        ("absurd", "plugin_limit"),
        ("many", "plugin_limit"),
    ] {
        let instance = try_instance(&signer(), mode).expect("an instance");
        let failure = sign(&instance).await.expect_err(mode);
        assert_eq!(failure.code, code, "{mode}: {failure}");
        assert!(failure.certainly_not_sent, "{mode}");
    }
}

/// While the next worker process starts, a request may come too early.
async fn signs_again(good: &Instance, place: &str) {
    let mut signed = sign(good).await;
    for _ in 0..100 {
        if signed.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        signed = sign(good).await;
    }
    signed.unwrap_or_else(|failure| panic!("{place}: {failure}"));
}

#[tokio::test]
async fn signer_that_hangs_or_dies_is_cut_and_the_next_signature_is_made() {
    for (mode, reason, deadline) in [("hangs", "hung", 100), ("aborts", "signal", 20_000)] {
        let plugin = signer_within(Duration::from_millis(deadline));
        let (bad, good) = (
            try_instance(&plugin, mode).expect("an instance"),
            try_instance(&plugin, "echo").expect("an instance"),
        );
        let within = tokio::time::timeout(Duration::from_secs(10), sign(&bad)).await;
        let failure = within.expect("it is cut").expect_err(mode);
        assert_eq!(failure.class, FailureClass::Transient, "{mode}: {failure}");
        signs_again(&good, mode).await;
        // A call over the channel ends after its own deadline, while the memory serves others.
        eventually("the end of the worker process", || {
            let endings = plugin.worker().expect("a worker").endings;
            endings.get(reason) == Some(&1)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_signatures_at_a_time_than_the_memory_has_entries_are_all_made() {
    let instance = try_instance(&signer(), "echo").expect("an instance");
    for _ in 0..3 {
        let signed = join_all((0..300).map(|_| sign(&instance))).await;
        for fields in signed {
            assert_eq!(fields.expect("signed").len(), 8);
        }
    }
}

#[tokio::test]
async fn content_that_is_too_long_for_the_memory_is_signed() {
    let instance = try_instance(&signer(), "quiet").expect("an instance");
    let long = [Bytes::from(vec![b'a'; 200_000])];
    for _ in 0..3 {
        sign_content(&instance, &long).await.expect("signed");
        sign(&instance).await.expect("signed");
    }
}

#[tokio::test]
async fn signatures_that_nobody_waits_for_cost_no_entry() {
    let instance = try_instance(&signer(), "echo").expect("an instance");
    sign(&instance).await.expect("signed");
    for turn in 0..500 {
        let mut signature = Box::pin(sign(&instance));
        // Given up at each stage: before the first look, while it looks, and while it sleeps.
        for _ in 0..turn % 40 {
            if futures_util::poll!(&mut signature).is_ready() {
                break;
            }
        }
    }
    let fields = sign(&instance).await.expect("signed");
    assert_eq!(fields.len(), 8);
}

#[tokio::test]
async fn messages_of_a_signer_leave_room_for_the_signature() {
    let instance = try_instance(&signer(), "chatty").expect("an instance");
    for _ in 0..5 {
        sign(&instance).await.expect("signed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_signer_writes_into_the_shared_memory_ends_its_process_alone() {
    for (mode, reasons) in [
        ("overwrites", &["protocol"][..]),
        // Its own call does not return, so the deadline may be the first to notice.
        ("scribbles", &["protocol", "hung"]),
        ("fatal", &["fatal"]),
    ] {
        let plugin = signer_within(Duration::from_millis(500));
        let (bad, good) = (
            try_instance(&plugin, mode).expect("an instance"),
            try_instance(&plugin, "echo").expect("an instance"),
        );
        // Through the memory, which the first signature may be too early for.
        for instance in [&good, &good, &good] {
            sign(instance).await.expect("signed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let others = join_all((0..20).map(|_| sign(&good)));
        let (failure, _) = futures_util::future::join(sign(&bad), others).await;
        let failure = failure.expect_err(mode);
        assert_eq!(failure.class, FailureClass::Transient, "{mode}: {failure}");
        assert!(failure.certainly_not_sent, "{mode}");
        eventually("the end of the worker process", || {
            let endings = plugin.worker().expect("a worker").endings;
            reasons.iter().any(|reason| endings.contains_key(reason))
        })
        .await;
        signs_again(&good, mode).await;
    }
}

/// The way through the shared memory costs no allocation beyond the signature itself, which is kept.
#[test]
fn signature_of_a_worker_allocates_what_one_in_this_process_does() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for mode in ["quiet", "echo"] {
        let here = try_instance(&load(&compile("sign.c", &[])), mode).expect("an instance");
        let there = try_instance(&signer(), mode).expect("an instance");
        let headers = HeaderMap::new();
        let request = || SignRequest {
            method: &Method::POST,
            authority: "api.example.com",
            path_and_query: "/rates",
            headers: &headers,
            body: &[],
            state: b"session-7",
        };
        here.sign(&request()).expect("signed");
        let (_, in_process) = allocations::during(|| here.sign(&request()).expect("signed"));
        // The first ones go over the channel, until the worker process has the instance.
        let mut waits = 0;
        let mut in_a_row = 0;
        while in_a_row < 50 {
            let (_, count) = allocations::during(|| {
                runtime
                    .block_on(there.signature(&request()).fields())
                    .expect("signed")
            });
            in_a_row = if count == in_process { in_a_row + 1 } else { 0 };
            waits += 1;
            assert!(
                waits < 1000,
                "{mode}: {count} allocations, {in_process} in this process"
            );
        }
    }
}
