//! The UPS plugin's real library against the mock of UPS, over real HTTP: a whole login.
#![expect(
    clippy::panic,
    reason = "helpers of tests fail the test that called them"
)]

#[path = "mock/world.rs"]
mod world;

use flate2::read::GzDecoder;
use gateway_model::{Environment, FailureClass, GrantHint, SecretBytes, SignRequest};
use gateway_plugin_host::{AuthorizationReason, GrantChange, InstanceOptions, Plugin};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mock_ups::{Action, Endpoint, Fault, StaleGrant};
use plugins_conformance::Suite;
use serde_json::json;
use std::{env, fs, io, path::Path, time::Duration};
use world::World;

/// Consent with PKCE S256, the code, and two rotations.
#[tokio::test]
async fn login_lives_through_refreshes() {
    drive(World::new().await).await;
}

/// A museum of plugin files as they were built: a gateway of today loads and drives each of them.
/// `tests/museum/README.md` says how a file gets there.
#[tokio::test]
async fn plugin_files_of_the_museum_still_work() {
    let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/museum");
    let suffix = format!("-{}.so.gz", env::consts::ARCH);
    let mut driven = 0;
    for entry in fs::read_dir(museum).expect("the museum") {
        let file = entry.expect("an entry").path();
        let name = file.file_name().expect("a name").to_string_lossy();
        if !name.ends_with(&suffix) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("plugin.so");
        let packed = fs::File::open(&file).expect("it is listed");
        let mut unpacked = fs::File::create(&library).expect("the folder is ours");
        io::copy(&mut GzDecoder::new(packed), &mut unpacked).expect("it is a gzip file");
        let plugin = world::load(&library);
        match plugin.manifest().name.as_str() {
            "ups" => drive(World::of(plugin).await).await,
            "sign" => sign(&plugin),
            _ => pass_the_suite(&plugin).await,
        }
        driven += 1;
    }
    // Built for one kind of machine so far.
    assert!(
        driven > 2 || env::consts::ARCH != "x86_64",
        "the museum has {driven} files"
    );
}

/// One that signs: its request reaches it, and its fields come back.
fn sign(plugin: &Plugin) {
    let options = InstanceOptions::new(json!({"mode": "echo"}));
    let instance = plugin.instance(options).expect("an instance");
    let fields = instance.sign(&SignRequest {
        method: &Method::POST,
        authority: "api.example.com",
        path_and_query: "/rates",
        headers: &HeaderMap::new(),
        body: &["ab".into()],
        state: b"session-7",
    });
    let fields = fields.expect("signed");
    for (name, value) in [
        ("x-method", "POST"),
        ("x-target", "/rates"),
        ("x-body", "1:ab"),
    ] {
        let has = |(n, v): &(HeaderName, HeaderValue)| n == name && v == value;
        assert!(fields.iter().any(has), "{name}: {fields:?}");
    }
}

async fn pass_the_suite(plugin: &Plugin) {
    let config = json!({
        "environment": "test",
        "origin": plugin.profile().origin(Environment::Test).map(ToString::to_string),
        "client_id": "conformance",
        "client_secret": "planted-client-secret",
    });
    let suite = Suite {
        plugin,
        config: &config,
        script: Vec::new(),
        progress: &(),
        process: None,
    };
    let report = plugins_conformance::check(&suite).await;
    assert!(report.passed(), "{report}");
}

async fn drive(world: World) {
    let code = world.consent().await;
    let first = world.exchange(&code).await.expect("a login");
    let lifetime = Some(Duration::from_secs(5_183_999));
    assert_eq!(first.grant, GrantChange::Replaced { lifetime });
    assert_eq!(first.facts.refresh_status.as_deref(), Some("approved"));
    let second = world
        .refresh(AuthorizationReason::Refresh, &first.state)
        .await
        .expect("a token");
    let third = world
        .refresh(AuthorizationReason::UpstreamRejected, &second.state)
        .await;
    let third = third.expect("a token");
    assert_ne!(first.state.expose(), second.state.expose());
    assert_ne!(second.state.expose(), third.state.expose());
    assert_ne!(first.headers, third.headers);
    assert!(third.facts.refresh_expires_at_ms > third.facts.refresh_issued_at_ms);
}

