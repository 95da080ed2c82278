//! Authorizations that keep the contract: requests, timers, races, deadlines, cancellation.

use crate::support::{Carrier, eventually, fetch, instance, modes, response, run};
use gateway_http_client::{HttpError, HttpErrorKind};
use gateway_model::{Clock, Failure, FailureClass, SecretBytes};
use gateway_plugin_host::{Authorization, AuthorizationReason, InstanceOptions, Limits};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

#[tokio::test]
async fn request_is_made_as_asked() {
    let carrier = Carrier::new(|request| {
        assert_eq!(request.method, "POST");
        assert_eq!(&request.body[..], b"grant_type=client_credentials");
        assert!(request.headers["authorization"].is_sensitive());
        assert_eq!(request.max_response, 1 << 20);
        Some(Ok(response(200, b"{}")))
    });
    let issued = run("http", &carrier).await.expect("a credential");
    assert_eq!(issued.headers.len(), 1);
    let asked = carrier.asked.lock().unwrap().clone();
    assert_eq!(asked, ["https://api.example.com/token?a=1"]);
}

#[tokio::test]
async fn state_and_times_travel_through() {
    let plugin = modes();
    let instance = instance(&plugin, "echo_state");
    let authorization = Authorization {
        reason: AuthorizationReason::Refresh,
        state: SecretBytes::new(b"refresh-1".to_vec()),
        slot: "access".into(),
        ..fetch()
    };
    let issued = instance.authorize(authorization, &Carrier::silent()).await;
    let issued = issued.expect("a credential");
    assert_eq!(issued.headers[0].1, "refresh-1");
    assert_eq!(issued.state.expose(), b"refresh-1");
    assert_eq!(issued.lifetime, Some(Duration::from_secs(1)));
    assert_eq!(issued.renew_after, Some(Duration::from_millis(500)));
}

#[tokio::test]
async fn unknown_slot_is_a_configuration_failure() {
    let authorization = Authorization {
        slot: "other".into(),
        ..fetch()
    };
    let failure = instance(&modes(), "http")
        .authorize(authorization, &Carrier::silent())
        .await
        .expect_err("no such slot");
    assert_eq!(failure.code, "unknown_slot");
    assert!(failure.message.contains("access"), "{failure}");
}

#[tokio::test]
async fn timers_fire_and_lost_races_are_taken_back() {
    assert!(run("timer", &Carrier::silent()).await.is_ok());
    // The request never answers; the timer wins and the plugin cancels the request.
    assert!(run("race", &Carrier::silent()).await.is_ok());
}

#[tokio::test]
async fn several_requests_run_at_the_same_time() {
    let carrier = Arc::new(Carrier::silent());
    let asked = Arc::clone(&carrier);
    let task = tokio::spawn(async move { run("three", &asked).await });
    eventually("three requests", || carrier.count() == 3).await;
    task.abort();
    assert!(run("three", &Carrier::friendly()).await.is_ok());
}

#[tokio::test]
async fn carriers_refusal_has_the_plugins_class_and_code() {
    let failure = run("http", &Carrier::status(401))
        .await
        .expect_err("refused");
    assert_eq!(failure.class, FailureClass::Rejected);
    assert_eq!(failure.code, "10401");
    assert!(!failure.certainly_not_sent);
}

async fn network_failure(kind: HttpErrorKind) -> Failure {
    let message = "as the test wants it".to_owned();
    let error = HttpError { kind, message };
    let carrier = Carrier::new(move |_| Some(Err(error.clone())));
    run("http", &carrier).await.expect_err("no network")
}

#[tokio::test]
async fn failure_knows_whether_the_request_was_certainly_not_sent() {
    // Decides whether a single-use refresh token may be presented again.
    for kind in [
        HttpErrorKind::Dns,
        HttpErrorKind::Connect,
        HttpErrorKind::Tls,
    ] {
        assert!(network_failure(kind).await.certainly_not_sent, "{kind:?}");
    }
    for kind in [
        HttpErrorKind::Timeout,
        HttpErrorKind::TooLarge,
        HttpErrorKind::Other,
    ] {
        assert!(!network_failure(kind).await.certainly_not_sent, "{kind:?}");
    }
}

#[tokio::test]
async fn one_sent_request_among_unsent_ones_counts_as_sent() {
    let carrier = Carrier::new({
        let first = std::sync::atomic::AtomicBool::new(true);
        move |_| {
            if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                return Some(Ok(response(500, b"")));
            }
            Some(Err(HttpError {
                kind: HttpErrorKind::Connect,
                message: String::new(),
            }))
        }
    });
    let failure = run("three", &carrier).await.expect_err("one failed");
    assert!(!failure.certainly_not_sent);
}

