//! One mode per way to break the contract; each ends with class *bug* and its own code, and neither
//! crashes nor hangs.

use crate::support::{Carrier, instance, modes, run, try_instance};
use gateway_model::FailureClass;

/// Runs a mode and expects a bug with this code.
async fn expect_bug(mode: &str, code: &str) {
    let failure = run(mode, &Carrier::friendly()).await.expect_err(mode);
    assert_eq!(failure.class, FailureClass::Bug, "{mode}: {failure}");
    assert_eq!(failure.code, code, "{mode}: {failure}");
}

#[tokio::test]
async fn bad_pointers_and_sizes_end_as_bugs() {
    for mode in [
        "null_credential",
        "null_request",
        "null_failure",
        "odd_pointer",
        "null_headers",
        "null_value",
        "null_body",
        "short_struct",
        "zero_struct",
    ] {
        expect_bug(mode, "plugin_bad_pointer").await;
    }
    for mode in ["huge_count", "huge_value", "huge_body"] {
        expect_bug(mode, "plugin_limit").await;
    }
}

#[tokio::test]
async fn emission_without_context_is_lost_and_leaves_a_stall() {
    expect_bug("null_context", "plugin_stalled").await;
}

#[tokio::test]
async fn fields_that_http_does_not_allow_end_as_bugs() {
    // Response splitting and smuggling by header values.
    for mode in [
        "crlf_value",
        "nul_value",
        "bad_name",
        "crlf_request",
        "reserved_name",
        "host_request",
    ] {
        expect_bug(mode, "plugin_invalid_field").await;
    }
}

#[tokio::test]
async fn contradictory_ends_are_bugs() {
    expect_bug("two_ends", "plugin_two_ends").await;
    expect_bug("end_and_request", "plugin_two_ends").await;
    expect_bug("failed_but_done", "plugin_contradiction").await;
    expect_bug("fails_silently", "plugin_incomplete").await;
    expect_bug("no_handle", "plugin_incomplete").await;
    expect_bug("no_fields", "plugin_bad_credential").await;
    expect_bug("query", "plugin_bad_credential").await;
}

#[tokio::test]
async fn stalls_and_floods_end_as_bugs() {
    expect_bug("stalls", "plugin_stalled").await;
    expect_bug("stalls_later", "plugin_stalled").await;
    expect_bug("endless", "plugin_limit").await;
    expect_bug("too_many_requests", "plugin_limit").await;
    expect_bug("floods", "plugin_limit").await;
    expect_bug("reuses_id", "plugin_reused_id").await;
}

#[tokio::test]
async fn endless_requests_stop_after_sixteen_calls() {
    let carrier = Carrier::friendly();
    assert!(run("endless", &carrier).await.is_err());
    assert_eq!(carrier.count(), 16);
}

#[tokio::test]
async fn strange_returns_end_as_bugs() {
    expect_bug("panics", "plugin_panic").await;
    expect_bug("unknown_status", "plugin_unknown_status").await;
    // The header says that unknown classes are bugs; the code is cleaned, not dropped.
    expect_bug("unknown_class", "weirdcode").await;
}

#[tokio::test]
async fn unknown_operation_is_a_configuration_failure() {
    let failure = run("unsupported", &Carrier::friendly())
        .await
        .expect_err("no");
    assert_eq!(failure.class, FailureClass::Config);
}

#[tokio::test]
async fn request_that_is_not_allowed_is_denied_and_never_made() {
    // The host answers for every request, whatever the plugin asks for.
    for mode in [
        "url_foreign",
        "url_plaintext",
        "url_port",
        "url_relative",
        "url_userinfo",
        "url_backslash",
        "url_crlf",
        "url_scheme",
        "url_empty",
        "method_smuggled",
        "method_connect",
    ] {
        let carrier = Carrier::friendly();
        let failure = run(mode, &carrier).await.expect_err(mode);
        assert_eq!(failure.code, "denied", "{mode}: {failure}");
        assert!(failure.certainly_not_sent, "{mode}");
        assert_eq!(carrier.count(), 0, "{mode}");
    }
}

#[test]
fn broken_instances_are_refused() {
    for (mode, class, code) in [
        ("new_without_reason", FailureClass::Bug, "plugin_incomplete"),
        ("new_without_handle", FailureClass::Bug, "plugin_incomplete"),
        ("new_panics", FailureClass::Bug, "plugin_panic"),
        ("new_succeeds_twice", FailureClass::Bug, "plugin_incomplete"),
    ] {
        let failure = try_instance(&modes(), mode).expect_err(mode);
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (class, code),
            "{mode}"
        );
    }
}

#[test]
fn configuration_that_the_plugin_refuses_is_a_configuration_failure() {
    let options = gateway_plugin_host::InstanceOptions::new(serde_json::json!(null));
    let failure = modes().instance(options).expect_err("no mode");
    let found = (failure.class, failure.code.as_str());
    assert_eq!(found, (FailureClass::Config, "no_mode"));
}

#[tokio::test]
async fn longer_struct_of_a_later_minor_is_understood() {
    let issued = run("longer_struct", &Carrier::friendly())
        .await
        .expect("fine");
    assert_eq!(issued.headers[0].1, "Bearer later");
}

#[tokio::test]
async fn good_modes_still_work_after_all_that() {
    let plugin = modes();
    let carrier = Carrier::friendly();
    let good = instance(&plugin, "http");
    let issued = good.authorize(crate::support::fetch(), &carrier).await;
    assert!(issued.is_ok());
}
