//! What the sample signer signs, told apart bit by bit.
#![cfg(test)]

use examples_signer::Acme;
use plugins_sdk::{Class, SignRequest, testing};

const CONFIG: &str = r#"{"client_id":"shop","client_secret":"0123456789abcdef"}"#;
/// 1994-11-06T08:49:37Z, the example of RFC 9110, section 5.6.7.
const THEN: u64 = 784_111_777_000;

fn request() -> SignRequest<'static> {
    SignRequest {
        unix_ms: THEN,
        body_sha256: Some(&[7; 32]),
        state: b"session",
        ..SignRequest::get("api.acme.example", "/rates?a=b")
    }
}

fn signature(config: &str, request: &SignRequest<'_>) -> String {
    let fields = testing::sign::<Acme>(config, request).expect("a signature");
    let [(date, then), (name, value)] = fields.as_slice() else {
        panic!("{fields:?}")
    };
    assert_eq!((date.as_str(), name.as_str()), ("date", "acme-signature"));
    assert!(then.ends_with("GMT"), "{then}");
    value.clone()
}

/// Computed with Python's `hmac` from the lines of the crate's documentation.
#[test]
fn signature_is_that_of_the_documented_lines() {
    let fields = testing::sign::<Acme>(CONFIG, &request()).expect("a signature");
    assert_eq!(fields[0].1, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(
        fields[1].1,
        "shop:mVIcqTl2rsyW+eTQJCsLx9/W61NL0C1i+Ftt+rRn32U="
    );
}

#[test]
fn every_part_of_the_request_changes_the_signature() {
    let base = signature(CONFIG, &request());
    let other = r#"{"client_id":"shop","client_secret":"0123456789abcdeF"}"#;
    let json: &[(&[u8], &[u8])] = &[(b"content-type", b"application/json")];
    let mut all = vec![base, signature(other, &request())];
    let changed: [SignRequest<'_>; 7] = [
        SignRequest {
            method: b"POST",
            ..request()
        },
        SignRequest {
            authority: b"sandbox.acme.example",
            ..request()
        },
        SignRequest {
            path_and_query: b"/rates?a=c",
            ..request()
        },
        SignRequest {
            unix_ms: THEN + 1000,
            ..request()
        },
        SignRequest {
            state: b"sessioN",
            ..request()
        },
        SignRequest {
            headers: json,
            ..request()
        },
        SignRequest {
            body_sha256: Some(&[8; 32]),
            ..request()
        },
    ];
    all.extend(changed.iter().map(|request| signature(CONFIG, request)));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "two requests have one signature");
}

#[test]
fn request_without_a_digest_or_a_date_is_not_signed() {
    let request = SignRequest {
        body_sha256: None,
        ..request()
    };
    let late = SignRequest {
        unix_ms: u64::MAX,
        ..self::request()
    };
    for request in [request, late] {
        let error = testing::sign::<Acme>(CONFIG, &request).expect_err("nothing to sign");
        assert_eq!(
            (error.class(), error.code()),
            (Class::Protocol, "unsignable")
        );
    }
}

#[test]
fn configuration_that_cannot_work_is_refused_by_key() {
    for (config, code) in [
        (
            r#"{"client_id":"shop","client_secret":"short"}"#,
            "client_secret",
        ),
        (
            r#"{"client_id":"","client_secret":"0123456789abcdef"}"#,
            "client_id",
        ),
        (
            r#"{"client_id":"a b","client_secret":"0123456789abcdef"}"#,
            "client_id",
        ),
        (r#"{"client_id":"shop"}"#, "config"),
    ] {
        let error = testing::sign::<Acme>(config, &request()).expect_err(config);
        assert_eq!(
            (error.class(), error.code()),
            (Class::Config, code),
            "{config}"
        );
    }
}

#[test]
fn sessions_are_drawn_and_travel_as_state() {
    let credential = testing::Script::new()
        .run::<Acme>(CONFIG)
        .expect("a session");
    let fields: Vec<_> = credential.headers().collect();
    assert_eq!(fields, [("acme-session", credential.kept_state())]);
    assert_eq!(credential.kept_state().len(), 24);
}
