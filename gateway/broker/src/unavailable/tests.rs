use super::*;

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
        let why = AbsenceReason::Failed(Failure::new(class, code, "it failed"));
        let unavailable = withdrawn(&account, &why, None);
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
    let unavailable = withdrawn(&account, &AbsenceReason::Failed(failure), None);
    assert_eq!(unavailable.reason, UnavailableReason::CarrierUnreachable);
}