/// Both ways in which UPS may say it.
#[tokio::test]
async fn used_refresh_token_and_code_are_refused_for_good() {
    for stale in [StaleGrant::BadRequest, StaleGrant::Unauthorized] {
        let world = World::new().await;
        world
            .ups
            .change_settings(|settings| settings.stale_grant = stale);
        let code = world.consent().await;
        let first = world.exchange(&code).await.expect("a login");
        world
            .refresh(AuthorizationReason::Refresh, &first.state)
            .await
            .expect("a token");
        let again = world
            .refresh(AuthorizationReason::Refresh, &first.state)
            .await;
        let again = again.expect_err("a used refresh token");
        assert_eq!(again.class, FailureClass::Interaction, "{again}");
        assert_eq!(again.grant, GrantHint::Refused);
        assert!(!again.certainly_not_sent);
        let again = world.exchange(&code).await.expect_err("a used code");
        assert_eq!(again.class, FailureClass::Interaction, "{again}");
        assert_eq!(again.grant, GrantHint::Refused);
        let wrong = world
            .exchange("no-such-code")
            .await
            .expect_err("a wrong code");
        assert_eq!(wrong.code, "code_refused");
    }
}

/// A limit and an outage leave the refresh token good.
#[tokio::test]
async fn refresh_that_ups_did_not_look_at_can_be_repeated() {
    let world = World::new().await;
    let first = world
        .exchange(&world.consent().await)
        .await
        .expect("a login");
    for (status, code) in [(429, "10429"), (503, "10004")] {
        let fault = Fault::error(status, code, "not now")
            .endpoint(Endpoint::Refresh)
            .times(1);
        let fault = world.ups.add_fault(fault).expect("a fault");
        let failure = world
            .refresh(AuthorizationReason::Refresh, &first.state)
            .await;
        let failure = failure.expect_err("the fault");
        assert_eq!(
            (failure.grant, fault.hits()),
            (GrantHint::Unharmed, 1),
            "{failure}"
        );
        assert_eq!(failure.class, FailureClass::Transient);
    }
    world
        .refresh(AuthorizationReason::Refresh, &first.state)
        .await
        .expect("a token");
}

/// The answer is lost after UPS has rotated; nobody may call that harmless.
#[tokio::test]
async fn refresh_with_a_lost_answer_claims_nothing() {
    let world = World::new().await;
    let first = world
        .exchange(&world.consent().await)
        .await
        .expect("a login");
    let lost = Fault::new(Action::LoseReply)
        .endpoint(Endpoint::Refresh)
        .times(1);
    let lost = world.ups.add_fault(lost).expect("a fault");
    let failure = world
        .refresh(AuthorizationReason::Refresh, &first.state)
        .await;
    let failure = failure.expect_err("the fault");
    assert_eq!(lost.hits(), 1);
    assert_eq!(
        (failure.grant, failure.certainly_not_sent),
        (GrantHint::HostDecides, false)
    );
    assert_eq!(failure.class, FailureClass::Transient, "{failure}");
    let used = world
        .refresh(AuthorizationReason::Refresh, &first.state)
        .await;
    assert_eq!(
        used.expect_err("a used refresh token").grant,
        GrantHint::Refused
    );
}

/// Without a login, UPS is not asked.
#[tokio::test]
async fn account_without_a_login_asks_ups_nothing() {
    let world = World::new().await;
    let before = world.ups.tokens_issued();
    let failure = world
        .refresh(AuthorizationReason::Fetch, &SecretBytes::default())
        .await;
    let failure = failure.expect_err("no login");
    assert_eq!(failure.code, "login_needed");
    assert!(failure.certainly_not_sent);
    assert_eq!(world.ups.tokens_issued(), before);
}

/// Every probe of the manifest is a call that UPS answers, and that changes nothing there.
#[tokio::test]
async fn probes_show_access_ownership_and_negotiated_rates() {
    let world = World::new().await;
    let login = world
        .exchange(&world.consent().await)
        .await
        .expect("a login");
    let diagnosis = world.plugin.diagnosis().clone();
    for probe in &diagnosis.probes {
        let answer = world.probe(probe, "A1B2C3", &login).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            probe.shows_access(&answer),
            "{}: {} {text}",
            probe.name,
            answer.status
        );
    }
    world.rates(&diagnosis, &login).await;
}
