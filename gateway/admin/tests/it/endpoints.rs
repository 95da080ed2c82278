//! Health, readiness, metrics.

use crate::{
    harness::{Made, PATIENCE, json, start, still},
    plane::managed,
};
use gateway_admin::{Admin, AdminAccess, AdminOptions, Latch};
use gateway_model::ClientAddressSource;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

#[tokio::test]
async fn health_is_answered_in_every_phase() {
    let server = start().await;
    assert_eq!(server.get("/healthz").await.0, 200);
    server.latch.draining();
    assert_eq!(server.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn readiness_follows_the_latch() {
    let server = start().await;
    let (status, body) = server.get("/readyz").await;
    assert_eq!((status, &json(&body)["phase"]), (503, &"starting".into()));
    server.latch.serving();
    let (status, body) = server.get("/readyz").await;
    assert_eq!(
        (status, &json(&body)["ready"]),
        (200, &true.into()),
        "{body}"
    );
    server.latch.draining();
    let (status, body) = server.get("/readyz").await;
    assert_eq!((status, &json(&body)["phase"]), (503, &"draining".into()));
}

/// Which part is broken, and why. A person's absence takes nobody else's requests away.
#[tokio::test]
async fn account_that_waits_for_a_person_is_listed_and_the_gateway_stays_ready() {
    let server = start().await;
    server.latch.serving();
    server.runtime.account_broken.store(true, Ordering::SeqCst);
    let (status, body) = server.get("/readyz").await;
    let answer = json(&body);
    let account = &answer["accounts"][0];
    assert_eq!((status, &answer["ready"]), (200, &true.into()), "{body}");
    assert_eq!(answer["degraded"], true);
    assert_eq!(account["name"], "main");
    assert_eq!(account["ready"], false);
    assert_eq!(account["state"], "rejected");
    assert_eq!(account["waits_for"], "person");
    assert_eq!(account["reason"], "credentials_rejected");
    assert_eq!(account["message"], "UPS refused the client secret");
    assert_eq!(answer["plugins"][0]["ready"], true);

    server.runtime.account_broken.store(false, Ordering::SeqCst);
    let answer = json(&server.get("/readyz").await.1);
    assert_eq!(answer["degraded"], false);
    assert!(answer["accounts"][0].get("waits_for").is_none(), "{answer}");
}

#[tokio::test]
async fn unusable_plugin_makes_the_gateway_unready_and_says_why() {
    let server = start().await;
    server.latch.serving();
    server.runtime.plugin_broken.store(true, Ordering::SeqCst);
    let (status, body) = server.get("/readyz").await;
    let answer = json(&body);
    assert_eq!((status, &answer["ready"]), (503, &false.into()), "{body}");
    assert_eq!(answer["degraded"], true);
    assert_eq!(answer["plugins"][0]["reason"], "this is not an ELF file");
}

/// Tokens in memory go on being used, so nobody is sent elsewhere; but it is said.
#[tokio::test]
async fn store_that_is_away_is_listed_and_the_gateway_stays_ready() {
    let managed = managed().await;
    let server = &managed.server;
    server.latch.serving();
    let (status, body) = server.get("/readyz").await;
    let answer = json(&body);
    assert_eq!((status, &answer["store"]["ready"]), (200, &true.into()));
    assert_eq!(answer["degraded"], false);
    managed.store.close().await;
    // One look serves many for a while.
    let answer = json(&server.get("/readyz").await.1);
    assert_eq!(answer["store"]["ready"], true, "{answer}");
    server.clock.advance(Duration::from_secs(2));
    let (status, body) = server.get("/readyz").await;
    let answer = json(&body);
    assert_eq!((status, &answer["ready"]), (200, &true.into()), "{body}");
    assert_eq!(answer["degraded"], true);
    let reason = answer["store"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the store"), "{reason}");
}

/// It serves the tokens that it holds: another gateway would not serve better.
#[tokio::test]
async fn gateway_whose_lease_is_over_stays_ready_and_says_why() {
    let server = start().await;
    server.latch.serving();
    let answer = json(&server.get("/readyz").await.1);
    assert_eq!(answer["degraded"], false, "{answer}");
    assert_eq!(answer["fleet"]["replicas"], 2, "{answer}");
    server.runtime.lease_over.store(true, Ordering::SeqCst);
    let (status, body) = server.get("/readyz").await;
    let answer = json(&body);
    assert_eq!((status, &answer["degraded"]), (200, &true.into()), "{body}");
    assert_eq!(answer["fleet"]["ready"], false);
    assert_eq!(
        answer["fleet"]["message"],
        "the lease of this gateway is over"
    );
    let metrics = server.get("/metrics").await.1;
    assert!(metrics.contains("\nwaybill_fleet_lease 0\n"), "{metrics}");
}

/// A start is over when every account was tried once. An account that is added later is tried too, and
/// its first attempt may take as long as the carrier does.
#[tokio::test]
async fn first_attempts_are_waited_for_at_the_start_and_never_again() {
    let server = start().await;
    let untried = |untried| {
        server
            .runtime
            .account_untried
            .store(untried, Ordering::SeqCst);
    };
    server.latch.serving();
    untried(true);
    let (status, body) = server.get("/readyz").await;
    assert_eq!(status, 503, "{body}");
    assert_eq!(json(&body)["accounts"][0]["waits_for"], "token");
    untried(false);
    assert_eq!(server.get("/readyz").await.0, 200);
    untried(true);
    let (status, body) = server.get("/readyz").await;
    assert_eq!((status, &json(&body)["degraded"]), (200, &true.into()));
}

#[tokio::test]
async fn metrics_carry_the_numbers_of_every_source() {
    let server = start().await;
    let (status, body) = server.get("/metrics").await;
    assert_eq!(status, 200);
    let labels = r#"account="main",carrier="ups",environment="test""#;
    for line in [
        r#"waybill_responses_total{class="2xx"} 7"#,
        r#"waybill_responses_total{class="5xx"} 1"#,
        r#"waybill_gateway_errors_total{code="carrier_unreachable"} 4"#,
        "waybill_request_duration_seconds_sum 1.5",
        "waybill_request_duration_seconds_count 4",
        r#"waybill_request_duration_seconds_bucket{le="0.00005"} 3"#,
        r#"waybill_request_duration_seconds_bucket{le="+Inf"} 4"#,
        "waybill_tokens_minted_total 5",
        "waybill_token_waiters_joined_total 11",
        r#"waybill_token_request_failures_total{class="rejected"} 6"#,
        &format!("waybill_token_expires_in_seconds{{{labels}}} 250.0"),
        &format!("waybill_account_requests_total{{{labels}}} 9"),
        &format!("waybill_account_token_rejections_total{{{labels}}} 2"),
        &format!("waybill_account_usable{{{labels}}} 1.0"),
        r#"waybill_plugin_active{plugin="ups",version="0.1.0",state="active"} 1.0"#,
        r#"waybill_plugin_worker_running{plugin="ups"} 1.0"#,
        r#"waybill_plugin_worker_restarts_total{plugin="ups"} 2"#,
        r#"waybill_plugin_worker_endings_total{plugin="ups",reason="signal"} 1"#,
        "waybill_log_lines_dropped_total 8",
        &format!("waybill_grant_seconds_left{{{labels}}} -10.0"),
        "waybill_notices_open 3",
        "waybill_replicas 2",
        "waybill_fleet_lease 1",
        "waybill_accounts_owned 7",
        "waybill_fleet_resyncs_total 1",
    ] {
        assert!(
            body.lines().any(|have| have == line),
            "{line} is not in\n{body}"
        );
    }
    assert!(body.contains("waybill_build_info{version=\""));
}

#[tokio::test]
async fn metrics_are_in_the_format_that_the_client_asks_for() {
    let server = start().await;
    let counter = "# TYPE waybill_replays";
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let fields = [("Host", "localhost"), ("Accept", accept)];
    let open_metrics = server.ask("GET", "/metrics", &fields, "").await.body;
    assert!(
        open_metrics.contains(&format!("{counter} counter\n")),
        "{open_metrics}"
    );
    assert!(open_metrics.ends_with("# EOF\n"));
    let classic = server.get("/metrics").await.1;
    assert!(
        classic.contains(&format!("{counter}_total counter\n")),
        "{classic}"
    );
    assert!(!classic.contains("# EOF") && !classic.contains("# UNIT"));
}

#[tokio::test]
async fn metrics_of_operations_are_counted_by_app_and_timed_over_all_apps() {
    let server = start().await;
    let body = server.get("/metrics").await.1;
    for line in [
        r#"waybill_operation_requests_total{route="/ups",app="crm",operation="rating.shop",class="4xx"} 2"#,
        r#"waybill_operation_requests_total{route="(overflow)",app="(overflow)",operation="(overflow)",class="2xx"} 3"#,
        r#"waybill_operation_duration_seconds_sum{route="/ups",operation="rating.shop"} 9.0"#,
        r#"waybill_operation_duration_seconds_count{route="/ups",operation="rating.shop"} 12"#,
        r#"waybill_operation_duration_seconds_bucket{le="0.05",route="/ups",operation="rating.shop"} 2"#,
    ] {
        assert!(
            body.lines().any(|have| have == line),
            "{line} is not in\n{body}"
        );
    }
    let of_class = r#"operation="rating.shop",class="3xx""#;
    assert!(
        !body.contains(of_class),
        "a class that never occurred has no series"
    );
}

/// The system tells them of this very process.
#[tokio::test]
async fn metrics_of_the_process_are_there() {
    let body = start().await.get("/metrics").await.1;
    let value = |name: &str| {
        let mut lines = body.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("{name} ")));
        let value = line.unwrap_or_else(|| panic!("{name} is not in\n{body}"));
        value.parse::<f64>().expect("a number")
    };
    assert!(value("process_cpu_seconds_total") >= 0.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_start_time_seconds") > 1.6e9);
    assert!(value("process_open_fds") > 3.0);
    assert!(value("process_max_fds") >= value("process_open_fds"));
}

#[tokio::test]
async fn accounts_are_summed_by_carrier_and_environment() {
    let server = start().await;
    server.runtime.more_accounts.store(8, Ordering::SeqCst);
    server.runtime.accounts_summed.store(true, Ordering::SeqCst);
    let body = server.get("/metrics").await.1;
    let production = r#"carrier="ups",environment="production""#;
    for line in [
        &format!("waybill_accounts{{{production},state=\"backing_off\"}} 2.0"),
        r#"waybill_accounts{carrier="ups",environment="test",state="fresh"} 1.0"#,
        &format!("waybill_accounts_usable{{{production}}} 8.0"),
        &format!("waybill_accounts_failing{{{production}}} 2.0"),
        &format!("waybill_accounts_waiting_requests{{{production}}} 8.0"),
        &format!("waybill_accounts_first_token_expires_in_seconds{{{production}}} 250.0"),
        &format!("waybill_accounts_first_grant_ends_in_seconds{{{production}}} -10.0"),
        &format!("waybill_accounts_grants_ending{{{production},within=\"7d\"}} 8.0"),
    ] {
        assert!(
            body.lines().any(|have| have == line),
            "{line} is not in\n{body}"
        );
    }
    assert!(
        !body.contains("account=\""),
        "an account has no series of its own\n{body}"
    );
}

#[tokio::test]
async fn metrics_of_ten_thousand_accounts_stay_small() {
    let server = start().await;
    server.runtime.more_accounts.store(9_999, Ordering::SeqCst);
    server.runtime.accounts_summed.store(true, Ordering::SeqCst);
    let summed = server.get("/metrics").await.1.len();
    assert!(summed <= 300 * 1024, "{summed} bytes");
    server
        .runtime
        .accounts_summed
        .store(false, Ordering::SeqCst);
    let each = server.get("/metrics").await.1.len();
    assert!(each > 3_000_000, "{each} bytes: what the summing saves");
}

// Its agreed end is weeks away, but a person is needed now.
#[tokio::test]
async fn refused_sign_in_has_no_seconds_left() {
    let server = start().await;
    server.runtime.account_broken.store(true, Ordering::SeqCst);
    let body = server.get("/metrics").await.1;
    let labels = r#"account="main",carrier="ups",environment="test""#;
    let line = format!("waybill_grant_seconds_left{{{labels}}} 0.0");
    assert!(body.lines().any(|have| have == line), "{body}");
}

/// Ids of OAuth clients stay out as well, although they are public.
#[tokio::test]
async fn client_ids_are_in_no_answer() {
    let server = start().await;
    server.runtime.account_broken.store(true, Ordering::SeqCst);
    for path in ["/readyz", "/metrics", "/healthz", "/"] {
        assert!(!server.get(path).await.1.contains("planted"), "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_json() {
    let server = start().await;
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/metrics/", 404, "not_found"),
        ("POST", "/metrics", 405, "method_not_allowed"),
        ("DELETE", "/readyz", 405, "method_not_allowed"),
    ] {
        let (have, body) = server.send(method, path, "localhost").await;
        assert_eq!(
            (have, &json(&body)["error"]["code"]),
            (status, &code.into()),
            "{method} {path}"
        );
    }
    assert_eq!(
        server.send("HEAD", "/healthz", "localhost").await,
        (200, String::new())
    );
}

/// DNS rebinding.
#[tokio::test]
async fn foreign_host_is_refused() {
    let server = start().await;
    let (status, body) = server.send("GET", "/metrics", "evil.example").await;
    assert_eq!(
        (status, &json(&body)["error"]["code"]),
        (421, &"foreign_host".into())
    );
    assert_eq!(
        server.send("GET", "/healthz", "waybill.internal:1").await.0,
        200
    );
    let none = server.raw("GET /metrics HTTP/1.0\r\n\r\n").await;
    assert!(none.starts_with("HTTP/1.0 400 "), "{none}");
}

#[tokio::test]
async fn bytes_that_are_not_http_do_not_disturb_others() {
    let server = start().await;
    let answer = server.raw("\u{0}\u{1}garbage\r\n\r\n").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    assert_eq!(server.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn taken_port_is_named() {
    let server = start().await;
    let error = Admin::bind(AdminOptions {
        addr: server.addr,
        inherited: None,
        access: AdminAccess {
            hosts: Vec::new(),
            client_address: ClientAddressSource::Connection,
            tls: None,
        },
        runtime: Arc::<Made>::default(),
        latch: Latch::default(),
        clock: still(),
        control: None,
    })
    .await
    .expect_err("the port is taken")
    .to_string();
    assert!(error.contains(&server.addr.to_string()), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[tokio::test]
async fn shutdown_ends_idle_connections_and_frees_the_port() {
    let server = start().await;
    let mut idle = TcpStream::connect(server.addr).await.expect("it listens");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("it reads");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop.send(()).expect("it runs");
    timeout(PATIENCE, server.running)
        .await
        .expect("it ends")
        .expect("it does not panic");
    let mut rest = Vec::new();
    timeout(PATIENCE, idle.read_to_end(&mut rest))
        .await
        .expect("closed")
        .expect("cleanly");
    assert!(TcpStream::connect(server.addr).await.is_err());
}
