//! Defaults that two crates write down agree.

use gateway_config::Config;
use std::collections::BTreeMap;

#[test]
fn defaults_are_those_of_the_data_plane_and_the_broker() {
    let Config { limits, tokens, .. } = defaults();
    let plane = gateway_proxy::Limits::default();
    assert_eq!(limits.head_bytes, plane.head_bytes);
    assert_eq!(limits.target_bytes, plane.target_bytes);
    assert_eq!(limits.body_bytes, plane.body_bytes);
    assert_eq!(limits.replay_bytes, plane.replay_bytes);
    assert_eq!(limits.connections, plane.connections);
    assert_eq!(
        limits.upstream_idle_connections,
        plane.upstream_idle_connections
    );
    assert_eq!(limits.http2_streams, plane.http2_streams);
    assert_eq!(limits.head_read, plane.head_read);
    assert_eq!(limits.body_idle, plane.body_idle);
    assert_eq!(limits.write_idle, plane.write_idle);
    assert_eq!(limits.keep_alive_idle, plane.keep_alive_idle);
    assert_eq!(limits.handshake, plane.handshake);
    assert_eq!(limits.connect, plane.connect);
    assert_eq!(limits.first_byte, plane.first_byte);
    assert_eq!(limits.upstream_idle, plane.upstream_idle);
    assert_eq!(tokens.acquire_wait, plane.credential_wait);
    assert_eq!(
        tokens.app_token_requests_per_minute,
        plane.token_requests_per_minute
    );
    let broker = gateway_broker::BrokerConfig::default();
    assert_eq!(tokens.mint_budget, broker.mint_budget.burst);
    assert_eq!(tokens.mint_refill, broker.mint_budget.interval);
    assert_eq!(tokens.request_timeout, broker.authorize_timeout);
    assert_eq!(tokens.margin, broker.policy.renewal.margin);
    assert!((tokens.renew_at - broker.policy.renewal.fraction).abs() < f64::EPSILON);
    assert!((tokens.jitter - broker.policy.renewal.spread).abs() < f64::EPSILON);
}

fn defaults() -> Config {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("waybill.toml");
    std::fs::write(&file, "").expect("the folder is ours");
    Config::load_with(&file, &BTreeMap::new()).expect("an empty file is a configuration")
}
