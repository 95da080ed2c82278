//! Signing single requests: through a loaded library, and through a table that is linked in.

use crate::support::{Carrier, Folders, compile, eventually, fetch, host, load, try_instance};
use bytes::Bytes;
use gateway_model::{Clock, Failure, FailureClass, SignRequest, SignatureFields};
use gateway_plugin_host::{Host, Instance, InstanceOptions, Plugin, SignBody, services};
use http::{HeaderMap, HeaderValue, Method};
use plugins_sdk::{CarrierAuth, Context, Credential, Error, Result, SignOut};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

fn signer(options: &[&str]) -> Plugin {
    load(&compile("sign.c", options))
}

/// An instance of a plugin that no other test shares, so that its bugs count for nobody else.
fn instance(mode: &str) -> Instance {
    try_instance(&signer(&[]), mode).expect("an instance")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [Bytes]) -> SignRequest<'a> {
    SignRequest {
        method: &Method::POST,
        authority: "api.example.com:8443",
        path_and_query: "/rates?a=%20b",
        headers,
        body,
        state: b"session-7",
    }
}

fn sign(instance: &Instance) -> std::result::Result<SignatureFields, Failure> {
    instance.sign(&request(&HeaderMap::new(), &[]))
}

/// The one value of that name.
fn one<'a>(fields: &'a SignatureFields, name: &str) -> &'a str {
    let mut named = fields.iter().filter(|(n, _)| n.as_str() == name);
    let (_, value) = named.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(named.next().is_none(), "{name} twice");
    value.to_str().expect("text")
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("authorization", "Bearer not-for-the-signer"),
        ("x-seen", "1"),
        ("x-seen", "2"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn signer_sees_the_request_and_its_fields_come_back() {
    let plugin = signer(&[]);
    let instance = try_instance(&plugin, "echo").expect("an instance");
    assert_eq!(instance.signs(), Some(SignBody::Bytes));
    let (headers, body) = (headers(), ["ab".into(), Bytes::new(), "c".into()]);
    let fields = instance.sign(&request(&headers, &body)).expect("signed");
    assert_eq!(one(&fields, "x-method"), "POST");
    assert_eq!(one(&fields, "x-authority"), "api.example.com:8443");
    assert_eq!(one(&fields, "x-target"), "/rates?a=%20b");
    assert_eq!(one(&fields, "x-state"), "session-7");
    // Only what the manifest names.
    let seen = "3 content-type=application/json x-seen=1 x-seen=2";
    assert_eq!(one(&fields, "x-headers"), seen);
    assert_eq!(one(&fields, "x-body"), "3:abc");
    assert_eq!(one(&fields, "x-hash"), "");
    assert!(fields.iter().all(|(_, value)| value.is_sensitive()));
}

#[test]
fn signer_that_does_not_return_is_named_and_closed() {
    let plugin = signer(&[]);
    let stuck = try_instance(&plugin, "hangs").expect("an instance");
    let good = try_instance(&plugin, "echo").expect("an instance");
    // Nothing can end this thread.
    std::thread::spawn(move || sign(&stuck));
    let mut last = sign(&good);
    for _ in 0..200 {
        if last.is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        last = sign(&good);
    }
    assert_eq!(last.expect_err("closed").code, "plugin_hung");
}

#[test]
fn hash_is_of_all_pieces_and_then_there_are_none() {
    let plugin = signer(&["-DSIGN=\"{\\\"body\\\":\\\"sha256\\\"}\""]);
    let instance = try_instance(&plugin, "echo").expect("an instance");
    assert_eq!(instance.signs(), Some(SignBody::Sha256));
    let (headers, body) = (headers(), ["ab".into(), "c".into()]);
    let fields = instance.sign(&request(&headers, &body)).expect("signed");
    // FIPS 180-2, appendix B.1: the digest of "abc".
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(one(&fields, "x-hash"), abc);
    assert_eq!(one(&fields, "x-body"), "0:");
    assert_eq!(one(&fields, "x-headers"), "0");
}

#[test]
fn signer_of_heads_gets_neither_content_nor_hash() {
    let instance = try_instance(&signer(&["-DSIGN=\"{}\""]), "echo").expect("an instance");
    assert_eq!(instance.signs(), Some(SignBody::None));
    let body = ["abc".into()];
    let fields = instance.sign(&request(&HeaderMap::new(), &body));
    let fields = fields.expect("signed");
    assert_eq!((one(&fields, "x-body"), one(&fields, "x-hash")), ("0:", ""));
}

#[test]
fn many_fields_and_pieces_are_lent_whole() {
    let mut headers = HeaderMap::new();
    for value in 0..40 {
        headers.append("x-seen", HeaderValue::from(value));
    }
    let body: Vec<Bytes> = (0..40).map(|n| n.to_string().into()).collect();
    let fields = instance("echo").sign(&request(&headers, &body));
    let fields = fields.expect("signed");
    let seen: String = (0..40).map(|n| format!(" x-seen={n}")).collect();
    assert_eq!(one(&fields, "x-headers"), format!("40{seen}"));
    let content: String = (0..40).map(|n| n.to_string()).collect();
    assert_eq!(one(&fields, "x-body"), format!("40:{content}"));
}

struct Standing;

impl Clock for Standing {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_123)
    }
}

