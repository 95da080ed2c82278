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
    let credential = credential(Generation(1), bearer("Bearer planted"), Instant::now());
    assert!(
        credential
            .headers
            .iter()
            .all(|(_, value)| value.is_sensitive())
    );
    assert!(!format!("{credential:?}").contains("planted"));
}

#[test]
fn unavailable_names_the_reason_of_each_class() {
    let account: AccountId = "main".parse().expect("a name");
    for (class, code, expected) in [
        (
            FailureClass::Transient,
            "10500",
            UnavailableReason::TokenEndpointFailing,
        ),
        (
            FailureClass::Transient,
            "10429",
            UnavailableReason::RateLimited,
        ),
        (
            FailureClass::Transient,
            OVER_BUDGET,
            UnavailableReason::RateLimited,
        ),
        (
            FailureClass::Rejected,
            "10401",
            UnavailableReason::CredentialsRejected,
        ),
        (FailureClass::Config, "x", UnavailableReason::Misconfigured),
        (
            FailureClass::Interaction,
            "x",
            UnavailableReason::NeedsConsent,
        ),
        (
            FailureClass::Protocol,
            "x",
            UnavailableReason::TokenEndpointFailing,
        ),
        (FailureClass::Bug, "x", UnavailableReason::PluginFault),
    ] {
        let why = Why::Failed(Failure::new(class, code, "it failed"));
        let unavailable = unavailable(&account, &why, None);
        assert_eq!(unavailable.reason, expected, "{class:?} {code}");
        assert!(
            unavailable.message.contains("main"),
            "{}",
            unavailable.message
        );
        assert!(
            unavailable.message.contains(code),
            "{}",
            unavailable.message
        );
    }
}

#[test]
fn unavailable_tells_an_unreachable_carrier_from_a_failing_token_endpoint() {
    let account: AccountId = "main".parse().expect("a name");
    let mut failure = Failure::new(FailureClass::Transient, "connect", "no connection");
    failure.certainly_not_sent = true;
    let unavailable = unavailable(&account, &Why::Failed(failure), None);
    assert_eq!(unavailable.reason, UnavailableReason::CarrierUnreachable);
}
