use super::*;

fn bearer(value: &'static str) -> Vec<(HeaderName, HeaderValue)> {
    vec![(header::AUTHORIZATION, HeaderValue::from_static(value))]
}

#[test]
fn fingerprint_is_of_the_token_without_its_scheme() {
    // `printf abc | sha256sum` begins with ba7816bf.
    for value in ["Bearer abc", "bearer  abc", "abc"] {
        assert_eq!(
            fingerprint(&bearer(value)).to_string(),
            "ba7816bf",
            "{value:?}"
        );
    }
}

#[test]
fn credential_marks_every_header_sensitive() {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let credential = credential(
        Generation(1),
        bearer("Bearer planted"),
        Vec::new(),
        Instant::now(),
    );
    assert!(
        credential
            .headers
            .iter()
            .all(|(_, value)| value.is_sensitive())
    );
    assert!(!format!("{credential:?}").contains("planted"));
}