#[test]
fn time_is_that_of_the_hosts_clock_both_ways() {
    let folders = Folders::new();
    let host = Host::new(Arc::new(Standing));
    let entry = folders.open(&compile("sign.c", &[]), &host);
    let instance = try_instance(entry.plugin().expect("active"), "echo").expect("an instance");
    let fields = sign(&instance).expect("signed");
    assert_eq!(one(&fields, "x-time"), "1767225600123 1767225600123");
}

#[test]
fn signature_without_fields_and_field_set_twice_are_fine() {
    assert!(sign(&instance("quiet")).expect("signed").is_empty());
    assert!(sign(&instance("null_context")).expect("signed").is_empty());
    // Whoever inserts them in order keeps the last.
    let fields = sign(&instance("twice")).expect("signed");
    let values: Vec<_> = fields.iter().map(|(_, value)| value.as_bytes()).collect();
    assert_eq!(values, [b"1", b"2"]);
}

#[test]
fn refusal_of_the_plugin_is_passed_on_with_its_class() {
    for mode in ["refuses", "refuses_with_ok"] {
        let failure = sign(&instance(mode)).expect_err(mode);
        assert_eq!(failure.class, FailureClass::Config, "{mode}");
        assert_eq!(failure.code, "no_key", "{mode}");
        assert!(failure.certainly_not_sent, "{mode}");
    }
}

#[test]
fn breach_of_the_contract_is_a_bug_with_its_code() {
    for (mode, code) in [
        ("fails_silently", "plugin_incomplete"),
        ("refuses_twice", "plugin_two_ends"),
        ("panics", "plugin_panic"),
        ("panics_with_text", "plugin_panic"),
        ("unsupported", "plugin_contradiction"),
        ("unknown_status", "plugin_unknown_status"),
        ("query", "plugin_bad_signature"),
        ("length", "plugin_invalid_field"),
        ("host", "plugin_invalid_field"),
        ("encoding", "plugin_invalid_field"),
        ("connection", "plugin_invalid_field"),
        ("keep_alive", "plugin_invalid_field"),
        ("bad_name", "plugin_invalid_field"),
        ("no_name", "plugin_invalid_field"),
        ("bad_value", "plugin_invalid_field"),
        ("null_value", "plugin_bad_pointer"),
        ("null_failure", "plugin_bad_pointer"),
        ("absurd", "plugin_limit"),
        ("large", "plugin_limit"),
        ("many", "plugin_limit"),
    ] {
        let failure = sign(&instance(mode)).expect_err(mode);
        assert_eq!(failure.class, FailureClass::Bug, "{mode}: {failure}");
        assert_eq!(failure.code, code, "{mode}: {failure}");
    }
}

#[tokio::test]
async fn bugs_of_signing_close_the_plugin_as_those_of_authorizations_do() {
    let plugin = signer(&[]);
    let good = try_instance(&plugin, "quiet").expect("an instance");
    for mode in ["panics", "blames_itself", "length"] {
        assert!(sign(&good).is_ok(), "open before {mode}");
        let bad = try_instance(&plugin, mode).expect("an instance");
        assert_eq!(sign(&bad).expect_err(mode).class, FailureClass::Bug);
    }
    let failure = sign(&good).expect_err("closed");
    assert_eq!(failure.code, "plugin_quarantined");
    assert!(failure.retry_after.is_some());
    let failure = good.authorize(fetch(), &Carrier::friendly()).await;
    assert_eq!(failure.expect_err("closed").code, "plugin_quarantined");
}

