//! Consents, and what a plugin says about grants that work once.

use crate::support::{Carrier, Folders, compile, fetch, host, instance, load, try_instance};
use gateway_model::{Failure, FailureClass, GrantHint, Secret};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, ConsentRequest, GrantChange, InstanceOptions, Issued,
    Plugin,
};
use serde_json::json;
use std::time::Duration;

fn plugin() -> Plugin {
    load(&compile("consent.c", &[]))
}

fn request() -> ConsentRequest {
    ConsentRequest {
        slot: String::new(),
        redirect_uri: "https://gw.example/cb".into(),
        state: Secret::new("drawn".into()),
        pkce_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
    }
}

async fn url(mode: &str) -> Result<Secret, Failure> {
    instance(&plugin(), mode).authorize_url(&request()).await
}

async fn run(mode: &str) -> Result<Issued, Failure> {
    let instance = instance(&plugin(), mode);
    instance.authorize(fetch(), &Carrier::silent()).await
}

#[tokio::test]
async fn consent_url_leads_to_the_carrier() {
    let plugin = plugin();
    assert!(plugin.supports_auth_code() && !plugin.supports_revoke());
    assert!(instance(&plugin, "good").supports_auth_code());
    let url = url("good").await.expect("a URL");
    assert_eq!(
        url.expose(),
        "https://api.example.com/authorize?client_id=1&redirect_uri=https%3A%2F%2Fgw.example%2Fcb\
         &state=drawn&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}

/// A browser is sent to the carrier, by TLS, and comes back with what the gateway drew.
#[tokio::test]
async fn unsafe_consent_url_is_a_bug() {
    for mode in [
        "elsewhere",
        "port",
        "plaintext",
        "script",
        "user",
        "backslash",
        "relative",
        "fragment",
        "second_state",
        "no_state",
        "line_break",
        "twice",
        "silent",
        "null_url",
        "long",
        "null_context",
        "issues",
        "panics",
        "fails_silently",
        "unknown_status",
        "fails_too",
    ] {
        let failure = url(mode).await.expect_err(mode);
        assert_eq!(failure.class, FailureClass::Bug, "{mode}: {failure}");
        assert!(!failure.message.contains("drawn"), "{mode}: {failure}");
    }
}

#[tokio::test]
async fn refused_consent_url_has_the_plugins_class() {
    for (mode, code) in [("refuses", "no"), ("unsupported", "consent_unsupported")] {
        let failure = url(mode).await.expect_err(mode);
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (FailureClass::Config, code)
        );
    }
    let unknown = ConsentRequest {
        slot: "other".into(),
        ..request()
    };
    let failure = instance(&plugin(), "good").authorize_url(&unknown).await;
    assert_eq!(failure.expect_err("no such slot").code, "unknown_slot");
}

/// The operator's origin may be plaintext only where that was allowed for the instance.
#[tokio::test]
async fn consent_url_may_be_at_the_operators_origin() {
    let at = |origin: &str| InstanceOptions {
        origin: Some(origin.parse().expect("an origin")),
        danger_plaintext: true,
        ..InstanceOptions::new(json!({"mode": "plaintext"}))
    };
    let allowed = plugin().instance(at("http://api.example.com")).unwrap();
    assert!(allowed.authorize_url(&request()).await.is_ok());
    let elsewhere = plugin().instance(at("http://127.0.0.1:9")).unwrap();
    assert!(elsewhere.authorize_url(&request()).await.is_err());
}

#[tokio::test]
async fn plugin_without_the_capability_is_not_asked() {
    let capabilities = ["-DTABLE_CAPABILITIES=WAYBILL_CAP_TOKEN"];
    let plugin = load(&compile("consent.c", &capabilities));
    let instance = try_instance(&plugin, "good").unwrap();
    assert!(!instance.supports_auth_code());
    let failure = instance.authorize_url(&request()).await;
    assert_eq!(failure.expect_err("no consent").code, "consent_unsupported");
    for reason in [AuthorizationReason::AuthCode, AuthorizationReason::Revoke] {
        let begin = Authorization { reason, ..fetch() };
        let failure = instance.authorize(begin, &Carrier::silent()).await;
        let failure = failure.expect_err("not known");
        assert_eq!(failure.code, "unsupported");
        assert!(failure.certainly_not_sent);
    }
}

#[test]
fn capability_without_its_function_is_refused() {
    let library = compile("consent.c", &["-DNO_AUTHORIZE_URL", "-Wno-unused-function"]);
    let entry = Folders::new().open(&library, &host());
    let reason = entry.reason().expect("a fault");
    assert!(reason.contains("authorize_url"), "{reason}");
}

#[tokio::test]
async fn parameters_of_a_code_reach_the_plugin() {
    let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
    let begin = Authorization {
        reason: AuthorizationReason::AuthCode,
        params: vec![param("code", "c-1"), param("pkce_verifier", "v-1")],
        ..fetch()
    };
    let instance = instance(&plugin(), "good");
    let issued = instance.authorize(begin, &Carrier::silent()).await.unwrap();
    let fields: Vec<_> = issued
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(fields, ["x-token", "code", "pkce_verifier"]);
    assert_eq!(issued.headers[1].1, "c-1");
}

#[tokio::test]
async fn grant_given_back_yields_no_credential() {
    let able = ["-DTABLE_CAPABILITIES=(WAYBILL_CAP_TOKEN|WAYBILL_CAP_REVOKE)"];
    let plugin = load(&compile("consent.c", &able));
    assert!(plugin.supports_revoke());
    let begin = Authorization {
        reason: AuthorizationReason::Revoke,
        ..fetch()
    };
    let instance = instance(&plugin, "good");
    let revoked = instance.authorize(begin, &Carrier::silent()).await;
    assert!(revoked.unwrap().headers.is_empty());
}

/// What the plugin says about the grant arrives as it was said; what is not known is cautious.
#[tokio::test]
async fn change_of_the_grant_travels_through() {
    let replaced = |seconds: Option<u64>| GrantChange::Replaced {
        lifetime: seconds.map(Duration::from_secs),
    };
    for (mode, change) in [
        ("good", GrantChange::NotSingleUse),
        ("older_struct", GrantChange::NotSingleUse),
        ("replaced", replaced(Some(9))),
        ("replaced_unsaid", replaced(None)),
        ("replaced_endless", replaced(None)),
        ("kept", GrantChange::Kept),
        ("gone", GrantChange::Gone),
        ("grant_of_later", GrantChange::Gone),
    ] {
        let issued = run(mode).await.expect(mode);
        assert_eq!(issued.grant, change, "{mode}");
        assert_eq!(issued.state.expose(), b"next");
    }
}

#[tokio::test]
async fn fate_of_the_grant_travels_through() {
    for (mode, hint) in [
        ("unharmed", GrantHint::Unharmed),
        ("refused", GrantHint::Refused),
        ("fate_of_later", GrantHint::HostDecides),
    ] {
        assert_eq!(run(mode).await.expect_err(mode).grant, hint, "{mode}");
    }
}

#[tokio::test]
async fn facts_are_a_small_printable_object() {
    let facts = run("facts").await.expect("a credential").facts;
    assert_eq!(facts.scope.as_deref(), Some("a b"));
    assert_eq!((facts.refresh_count, facts.status), (Some(3), None));
    for mode in [
        "facts_broken",
        "facts_list",
        "facts_number",
        "facts_negative",
        "facts_control",
        "facts_null",
        "facts_long",
    ] {
        let failure = run(mode).await.expect_err(mode);
        assert_eq!(failure.class, FailureClass::Bug, "{mode}: {failure}");
    }
}
