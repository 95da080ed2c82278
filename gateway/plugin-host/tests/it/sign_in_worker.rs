//! Signatures that a worker process makes.

use crate::support::{compile, load_in_worker, try_instance};
use gateway_model::{Failure, FailureClass, SignRequest, Signature, SignatureFields};
use gateway_plugin_host::{Instance, SignBody};
use http::{HeaderMap, HeaderValue, Method};
use std::time::Duration;

fn signer() -> gateway_plugin_host::Plugin {
    load_in_worker(&compile("sign.c", &[]))
}

async fn sign(instance: &Instance) -> Result<SignatureFields, Failure> {
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
        body: &["ab".into(), "c".into()],
        state: b"session-7",
    });
    assert!(matches!(signature, Signature::Pending(_)), "{signature:?}");
    signature.fields().await
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

#[tokio::test]
async fn signer_that_hangs_or_dies_is_cut_and_the_next_signature_is_made() {
    for (mode, reason) in [("hangs", "hung"), ("aborts", "signal")] {
        let plugin = signer();
        let (bad, good) = (
            try_instance(&plugin, mode).expect("an instance"),
            try_instance(&plugin, "echo").expect("an instance"),
        );
        let within = tokio::time::timeout(Duration::from_secs(2), sign(&bad)).await;
        let failure = within
            .expect("its own deadline is far shorter")
            .expect_err(mode);
        assert_eq!(failure.class, FailureClass::Transient, "{mode}: {failure}");
        let mut signed = sign(&good).await;
        // While the next worker process starts, a request may come too early.
        for _ in 0..50 {
            if signed.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            signed = sign(&good).await;
        }
        signed.unwrap_or_else(|failure| panic!("{mode}: {failure}"));
        assert_eq!(
            plugin.worker().expect("a worker").endings.get(reason),
            Some(&1)
        );
    }
}
