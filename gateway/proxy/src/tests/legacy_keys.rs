//! Apps that still speak the carrier's older API.

use super::harness::{Message, Upstream, Wants, World, post, profile};
use crate::{Directory, DirectoryError, LegacyKey, SecretHash};
use gateway_model::{LegacyProfile, PathRewrite, RetiredPath};
use http::{HeaderName, Method};
use std::sync::Arc;

const KEY: &str = "ABCDEF0123456789";
const FIELDS: &str = "AccessLicenseNumber: ABCDEF0123456789\r\nUsername: u-planted\r\n\
                      Password: p-planted\r\n";

fn legacy() -> LegacyProfile {
    let rule = |from: &str, to: &str, methods: &[Method]| PathRewrite {
        from: from.to_owned(),
        to: to.to_owned(),
        methods: methods.to_vec(),
    };
    LegacyProfile {
        key_header: HeaderName::from_static("accesslicensenumber"),
        strip: ["username", "password"].map(HeaderName::from_static).into(),
        paths: vec![
            rule("/ship/{v}/rating/{opt}", "/api/rating/{v}/{opt}", &[]),
            rule(
                "/ship/{v}/shipments",
                "/api/shipments/{v}/ship",
                &[Method::POST],
            ),
            rule(
                "/ship/{v}/shipments/cancel/{id}",
                "/api/shipments/v1/void/cancel/{id}",
                &[Method::DELETE],
            ),
            rule("/track/v1/details/{n}", "/api/track/v1/details/{n}", &[]),
            rule("/trap/{a}/{b}", "/security/v1/{a}/{b}", &[]),
        ],
        retired: vec![RetiredPath {
            path: "/ship".parse().expect("a template"),
            remedy: "send it below /api".to_owned(),
        }],
    }
}

fn key(text: &str, app: Option<&str>, account: &str) -> LegacyKey {
    LegacyKey {
        key: SecretHash::of(text),
        app: app.map(|app| app.parse().expect("a name")),
        account: account.parse().expect("a name"),
    }
}

/// The carrier has an older API; these keys are known.
fn older(directory: &mut Directory, keys: Vec<LegacyKey>) {
    let mut profile = profile();
    profile.legacy = Some(legacy());
    directory.routes[0].profile = Arc::new(profile);
    directory.legacy_keys = keys;
}

fn world(upstream: &Upstream, trust_loopback: bool, keys: Vec<LegacyKey>) -> World {
    let wants = Wants {
        trust_loopback,
        change: Box::new(move |directory| older(directory, keys)),
        ..Wants::default()
    };
    World::new(upstream.addr, wants)
}

fn refusal(got: &Message) -> (u16, &str) {
    (got.status(), got.one("waybill-error"))
}

#[test]
fn retired_key_becomes_a_bearer_and_its_path_todays() {
    let upstream = Upstream::fine();
    let world = world(&upstream, false, vec![key(KEY, Some("shop"), "main")]);
    for (from, to) in [
        (
            "/ship/v1801/rating/Rate?a=1&b=%2F",
            "/api/rating/v1801/Rate?a=1&b=%2F",
        ),
        ("/ups/ship/v1/shipments", "/api/shipments/v1/ship"),
        ("/track/v1/details/1Z%20X", "/api/track/v1/details/1Z%20X"),
    ] {
        let got = world.send(&post(from, FIELDS, "{}"));
        assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
        assert_eq!(got.one("waybill-legacy"), "rewritten");
        let seen = upstream.seen().pop().expect("a request");
        assert_eq!(seen.start, format!("POST {to} HTTP/1.1"));
        assert_eq!(seen.one("authorization"), "Bearer carrier-1");
        for field in [
            "accesslicensenumber",
            "username",
            "password",
            "waybill-legacy",
        ] {
            assert!(seen.all(field).is_empty(), "{field}");
        }
    }
    // The key alone tells who calls, on today's paths as well.
    let got = world.send(&post("/api/rating/v1/Rate", FIELDS, "{}"));
    assert_eq!((got.status(), got.all("waybill-legacy").len()), (200, 0));
    assert_eq!(world.metrics().legacy_requests, 4);
}

#[test]
fn rule_is_for_its_methods_only() {
    let upstream = Upstream::fine();
    let world = world(&upstream, false, vec![key(KEY, None, "main")]);
    for (method, status) in [("DELETE", 200), ("GET", 410)] {
        let head = format!("{method} /ship/v1/shipments/cancel/1Z HTTP/1.1");
        let got = world.send(&format!("{head}\r\nhost: localhost\r\n{FIELDS}\r\n"));
        assert_eq!(got.status(), status, "{method}");
    }
    let seen = upstream.seen();
    let to = "DELETE /api/shipments/v1/void/cancel/1Z HTTP/1.1";
    assert_eq!((seen.len(), seen[0].start.as_str()), (1, to));
}

