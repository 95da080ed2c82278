//! The doctor on the gateway itself and on the way to carriers.

use crate::world::{World, account, expect, operator};
use gateway_api::{AddAccount, Verdict};
use gateway_model::{Environment, GrantKind::ClientCredentials};
use mock_ups::{Action, Endpoint, Fault, Filter, Latency, Span};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

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
    let report = control.doctor(operator(), None).await;
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
    let modes = |report: &gateway_api::DoctorReport, verdict| {
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

/// The whole run has an end, whatever a carrier does: what was not reached by then says so.
#[tokio::test]
async fn doctor_whose_time_is_over_tells_what_it_did_not_look_at() {
    const LONG: Duration = Duration::from_secs(3600);
    let world = World::with(|settings| settings.request_timeout = LONG).await;
    world.add("main", ClientCredentials, &["A1B2C3"]).await;
    let within = async |limit| {
        let report = world.control.doctor_within(limit, operator(), None).await;
        report.expect("a report")
    };
    let report = within(Duration::ZERO).await;
    // What needs nobody else is looked at in any case.
    expect(&report, "store", Verdict::Ok, "takes writes");
    for name in ["connection", "redirect uri", "token"] {
        expect(&report, name, Verdict::Skipped, "time was over");
    }
    let calls = world.ups.expect(Filter::any().endpoint(Endpoint::Rating));
    calls.none().expect("nothing is called");

    let never = Action::Delay(Latency::Fixed(Span(LONG)));
    let fault = Fault::new(never).endpoint(Endpoint::Tracking);
    let _guard = world.ups.add_fault(fault).expect("a fault");
    let mut limit = Duration::from_secs(2);
    // A machine that stalls may not come as far.
    let report = loop {
        let report = within(limit).await;
        if report.checks.iter().any(|check| check.name == "Tracking") {
            break report;
        }
        limit *= 2;
    };
    for name in ["Tracking", "Locator"] {
        expect(&report, name, Verdict::Skipped, "time was over");
    }
    assert_ne!(report.verdict, Verdict::Failure, "{report:#?}");
}

/// The address is shown, and tried.
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

/// Production that goes to the test environment, and one client for both.
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
    let real = AddAccount {
        environment: Environment::Production,
        ..account("real", ClientCredentials, &["A1B2C3"])
    };
    world.put(real).await;
    let report = world.doctor().await;
    let mut ways = report
        .checks
        .iter()
        .filter(|check| check.name == "connection");
    let lost = ways.find(|check| check.verdict == Verdict::Failure);
    let lost = lost.expect("one name is not known");
    assert!(
        lost.message.contains("wwwcie.ups.com was not resolved"),
        "{lost:#?}"
    );
    assert!(
        lost.remedy
            .as_ref()
            .is_some_and(|r| r.contains("name servers"))
    );
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

/// Answers every request as a page for people, until the test ends.
fn page(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut begin = [0; 1024];
            let read = connection.read(&mut begin).expect("a request");
            assert_ne!(read, 0, "a request has a first line");
            let length = text.len();
            let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {length}\r\n\r\n");
            // The other side may have seen enough.
            drop(connection.write_all(format!("{head}{text}").as_bytes()));
        }
    });
    format!("http://{address}/oauth/callback")
}

#[tokio::test]
async fn redirect_uri_is_tried_and_its_owner_recognised() {
    for (uri, verdict, says) in [
        (
            page("<h1>Not signed in</h1> Waybill"),
            Verdict::Ok,
            "leads here",
        ),
        (page("nginx"), Verdict::Warning, "something else"),
        ("/oauth/callback".to_owned(), Verdict::Failure, "absolute"),
        (
            "http://gateway.example/oauth/callback".to_owned(),
            Verdict::Failure,
            "in clear",
        ),
        (
            "https://0.0.0.0/oauth/callback".to_owned(),
            Verdict::Failure,
            "unspecified",
        ),
        (
            "https://gateway.example/cb#x".to_owned(),
            Verdict::Failure,
            "fragment",
        ),
        (
            "ftp://gateway.example/cb".to_owned(),
            Verdict::Failure,
            "neither http nor https",
        ),
    ] {
        let world = World::redirecting_to(&uri).await;
        expect(&world.doctor().await, "redirect uri", verdict, says);
    }
}
