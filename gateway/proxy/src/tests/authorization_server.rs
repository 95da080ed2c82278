//! Phase 3: nothing that is meant for the carrier's authorization server is forwarded.

use super::harness::{TOKEN_PATH, Upstream, Wants, World, post};
use crate::Limits;
use gateway_model::CarrierApi;
use proptest::{prelude::*, test_runner::TestRunner};
use std::sync::Arc;

/// As an app with OAuth code sends it; the account's token would go out beside it.
fn ask(world: &World, path: &str) -> (u16, String, String) {
    let fields =
        "waybill-key: shop-key\r\nauthorization: Basic c2hvcC1jbGllbnQ6c2hvcC1zZWNyZXQ=\r\n";
    let form = "grant_type=refresh_token&refresh_token=planted";
    let got = world.send(&post(path, fields, form));
    let code = got
        .all("waybill-error")
        .first()
        .copied()
        .unwrap_or_default();
    (got.status(), code.to_owned(), got.text())
}

#[test]
fn paths_of_the_authorization_server_are_refused_with_the_right_path() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for path in [
        "/security",
        "/security/",
        "/security/v1",
        "/security/v1/oauth/refresh",
        "/security/v1/oauth/authorize?client_id=x",
        "/security/v1/oauth/validate-client",
        "/security/v2/oauth/token",
        "/security/v1/oauth/token/more",
        "/security/v1/oauth/token;v=1",
        "/security;v=1/v1/oauth/token",
        "/security/v1/oauth/%2574oken",
        "/SECURITY/v1/oauth/refresh",
        "/%73ecurity/v1/oauth/refresh",
        "/%2573ecurity/v1/oauth/refresh",
        "/security%2Fv1%2Foauth%2Frefresh",
        "/security%252fv1",
        "//security/v1/oauth/refresh",
        "/;a=b/security/v1/oauth/refresh",
        "/x/%252e%252e/security/v1/oauth/refresh",
        "/x/..;/security/v1/oauth/refresh",
        "/%5csecurity/v1",
        "/security%20/v1",
        "/oauth/token",
        "/oauth",
        "/api/security/v1/oauth/token",
        "/api/oauth/token",
        "/API/Security/v1/oauth/token",
        "/api//security/v1/oauth/token",
        "/api%2Fsecurity/v1/oauth/token",
        "/api;v=1/security/v1/oauth/token",
    ] {
        let (status, code, text) = ask(&world, path);
        assert_eq!((status, &*code), (403, "authorization_server"), "{path}");
        assert!(text.starts_with(r#"{"response":{"errors":[{"code":"authorization_server""#));
        assert!(text.contains(&format!("POST to {TOKEN_PATH}")), "{text}");
        let (status, code, text) = ask(&world, &format!("/ups{path}"));
        assert_eq!(
            (status, &*code),
            (403, "authorization_server"),
            "/ups{path}"
        );
        assert!(
            text.contains(&format!("POST to /ups{TOKEN_PATH}")),
            "{text}"
        );
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn paths_that_only_contain_such_a_word_are_forwarded() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for path in [
        "/api/track/v1/details/oauth",
        "/api/track/v1/details/security",
        "/api/track/v1/details/1Z%2Fsecurity",
        "/api/track/v1/details/;/security",
        "/securityx/v1",
        "/oauth2/token",
        "/api/securities",
        "/api",
        "/",
    ] {
        assert_eq!(ask(&world, path).0, 200, "{path}");
        let seen = upstream.seen().pop().expect("a request");
        assert_eq!(seen.start, format!("POST {path} HTTP/1.1"));
    }
    assert_eq!(
        world
            .broker
            .unauthorized
            .load(std::sync::atomic::Ordering::SeqCst),
        0
    );
}

/// A plugin of before the manifest's `authorization_server` has templates with a version.
#[test]
fn templates_with_a_placeholder_count_however_the_version_reads() {
    let upstream = Upstream::fine();
    let change = |directory: &mut crate::Directory| {
        let mut profile = super::harness::profile();
        let templates = ["/security/{v}/oauth", "/api/security/{v}/oauth"];
        let templates = templates.map(|text| text.parse().expect("a template"));
        profile.api = CarrierApi::new(templates.into(), Vec::new()).expect("no operations");
        directory.routes[0].profile = Arc::new(profile);
    };
    let world = World::new(
        upstream.addr,
        Wants {
            change: Box::new(change),
            ..Wants::default()
        },
    );
    for (path, status) in [
        ("/security/v2/oauth/token", 403),
        ("/api/security/2026-01/oauth/refresh", 403),
        ("/api/Security/v1/oauth/refresh", 403),
        ("/security/v%31/oauth/refresh", 403),
        ("/security/v1/other", 200),
        ("/security//oauth", 200),
    ] {
        assert_eq!(ask(&world, path).0, status, "{path}");
    }
}

/// A letter as it is, in the other case, escaped, or escaped twice.
fn letters(text: &'static str) -> impl Strategy<Value = String> {
    let letters = text.chars().map(|letter| {
        let upper = letter.to_ascii_uppercase().to_string();
        let escaped = format!("%{:02x}", u32::from(letter));
        let twice = format!("%25{:02X}", u32::from(letter));
        prop_oneof![8 => Just(letter.to_string()), 1 => Just(upper), 1 => Just(escaped), 1 => Just(twice)]
    });
    let letters: Vec<_> = letters.collect();
    letters.prop_map(|letters| letters.concat())
}

fn separator() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(
        &[
            "/",
            "//",
            "%2F",
            "%2f%2F",
            "%252f",
            "\\",
            "%5C",
            "/./",
            "/x/../",
            "/;a=b/",
            "/%2e/",
            "/x/%252e%2e/",
            "/x/..;/",
        ][..],
    )
}

#[test]
fn no_spelling_reaches_the_carrier() {
    let upstream = Upstream::fine();
    let limits = Limits {
        token_requests_per_minute: 1_000_000,
        ..Limits::default()
    };
    let world = World::new(
        upstream.addr,
        Wants {
            limits,
            ..Wants::default()
        },
    );
    let route = prop_oneof![Just(""), Just("/ups")];
    let root = prop_oneof![letters("security"), letters("oauth")];
    let api = prop_oneof![Just(None), (separator(), letters("api")).prop_map(Some)];
    let parameter = prop_oneof![
        Just(""),
        Just(";v=1"),
        Just("%3Bv=1"),
        Just("%00"),
        Just("%20")
    ];
    let tail = "(/[a-z0-9]{1,8}){0,3}(%2F|//|;x)?[a-z]{0,5}";
    let spelling = (route, api, separator(), root, parameter, separator(), tail);
    let mut config = tests_kit::properties(256);
    config.source_file = Some(file!());
    let mut runner = TestRunner::new(config);
    let result = runner.run(
        &spelling,
        |(route, api, before, root, parameter, after, tail)| {
            let api = api
                .map(|(before, api)| format!("{before}{api}"))
                .unwrap_or_default();
            let path = format!("{route}/{api}{before}{root}{parameter}{after}{tail}");
            let (status, code, _) = ask(&world, &path);
            // 400: the spelling is refused as such. The token endpoint answers a grant type that it does not know
            // in the carrier's words.
            prop_assert!(
                matches!(
                    (status, &*code),
                    (403, "authorization_server") | (400, "bad_request" | "invalid_request")
                ),
                "{path}: {status} {code}"
            );
            prop_assert!(upstream.seen().is_empty(), "{path} was forwarded");
            Ok(())
        },
    );
    result.expect("every spelling is refused");
}
