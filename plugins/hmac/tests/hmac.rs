//! Signatures by HMAC: known answers, what is signed, the configuration, the manifest, the conformance suite.
#![cfg(test)]

use plugins_hmac::{HmacSigner, MANIFEST};
use plugins_sdk::{
    Class, SignRequest,
    testing::{Script, sign},
};
use plugins_testkit::{changed, conforms, manifest, refusal};
use serde_json::{Value, json};

/// 1994-11-06T08:49:37Z, the example of RFC 9110, section 5.6.7.
const THEN: u64 = 784_111_777_000;
const SEED: [u8; 32] = {
    let mut seed = [0; 32];
    let mut at: u8 = 0;
    while at < 32 {
        seed[at as usize] = at;
        at += 1;
    }
    seed
};
const NONCE: &str = "8e15a59d49cdb578c12699e5980e64cf";

fn config() -> Value {
    json!({
        "environment": "test", "client_id": "key-1", "client_secret": "0123456789abcdef", "encoding": "hex",
        "canonical": "{method}\n{path}\n{query}\n{date}\n{nonce}\n{body_sha256}",
        "fields": { "Date": "{date}", "X-Nonce": "{nonce}", "Authorization": "HMAC {client_id}:{signature}" },
    })
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    changed(&config(), key, value)
}

fn request() -> SignRequest<'static> {
    SignRequest {
        method: b"POST",
        unix_ms: THEN,
        body_sha256: Some(&[7; 32]),
        state: &SEED,
        ..SignRequest::get("api.example.com", "/rates?a=b")
    }
}

fn signed(config: &Value, request: &SignRequest<'_>) -> Vec<(String, String)> {
    sign::<HmacSigner>(&config.to_string(), request).expect("a signature")
}

/// Computed with Python's `hmac` from the text of the configuration.
#[test]
fn signature_is_the_hmac_of_the_text() {
    for (algorithm, hex) in [
        ("sha1", "f114c180a1caaf880e63b8dd50149104b7bb4ecd"),
        (
            "sha256",
            "4a12580f6de2e1a4f8018aca9c93972ae2c2b8bfd72371eddf0e0061a8545f37",
        ),
        (
            "sha512",
            "77d1e03eaf4f18f1b9b615d8ce2eefc3937937ae6a950700e48ab5f0a0824f21b873d38352417ef3047c82b1739f198e\
             2d8ab9b1df9e388937c1e1ba6940ce2e",
        ),
    ] {
        let fields = signed(&with("algorithm", algorithm), &request());
        let wanted = [
            ("authorization", format!("HMAC key-1:{hex}")),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
            ("x-nonce", NONCE.to_owned()),
        ];
        assert_eq!(fields, wanted.map(|(name, value)| (name.to_owned(), value)));
    }
    let base64 = &signed(&with("encoding", "base64"), &request())[0].1;
    assert_eq!(
        base64,
        "HMAC key-1:ShJYD23i4aT4AYrKnJOXKuLCuL/XI3Ht3w4AYahUXzc="
    );
}

#[test]
fn key_may_be_written_in_hexadecimal_or_base64() {
    let plain = signed(&config(), &request());
    for (encoding, key) in [
        ("hex", "30313233343536373839616263646566"),
        ("base64", "MDEyMzQ1Njc4OWFiY2RlZg=="),
    ] {
        let mut config = with("key_encoding", encoding);
        config["client_secret"] = key.into();
        assert_eq!(signed(&config, &request()), plain, "{encoding}");
    }
}

#[test]
fn every_place_has_its_value() {
    let text = "{method} {authority} {target} {path} {query} {iso8601} {unix} {unix_ms} {body_sha256_base64} \
                {content_type} {client_id} {account_number}";
    let mut config = with(
        "fields",
        json!({"X-All": text, "X-Signature": "{signature}"}),
    );
    config["account_number"] = "42".into();
    config["canonical"] = text.into();
    let json: &[(&[u8], &[u8])] = &[(b"content-type", b"application/json")];
    let fields = signed(
        &config,
        &SignRequest {
            headers: json,
            ..request()
        },
    );
    assert_eq!(
        fields[0].1,
        "POST api.example.com /rates?a=b /rates a=b 1994-11-06T08:49:37Z 784111777 784111777000 \
         BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= application/json key-1 42"
    );
    let plain = SignRequest {
        body_sha256: Some(&[7; 32]),
        ..SignRequest::get("api.example.com", "/rates")
    };
    let plain = signed(&config, &plain);
    assert!(
        plain[0]
            .1
            .starts_with("GET api.example.com /rates /rates  1970-01-01T00:00:00Z")
    );
}

#[test]
fn every_part_of_the_text_changes_the_signature() {
    let signature = |request: &SignRequest<'_>| signed(&config(), request)[0].1.clone();
    let mut all = vec![signature(&request())];
    for changed in [
        SignRequest {
            method: b"PUT",
            ..request()
        },
        SignRequest {
            path_and_query: b"/rates?a=c",
            ..request()
        },
        SignRequest {
            path_and_query: b"/rate?sa=b",
            ..request()
        },
        SignRequest {
            unix_ms: THEN + 1000,
            ..request()
        },
        SignRequest {
            state: &[1; 32],
            ..request()
        },
        SignRequest {
            body_sha256: Some(&[8; 32]),
            ..request()
        },
    ] {
        all.push(signature(&changed));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "two requests have one signature");
}

