//! The data plane behind a load balancer that speaks the PROXY protocol; the tests play the balancer.

use serde_json::Value;
use tests::{Certificate, Raw, World, WorldBuilder, eventually, rate_request, send_http1};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

const LISTEN: &str = "trusted_proxies = \"127.0.0.1\"\napps_client_address = \"proxy-protocol\"";
const LOG: &str = "[log]\naccess_log = true\nformat = \"json\"\n";
const APP: &str = r#"
[[app]]
name = "shop"
key = { value = "shop-key-0123456789" }
accounts = ["main"]
"#;
const REQUEST: &str = "GET /api/none HTTP/1.1\r\nHost: localhost\r\nWaybill-Key: shop-key-0123456789\r\n\
                       Connection: close\r\n\r\n";

fn behind() -> WorldBuilder {
    World::builder()
        .config(|config| config.listen_more = LISTEN.into())
        .more(&format!("{LOG}{APP}"))
}

/// The `peer` of each request in the access log, once there are this many.
async fn peers(world: &World, count: usize) -> Vec<String> {
    let mut peers = Vec::new();
    eventually("lines of the access log", async || {
        let log = world.gateway.process.stderr();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        peers = lines
            .filter(|line| line["target"] == "access")
            .map(|line| line["peer"].as_str().expect("an address").to_owned())
            .collect();
        peers.len() == count
    })
    .await;
    peers
}

async fn answer(world: &World, front: &str, request: &str) -> String {
    let raw = Raw::connect(world.gateway.apps).await;
    let mut raw = raw.expect("it listens");
    raw.send(format!("{front}{request}")).await;
    raw.until_closed(front).await
}

#[tokio::test]
async fn access_log_names_the_client_of_the_header() {
    let world = behind().start().await;
    let v6 = "PROXY TCP6 2001:db8::9 ::1 5 80\r\n";
    for front in ["PROXY TCP4 203.0.113.9 127.0.0.1 51234 80\r\n", v6] {
        let answer = answer(&world, front, REQUEST).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    let binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x7f\0\0\x01\0\x05\0\x50";
    let mut raw = Raw::connect(world.gateway.apps).await.unwrap();
    raw.send([&binary[..], REQUEST.as_bytes()].concat()).await;
    raw.until_closed("version 2").await;
    let wanted = ["203.0.113.9:51234", "[2001:db8::9]:5", "203.0.113.7:5"];
    assert_eq!(peers(&world, 3).await, wanted);
}

/// Whoever speaks for others does not make them callers of this machine.
#[tokio::test]
async fn loopback_is_not_trusted_behind_a_balancer() {
    let world = behind().start().await;
    let without_key = REQUEST.replace("Waybill-Key: shop-key-0123456789\r\n", "");
    for front in [
        "PROXY TCP4 203.0.113.9 127.0.0.1 51234 80\r\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 51234 80\r\n",
        "PROXY UNKNOWN\r\n",
    ] {
        let answer = answer(&world, front, &without_key).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{front}: {answer}");
    }
}

#[tokio::test]
async fn connections_without_a_sound_header_are_closed_and_said() {
    let world = behind().start().await;
    for front in [
        "",
        "PROXY TCP4 203.0.113.9 127.0.0.1 5\r\n",
        "PROXY UNKNOWN\n",
    ] {
        assert_eq!(answer(&world, front, REQUEST).await, "", "{front:?}");
    }
    eventually("a warning", async || {
        world
            .gateway
            .process
            .stderr()
            .contains("listen.trusted_proxies")
    })
    .await;
    let answer = answer(&world, "PROXY UNKNOWN\r\n", REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn silent_balancer_is_cut() {
    let world = behind()
        .more("[limits]\nhandshake_timeout = \"300ms\"")
        .start()
        .await;
    for front in ["", "PROXY TC", "\r\n\r\n\0\r\nQUIT\n\x21\x11"] {
        assert_eq!(answer(&world, front, "").await, "", "{front:?}");
    }
}

/// To everybody else the listener speaks HTTP, and a header is a malformed request.
#[tokio::test]
async fn header_of_a_stranger_is_refused() {
    let listen = LISTEN.replace("127.0.0.1", "192.0.2.0/24");
    let world = behind()
        .config(move |config| config.listen_more.clone_from(&listen))
        .start()
        .await;
    let front = "PROXY TCP4 203.0.113.9 127.0.0.1 51234 80\r\n";
    let refused = answer(&world, front, REQUEST).await;
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    let served = answer(&world, "", REQUEST).await;
    assert!(served.starts_with("HTTP/1.1 404"), "{served}");
}

#[tokio::test]
async fn header_comes_before_tls() {
    let certificate = Certificate::for_localhost();
    let written = certificate.clone();
    let world = behind()
        .prepare(move |folder| written.write(folder))
        .more("[listen.tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"")
        .start()
        .await;
    let mut stream = TcpStream::connect(world.gateway.apps).await.unwrap();
    stream
        .write_all(b"PROXY TCP4 203.0.113.9 127.0.0.1 51234 443\r\n")
        .await
        .unwrap();
    let stream = certificate.over(stream, &["http/1.1"]).await.unwrap();
    let mut request = rate_request();
    let key = "shop-key-0123456789".parse().unwrap();
    request.headers_mut().insert("waybill-key", key);
    send_http1(stream, request).await.assert_rates();
    assert_eq!(peers(&world, 1).await, ["203.0.113.9:51234"]);
}
