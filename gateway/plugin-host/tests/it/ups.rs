//! The UPS plugin as its users get it: a library.

use crate::support::{Carrier, Folders, fetch, host};
use gateway_http_client::HttpResponse;
use gateway_model::{Environment, FailureClass};
use gateway_plugin_host::{Catalog, Instance, InstanceOptions, Plugin, PluginPolicy, inspect};
use serde_json::json;
use std::{env, fs, path::PathBuf, process::Command, sync::OnceLock, time::Duration};

const TOKEN: &[u8] = br#"{"token_type":"Bearer","issued_at":"1700000000000","client_id":"id",
    "access_token":"planted-token","expires_in":"14399","status":"approved"}"#;

/// Built by cargo beside this test, in the same profile.
fn library() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let exe = env::current_exe().expect("this test");
        let profile: PathBuf = exe.ancestors().nth(2).expect("target/<profile>").into();
        let target = profile.parent().expect("target");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "-p",
            "plugins-ups-dylib",
            "--target-dir",
        ]);
        cargo.arg(target);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.expect("cargo").success());
        fs::read(profile.join("libwaybill_plugin_ups.so")).expect("the library")
    })
}

fn plugin() -> Plugin {
    let folders = Folders::new();
    folders.put("ups.so", library());
    let strict = PluginPolicy {
        strict: true,
        ..PluginPolicy::default()
    };
    let catalog = Catalog::load(folders.plugins.path(), &strict, &folders.cache(), &host());
    let catalog = catalog.expect("a folder");
    let plugin = catalog.plugin(&"ups".parse().unwrap());
    let reason = catalog.entries()[0].reason();
    plugin.unwrap_or_else(|| panic!("{reason:?}")).clone()
}

fn instance(plugin: &Plugin) -> Instance {
    let config = json!({
        "environment": "test",
        "origin": "https://wwwcie.ups.com",
        "client_id": "id",
        "client_secret": "planted-secret",
        "account_number": "A1B2C3",
    });
    plugin
        .instance(InstanceOptions::new(config))
        .expect("an instance")
}

#[test]
fn library_uses_no_io_and_exports_one_symbol() {
    // Its import list is the proof that it is a pure codec; hence the strict policy everywhere here.
    let inspection = inspect(library()).expect("fine");
    assert_eq!(inspection.reports, []);
}

#[test]
fn profile_is_what_the_data_plane_needs() {
    let plugin = plugin();
    let profile = plugin.profile();
    let origin = profile
        .origin(Environment::Test)
        .expect("a test environment");
    assert_eq!(origin.to_string(), "https://wwwcie.ups.com");
    assert_eq!(profile.rejected_statuses, [http::StatusCode::UNAUTHORIZED]);
    let endpoint = profile.downstream_token.as_ref().expect("a token endpoint");
    assert_eq!(endpoint.path, "/security/v1/oauth/token");
    assert_eq!(endpoint.invalid_client.code, "10401");
    assert_eq!(profile.headers_when_absent.len(), 2);
}

#[tokio::test]
async fn token_is_issued_with_its_lifetime() {
    let carrier = Carrier::new(|request| {
        assert_eq!(request.headers["x-merchant-id"], "A1B2C3");
        assert_eq!(
            request.headers["authorization"],
            "Basic aWQ6cGxhbnRlZC1zZWNyZXQ="
        );
        Some(Ok(HttpResponse {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: TOKEN.into(),
        }))
    });
    let issued = instance(&plugin()).authorize(fetch(), &carrier).await;
    let issued = issued.expect("a credential");
    assert_eq!(issued.headers[0].1, "Bearer planted-token");
    assert!(issued.headers[0].1.is_sensitive());
    assert_eq!(issued.lifetime, Some(Duration::from_secs(14399)));
    let asked = carrier.asked.lock().unwrap().clone();
    assert_eq!(asked, ["https://wwwcie.ups.com/security/v1/oauth/token"]);
}

#[tokio::test]
async fn failures_carry_no_secret() {
    let plugin = plugin();
    for (status, body) in [(401, &b"{}"[..]), (200, b"<html>"), (500, b""), (429, b"{")] {
        let carrier = Carrier::new(move |_| Some(Ok(crate::support::response(status, body))));
        let failure = instance(&plugin).authorize(fetch(), &carrier).await;
        let failure = failure.expect_err("no credential");
        assert_ne!(failure.class, FailureClass::Bug, "{status}: {failure}");
        assert!(!format!("{failure:?}").contains("planted"), "{failure:?}");
    }
}