#[test]
fn signer_that_cannot_go_on_is_not_believed_and_not_asked_again() {
    let plugin = signer(&[]);
    let good = try_instance(&plugin, "quiet").expect("an instance");
    let bad = try_instance(&plugin, "fatal").expect("an instance");
    assert_eq!(sign(&bad).expect_err("fatal").code, "plugin_fatal");
    assert_eq!(sign(&good).expect_err("dead").code, "plugin_fatal");
}

#[test]
fn plugin_that_does_not_sign_is_not_asked_to() {
    let instance = try_instance(&load(&compile("basic.c", &[])), "any").expect("an instance");
    assert_eq!(instance.signs(), None);
    assert_eq!(sign(&instance).expect_err("no").code, "unsupported");
}

#[test]
fn manifest_that_promises_signatures_needs_the_function() {
    let folders = Folders::new();
    let entry = folders.open(&compile("sign.c", &["-DTABLE_CAPABILITIES=1"]), &host());
    let reason = entry.reason().expect("faulted");
    assert!(reason.contains("lacks the function sign"), "{reason}");
}

const MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"linked","carrier":{"id":"linked"},"capabilities":["token","sign"],
        "hosts":["api.example.com"],"sign":{"body":"sha256"}}"#
);

#[derive(serde::Deserialize)]
struct Config {
    mode: String,
}

/// Instances that count.
static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Linked(Config);

impl Drop for Linked {
    fn drop(&mut self) {
        LIVE.fetch_sub(usize::from(self.0.mode == "counts"), Ordering::SeqCst);
    }
}

impl CarrierAuth for Linked {
    type Config = Config;
    const SIGNS: bool = true;

    fn new(config: Config) -> Result<Self> {
        LIVE.fetch_add(usize::from(config.mode == "counts"), Ordering::SeqCst);
        Ok(Self(config))
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        Credential::bearer("token")
    }

    fn sign(&self, request: &plugins_sdk::SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        match self.0.mode.as_str() {
            "panics" => panic!("in sign"),
            "refuses" => return Err(Error::config("key", "no key")),
            _ => {}
        }
        let hash = request.body_sha256.expect("the manifest asks for it");
        let name = http::HeaderName::from_static("x-signature");
        let target = String::from_utf8_lossy(request.path_and_query);
        out.set_header(&name, &format!("{target} {:02x}", hash[0]))
    }
}

fn linked(mode: &str) -> Instance {
    // SAFETY: the host's own table, which lives for ever.
    unsafe { plugins_sdk::boundary::attach(services()) };
    let table = plugins_sdk::static_plugin!(Linked, manifest: MANIFEST);
    let plugin = Plugin::from_static(table, &host()).expect("a handshake");
    let options = InstanceOptions::new(json!({ "mode": mode }));
    plugin.instance(options).expect("an instance")
}

#[tokio::test]
async fn linked_plugin_signs_from_many_threads_and_its_instance_goes_last() {
    let instance = Arc::new(linked("counts"));
    let body = [Bytes::from_static(b"abc")];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let headers = HeaderMap::new();
                for _ in 0..200 {
                    let fields = instance.sign(&request(&headers, &body)).expect("signed");
                    assert_eq!(one(&fields, "x-signature"), "/rates?a=%20b ba");
                }
            });
        }
    });
    let last = Arc::clone(&instance);
    drop(instance);
    assert!(last.sign(&request(&HeaderMap::new(), &body)).is_ok());
    drop(last);
    eventually("the instance is freed", || LIVE.load(Ordering::SeqCst) == 0).await;
}

#[test]
fn panic_of_a_linked_signer_is_a_bug_and_its_text_is_kept() {
    let panics = linked("panics");
    let failure = sign(&panics).expect_err("a panic");
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (FailureClass::Bug, "plugin_panic")
    );
    assert!(failure.message.contains("in sign"), "{failure}");
}