#[test]
fn older_path_without_a_successor_is_explained_and_not_forwarded() {
    let upstream = Upstream::fine();
    let world = world(&upstream, false, vec![key(KEY, None, "main")]);
    for path in ["/ship/v1/other", "/ship", "/ship/v1801/rating/Rate/more"] {
        let got = world.send(&post(path, FIELDS, "{}"));
        assert_eq!(refusal(&got), (410, "path_retired"), "{path}");
        assert!(got.text().contains("send it below /api"), "{path}");
    }
    assert!(upstream.seen().is_empty());
    let got = world.send(&post("/shipped/v1", FIELDS, "{}"));
    assert_eq!(got.status(), 200);
}

#[test]
fn unknown_key_is_refused_in_the_carriers_words_even_on_a_trusted_listener() {
    let upstream = Upstream::fine();
    let overlong = "A".repeat(300);
    for trusted in [false, true] {
        let keys = vec![key(KEY, None, "main"), key(&overlong, None, "main")];
        let world = world(&upstream, trusted, keys);
        for unknown in [
            "ABCDEF012345678",
            "abcdef0123456789",
            "ABCDEF0123456789, ABCDEF0123456789",
            "",
            "\u{e4}",
            &overlong,
        ] {
            let fields = format!("AccessLicenseNumber: {unknown}\r\n");
            let got = world.send(&post("/ship/v1/rating/Rate", &fields, "{}"));
            assert_eq!(refusal(&got), (401, "app_unauthenticated"), "{unknown}");
            assert!(got.text().contains("250002"), "{}", got.text());
        }
        let twice = format!("{FIELDS}AccessLicenseNumber: {KEY}\r\n");
        let got = world.send(&post("/ship/v1/rating/Rate", &twice, "{}"));
        assert_eq!(refusal(&got), (400, "bad_request"));
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn request_without_a_key_is_rewritten_if_its_caller_is_known() {
    let upstream = Upstream::fine();
    let strict = world(&upstream, false, vec![key(KEY, None, "other")]);
    let path = "/ship/v1/rating/Rate";
    assert_eq!(strict.send(&post(path, "", "{}")).status(), 401);
    let got = strict.send(&post(path, "waybill-key: shop-key\r\n", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-legacy")),
        (200, "rewritten")
    );
    // What the app says of itself today counts more than what it said then.
    let both = "waybill-key: shop-key\r\nAccessLicenseNumber: unknown\r\n";
    let got = strict.send(&post(path, both, "{}"));
    assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
    assert_eq!(strict.metrics().legacy_requests, 2);
    // As long as no key is registered the field is a credential like others: ignored, and removed.
    let trusted = world(&upstream, true, Vec::new());
    assert_eq!(trusted.send(&post(path, FIELDS, "{}")).status(), 200);
    for seen in upstream.seen() {
        assert_eq!(seen.start, "POST /api/rating/v1/Rate HTTP/1.1");
        assert!(seen.all("accesslicensenumber").is_empty());
    }
}

#[test]
fn key_opens_its_own_account_only() {
    let upstream = Upstream::fine();
    let keys = vec![
        key("nobodys", None, "other"),
        key("ungranted", Some("shop"), "other"),
    ];
    let world = world(&upstream, false, keys);
    let ask = |key: &str, account: &str| {
        let fields = format!("AccessLicenseNumber: {key}\r\n{account}");
        world.send(&post("/ship/v1/rating/Rate", &fields, "{}"))
    };
    let (named, foreign) = ("waybill-account: other\r\n", "waybill-account: main\r\n");
    for account in ["", named] {
        let got = ask("nobodys", account);
        assert_eq!((got.status(), got.one("waybill-account")), (200, "other"));
    }
    assert_eq!(
        refusal(&ask("nobodys", foreign)),
        (403, "account_forbidden")
    );
    // An app's key has the rights of the app.
    for account in ["", named] {
        assert_eq!(
            refusal(&ask("ungranted", account)),
            (403, "account_forbidden")
        );
    }
    assert_eq!(ask("ungranted", foreign).status(), 200);
}

#[test]
fn key_goes_with_its_app_and_waits_for_its_account() {
    let upstream = Upstream::fine();
    // Trusted: without its app the key must not fall back to nobody in particular.
    let world = world(&upstream, true, vec![key(KEY, Some("shop"), "main")]);
    let mut client = world.connect();
    let mut ask = || {
        client.write(post("/ship/v1/rating/Rate", FIELDS, "{}").as_bytes());
        client.read()
    };
    assert_eq!(ask().status(), 200);
    world.replace(|directory| directory.accounts.retain(|a| a.id.as_str() != "main"));
    let got = ask();
    assert_eq!(refusal(&got), (403, "account_forbidden"));
    assert!(got.text().contains("not active"), "{}", got.text());
    world.replace(|directory| directory.apps.clear());
    assert_eq!(refusal(&ask()), (401, "app_unauthenticated"));
    world.replace(|_| {});
    assert_eq!(ask().status(), 200);
}

/// What is sent to the carrier is what was checked, and nothing is decoded on the way.
#[test]
fn odd_spellings_of_older_paths_never_reach_another_place() {
    let upstream = Upstream::fine();
    let world = world(&upstream, true, vec![key(KEY, None, "main")]);
    for refused in [
        "/ship/v1/rating/..",
        "/ship/v1/rating/%2e%2E",
        "/ship/./rating/Rate",
        "/ship/%2e/rating/Rate",
        "/ship/v1/rating/Rate%00",
        "/ship/v1/rating/Rate%",
        "/track/v1/details/..%2f..%2f..%2fsecurity",
        "/track/v1/details/1Z%5c2",
        "/track/v1/details/%2F",
    ] {
        let got = world.send(&post(refused, FIELDS, "{}"));
        assert_eq!(refusal(&got), (400, "bad_request"), "{refused}");
    }
    // Where a rule would lead to the token endpoint, that is what answers.
    let got = world.send(&post(
        "/trap/oauth/token",
        FIELDS,
        "grant_type=client_credentials",
    ));
    assert_eq!(refusal(&got), (400, "invalid_request"));
    let got = world.send(&post(
        "/trap/oauth/%74oken",
        FIELDS,
        "grant_type=client_credentials",
    ));
    assert_eq!(refusal(&got), (400, "invalid_request"));
    assert!(upstream.seen().is_empty());
    for unchanged in [
        "/s%68ip/v1/rating/Rate",
        "/Ship/v1/rating/Rate",
        "/api/x%2Fship/v1/rating/Rate",
    ] {
        let got = world.send(&post(unchanged, FIELDS, "{}"));
        assert_eq!(got.status(), 200, "{unchanged}");
        let seen = upstream.seen().pop().expect("a request");
        assert_eq!(seen.start, format!("POST {unchanged} HTTP/1.1"));
    }
    // Below a path without a successor, and not in the spelling of one that has one.
    for retired in ["/ship//rating/Rate", "/ship/v1/rating/Rate/"] {
        let got = world.send(&post(retired, FIELDS, "{}"));
        assert_eq!(got.status(), 410, "{retired}");
    }
    let double = world.send(&post(
        "/track/v1/details/%252e%252e%252f?q=%252F",
        FIELDS,
        "{}",
    ));
    assert_eq!(double.status(), 200);
    let seen = upstream.seen().pop().expect("a request");
    assert_eq!(
        seen.start,
        "POST /api/track/v1/details/%252e%252e%252f?q=%252F HTTP/1.1"
    );
}

#[test]
fn key_of_two_accounts_at_one_place_is_refused() {
    let upstream = Upstream::fine();
    let world = world(&upstream, false, Vec::new());
    let handle = world.running.as_ref().expect("running").directory();
    let mut directory = world.directory.clone();
    directory.legacy_keys = vec![key(KEY, None, "main"), key(KEY, Some("shop"), "other")];
    let refused = handle
        .replace(directory)
        .expect_err("one key, two accounts");
    let other = "other".parse().expect("a name");
    assert_eq!(refused, DirectoryError::LegacyKeyTwice(other));
}

/// UPS took the same key in both of its environments.
#[test]
fn one_key_stands_for_an_account_in_each_environment() {
    let upstream = Upstream::fine();
    let keys = vec![key(KEY, None, "main"), key(KEY, None, "live")];
    let world = world(&upstream, false, Vec::new());
    world.replace(|directory| {
        let mut live = directory.accounts[0].clone();
        live.id = "live".parse().expect("a name");
        live.environment = gateway_model::Environment::Production;
        directory.accounts.push(live);
        let mut route = directory.routes[0].clone();
        route.environment = gateway_model::Environment::Production;
        route.prefix = Some("/live".to_owned());
        route.default_account = None;
        directory.routes.push(route);
        directory.legacy_keys = keys;
    });
    for (prefix, account) in [("/ups", "main"), ("/live", "live")] {
        let path = format!("{prefix}/ship/v1/rating/Rate");
        let got = world.send(&post(&path, FIELDS, "{}"));
        assert_eq!((got.status(), got.one("waybill-account")), (200, account));
    }
}