#[test]
fn request_that_cannot_be_signed_is_refused() {
    for request in [
        SignRequest {
            body_sha256: None,
            ..request()
        },
        SignRequest {
            state: b"short",
            ..request()
        },
        SignRequest {
            unix_ms: u64::MAX,
            ..request()
        },
    ] {
        let error =
            sign::<HmacSigner>(&config().to_string(), &request).expect_err("nothing to sign");
        assert_eq!(
            (error.class(), error.code()),
            (Class::Protocol, "unsignable")
        );
    }
}

/// The app's fault, so it must not quarantine the plugin.
#[test]
fn field_that_is_no_ascii_is_not_signed_into_a_field() {
    let mut config = with("canonical", "{method}");
    config["fields"] = json!({"X-Signed": "{content_type} {signature}"});
    for odd in [&b"\xff\xfe"[..], "é".as_bytes(), b"a\x01"] {
        let headers: &[(&[u8], &[u8])] = &[(b"content-type", odd)];
        let request = SignRequest {
            headers,
            ..request()
        };
        let error = sign::<HmacSigner>(&config.to_string(), &request).expect_err("not ASCII");
        assert_eq!(
            (error.class(), error.code()),
            (Class::Protocol, "unsignable")
        );
    }
}

/// What is not part of the text need not be there.
#[test]
fn request_needs_only_what_the_text_has() {
    let mut config = with("canonical", "{method} {unix}");
    config["fields"] = json!({"X-Time": "{unix}", "X-Signature": "{signature}"});
    let bare = SignRequest {
        unix_ms: u64::MAX,
        ..SignRequest::get("api.example.com", "/")
    };
    assert_eq!(signed(&config, &bare).len(), 2);
}

#[test]
fn configuration_mistake_says_what_to_write() {
    let mut no_digits = with("key_encoding", "hex");
    no_digits["client_secret"] = "planted, and no digits".into();
    let mut few_digits = with("key_encoding", "hex");
    few_digits["client_secret"] = "0123456789abcd".into();
    for (config, words) in [
        (no_digits, "is not written as key_encoding says"),
        (
            with("client_secret", "planted"),
            "client_secret (the key) is shorter than 8 bytes",
        ),
        (few_digits, "shorter than 8 bytes"),
        (with("algorithm", "md5"), "algorithm: expected"),
        (with("encoding", "base32"), "encoding: expected"),
        (with("canonical", Value::Null), "canonical"),
        (with("canonical", "fixed"), "has no place"),
        (with("canonical", "{method}{verb}"), "unknown place"),
        (with("canonical", "{method"), "brace"),
        (
            with("canonical", "{method}{signature}"),
            "which is made of it",
        ),
        (
            with("canonical", "{method}{unix}"),
            "{unix}, but no field sends it",
        ),
        (
            with("canonical", "{method}{account_number}"),
            "account_number",
        ),
        (
            with("canonical", "{method}".repeat(600)),
            "longer than 4096",
        ),
        (with("fields", json!({})), "1 to 16 fields"),
        (
            with("fields", json!({"Date": "{date}", "X": "{nonce}"})),
            "no {signature}",
        ),
        (
            with("fields", json!({"Connection": "{signature}"})),
            "belongs to the message",
        ),
        (
            with("fields", json!({"X Y": "{signature}"})),
            "no field's name has",
        ),
        (
            with("fields", json!({"X": "{signature}\n"})),
            "no header field has",
        ),
        (
            with("fields", json!({"X": "{signature}", "x": "a"})),
            "twice",
        ),
    ] {
        let error = refusal::<HmacSigner>(&config).to_string();
        assert!(error.contains(words), "{config}: {error}");
    }
}

/// The data plane signs in one step with the credential, so the placeholder never leaves.
#[test]
fn credential_is_a_seed_and_a_field_that_the_signature_replaces() {
    let credential = Script::new()
        .run::<HmacSigner>(&config().to_string())
        .expect("a seed");
    assert_eq!(credential.kept_state().len(), 32);
    assert_eq!(credential.lifetime(), None);
    let fields: Vec<_> = credential.headers().collect();
    assert_eq!(fields, [("authorization", &b"unsigned"[..])]);
    let replaced = signed(&config(), &request());
    assert!(replaced.iter().any(|(name, _)| name == "authorization"));
}

#[test]
fn manifest_is_sound_and_agrees_with_the_plugin() {
    manifest::is_sound(MANIFEST, env!("CARGO_PKG_NAME"));
    manifest::schema_agrees::<HmacSigner>(
        MANIFEST,
        &config(),
        &[
            ("algorithm", "sha512".into(), true),
            ("algorithm", "md5".into(), false),
            ("encoding", "hex".into(), true),
            ("probe", "/track?number=1".into(), true),
            ("probe", "//other.example".into(), false),
            ("probe", "https://other.example".into(), false),
            ("key_encoding", "base32".into(), false),
            ("canonical", "".into(), false),
            ("fields", json!({}), false),
        ],
    );
}

#[tokio::test]
async fn conformance_suite_passes() {
    let table = plugins_sdk::static_plugin!(HmacSigner, manifest: MANIFEST);
    // A plugin that is linked in has no random numbers, so it draws no nonces.
    let mut config = with("canonical", "{method}\n{target}\n{date}\n{body_sha256}");
    config["fields"] = json!({"Date": "{date}", "Authorization": "HMAC {client_id}:{signature}"});
    conforms(table, &config, Vec::new()).await;
}
