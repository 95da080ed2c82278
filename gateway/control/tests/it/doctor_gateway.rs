//! The doctor on the gateway itself and on the way to carriers.

use crate::world::{World, expect};
use gateway_control::view::Verdict;
use gateway_model::Environment;
use gateway_store::GrantKind::ClientCredentials;
use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

#[tokio::test]
async fn clock_that_is_off_is_a_warning_and_then_a_failure() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    world.ups.advance(Duration::from_secs(120));
    expect(&world.doctor().await, "clock", Verdict::Warning, "behind");
    world.clock.advance(Duration::from_secs(240));
    expect(&world.doctor().await, "clock", Verdict::Warning, "ahead of");
    world.ups.advance(Duration::from_secs(600));
    expect(&world.doctor().await, "clock", Verdict::Failure, "NTP");
}

#[tokio::test]
async fn carrier_that_is_away_is_a_failed_connection() {
    let World {
        ups,
        control,
        folder: _folder,
        clock: _clock,
        ..
    } = {
        let world = World::new().await;
        world.add("main", ClientCredentials, &["A1B2C3"]).await;
        world
    };
    ups.stop().await;
    let report = control.doctor(crate::world::operator(), None).await;
    let report = report.expect("a report");
    expect(&report, "connection", Verdict::Failure, "firewall");
}

#[tokio::test]
async fn store_that_does_not_answer_is_a_finding() {
    let world = World::new().await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    world.store.clone().close().await;
    let report = world.doctor().await;
    expect(&report, "store", Verdict::Failure, "docs/store.md");
    assert_eq!(report.verdict, Verdict::Failure);
}

#[tokio::test]
async fn key_that_others_can_read_is_a_failure_with_the_command() {
    let world = World::new().await;
    let sound = world.doctor().await;
    let modes = |report: &gateway_control::view::DoctorReport, verdict| {
        let found = report.checks.iter();
        let found = found.filter(|c| c.name == "file mode" && c.verdict == verdict);
        found
            .map(|check| check.remedy.clone().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(modes(&sound, Verdict::Ok).len(), 2, "{sound:#?}");
    let key = world.folder.path().join("store.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a mode");
    let report = world.doctor().await;
    let remedies = modes(&report, Verdict::Failure);
    assert_eq!(remedies, [format!("`chmod 600 {}`", key.display())]);
    fs::remove_file(&key).expect("no file");
    let report = world.doctor().await;
    assert!(
        modes(&report, Verdict::Failure)[0].contains("put it back"),
        "{report:#?}"
    );
}

/// P16: the address is shown, and tried.
#[tokio::test]
async fn redirect_uri_that_leads_nowhere_is_a_warning() {
    let world = World::new().await;
    let report = world.doctor().await;
    expect(
        &report,
        "redirect uri",
        Verdict::Warning,
        "waybill account paste",
    );
    expect(
        &report,
        "redirect uri",
        Verdict::Warning,
        crate::world::CALLBACK,
    );
}

/// P17: production that goes to the test environment, and one client for both.
#[tokio::test]
async fn environments_mixed_up_are_found() {
    let world = World::with(|settings| {
        for realm in &mut settings.realms {
            if realm.environment == Environment::Production {
                realm.origin = Some("https://wwwcie.ups.com".parse().expect("an origin"));
            }
        }
    })
    .await;
    let test = world.add("trial", ClientCredentials, &["A1B2C3"]).await;
    assert_eq!(test.environment, Environment::Test);
    world
        .add_in(Environment::Production, "real", &["A1B2C3"])
        .await;
    let report = world.doctor().await;
    let of = |name: &str, what: &str| {
        let mut checks = report.checks.iter();
        let found = checks.find(|check| {
            check.name == what && check.account.as_ref().is_some_and(|a| a.as_str() == name)
        });
        found.map(|check| check.verdict)
    };
    assert_eq!(
        of("real", "environment"),
        Some(Verdict::Failure),
        "{report:#?}"
    );
    assert_eq!(of("trial", "environment"), Some(Verdict::Ok));
    assert_eq!(of("real", "client id"), Some(Verdict::Warning));
    assert_eq!(of("trial", "client id"), Some(Verdict::Warning));
}