#[tokio::test]
async fn response_beyond_the_limit_is_not_shown_to_the_plugin() {
    let body: &'static [u8] = vec![b'x'; (1 << 20) + 1].leak();
    let carrier = Carrier::new(move |_| Some(Ok(response(200, body))));
    let failure = run("http", &carrier).await.expect_err("too long");
    assert_eq!(failure.code, "network");
}

fn options(mode: &str, limits: Limits) -> InstanceOptions {
    InstanceOptions {
        limits,
        ..InstanceOptions::new(json!({"mode": mode}))
    }
}

#[tokio::test]
async fn request_without_answer_times_out_for_the_plugin() {
    let limits = Limits {
        request_timeout: Duration::from_millis(20),
        ..Limits::default()
    };
    let instance = modes().instance(options("http", limits)).unwrap();
    let failure = instance.authorize(fetch(), &Carrier::silent()).await;
    assert_eq!(failure.expect_err("timeout").code, "network");
}

#[tokio::test]
async fn authorization_ends_at_its_deadline() {
    let limits = Limits {
        deadline: Duration::from_millis(50),
        ..Limits::default()
    };
    let instance = modes().instance(options("http", limits)).unwrap();
    let failure = instance.authorize(fetch(), &Carrier::silent()).await;
    let failure = failure.expect_err("a deadline");
    assert_eq!(failure.class, FailureClass::Transient);
    assert_eq!(failure.code, "timeout");
    assert!(!failure.certainly_not_sent);
}

#[tokio::test]
async fn operators_origin_is_the_only_one_allowed() {
    let plugin = modes();
    let with_origin = |origin: &str, danger_plaintext| InstanceOptions {
        origin: Some(origin.parse().unwrap()),
        danger_plaintext,
        ..InstanceOptions::new(json!({"mode": "http"}))
    };
    let failure = plugin.instance(with_origin("http://127.0.0.1:8099", false));
    assert_eq!(failure.expect_err("no danger").code, "plaintext_origin");
    // The plugin asks for the manifest's host, which the override replaces.
    let elsewhere = plugin
        .instance(with_origin("http://127.0.0.1:8099", true))
        .unwrap();
    let carrier = Carrier::friendly();
    let failure = elsewhere.authorize(fetch(), &carrier).await;
    assert_eq!(
        (failure.expect_err("denied").code.as_str(), carrier.count()),
        ("denied", 0)
    );
    let plain = with_origin("http://api.example.com", true);
    let mode = InstanceOptions {
        config: json!({"mode": "url_plaintext"}),
        ..plain
    };
    let instance = plugin.instance(mode).unwrap();
    assert!(instance.authorize(fetch(), &carrier).await.is_ok());
}

/// A carrier with regions has one place for all its tokens.
#[tokio::test]
async fn operators_choice_among_the_carriers_hosts_leaves_the_others_allowed() {
    let hosts = r#"-DPLUGIN_HOSTS="\"api.example.com\",\"eu.example.com\"""#;
    let plugin = crate::support::load(&crate::support::compile("modes.c", &[hosts]));
    let options = InstanceOptions {
        origin: Some("https://eu.example.com".parse().unwrap()),
        ..InstanceOptions::new(json!({"mode": "http"}))
    };
    let carrier = Carrier::friendly();
    let instance = plugin.instance(options).unwrap();
    let issued = instance.authorize(fetch(), &carrier).await;
    assert!(issued.is_ok(), "{issued:?}");
    assert_eq!(carrier.count(), 1);
}

#[tokio::test]
async fn authorizations_of_one_instance_run_side_by_side() {
    let instance = instance(&modes(), "http");
    let carrier = Carrier::friendly();
    let all = (0..200).map(|_| instance.authorize(fetch(), &carrier));
    let results = futures_util::future::join_all(all).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(carrier.count(), 200);
}

/// Time that stands still.
struct Standing;

impl Clock for Standing {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_234)
    }
}

struct Sevens;

impl gateway_plugin_host::Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[tokio::test]
async fn plugin_sees_the_hosts_time_and_randomness() {
    let folders = crate::support::Folders::new();
    let host = gateway_plugin_host::Host::with_random(Arc::new(Standing), Arc::new(Sevens));
    let library = crate::support::compile("modes.c", &[]);
    let entry = folders.open(&library, &host);
    let instance = instance(entry.plugin().expect("active"), "time_and_random");
    let issued = instance.authorize(fetch(), &Carrier::silent()).await;
    assert_eq!(issued.expect("fine").headers[0].1, "1234-0707");
}
