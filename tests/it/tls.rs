//! TLS and HTTP/2 on both sides.

use http::Version;
use mock_ups::MockUps;
use std::fs;
use tests::{Certificate, ConfigFile, World, WorldBuilder, rate_request, send_http1, send_http2};
use tokio::net::TcpStream;

async fn secure_world() -> (World, Certificate) {
    let certificate = Certificate::for_localhost();
    let written = certificate.clone();
    let world = World::builder()
        .prepare(move |folder| written.write(folder))
        .more("[listen.tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"")
        .start()
        .await;
    (world, certificate)
}

#[tokio::test]
async fn apps_listener_speaks_tls_with_both_versions() {
    let (world, certificate) = secure_world().await;
    let addr = world.gateway.apps;
    for alpn in [&["http/1.1"][..], &[]] {
        let stream = certificate.connect(addr, alpn).await.unwrap();
        let answer = send_http1(stream, rate_request()).await;
        answer.assert_rates();
        assert_eq!(answer.version(), Version::HTTP_11);
    }
    let stream = certificate
        .connect(addr, &["h2", "http/1.1"])
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let answer = send_http2(stream, "https", rate_request()).await;
    answer.assert_rates();
    assert_eq!(answer.version(), Version::HTTP_2);
}

/// Clear text, a foreign protocol, or nothing at all on a TLS listener harm nobody.
#[tokio::test]
async fn apps_listener_with_tls_survives_other_talk() {
    let (world, certificate) = secure_world().await;
    let addr = world.gateway.apps;
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut raw = tests::Raw::connect(addr).await.unwrap();
    raw.send(request).await;
    let answer = raw.until_closed("clear text").await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(
        certificate.connect(addr, &["smtp"]).await.is_err(),
        "L4: ALPN is strict"
    );
    let silent = TcpStream::connect(addr).await.unwrap();
    let stream = certificate.connect(addr, &[]).await.unwrap();
    send_http1(stream, rate_request()).await.assert_rates();
    drop(silent);
}

/// HTTP/2 with prior knowledge on a listener without TLS.
#[tokio::test]
async fn apps_listener_without_tls_speaks_http2() {
    let world = World::start().await;
    let stream = TcpStream::connect(world.gateway.apps).await.unwrap();
    let answer = send_http2(stream, "http", rate_request()).await;
    answer.assert_rates();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.field("waybill-account"), "main");
}

fn to_secure_mock(mock: &MockUps, config: &mut ConfigFile) {
    config.origin = mock.tls_base_url().expect("TLS is on");
}

/// A world whose mock is reached over TLS, and whose gateway trusts its authority.
fn trusting() -> WorldBuilder {
    World::builder()
        .mock(|mock| mock.tls())
        .config_for(to_secure_mock)
}

fn write_authority(mock: &MockUps, config: &mut ConfigFile) -> String {
    to_secure_mock(mock, config);
    mock.ca_pem().expect("TLS is on").to_owned()
}

#[tokio::test]
async fn carrier_is_reached_over_tls_with_both_versions() {
    for http2 in [false, true] {
        // A file of its own for each: the authority is made when the mock starts.
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let world = World::builder()
            .mock(|mock| mock.tls())
            .config_for(move |mock, config| {
                fs::write(&path, write_authority(mock, config)).unwrap();
                let upstream = format!("[upstream]\nca_file = {path:?}\nhttp2 = {http2}\n");
                config.more.push_str(&upstream);
            })
            .start()
            .await;
        for _ in 0..3 {
            world.shop().await.assert_rates();
        }
        world.mock.exactly_one_token_request("mock-client").unwrap();
    }
}

/// Verification cannot be turned off, so nothing secret goes to whoever answers there.
#[tokio::test]
async fn carrier_with_an_unknown_authority_is_unreachable() {
    let world = trusting().start().await;
    let answer = world.shop().await;
    assert_eq!(
        answer.field("waybill-error"),
        "carrier_unreachable",
        "{}",
        answer.text()
    );
    assert!(matches!(answer.status().as_u16(), 502 | 503));
    world.mock.token_requests_of("mock-client").none().unwrap();
}
