//! Limits by address behind a load balancer: guesses count for the guesser, and nobody else's word about
//! an address is taken. The tests' own address, 127.0.0.1, plays the balancer or a stranger.

use crate::plane::{Managed, managed_behind};
use gateway_model::{ClientAddressSource, ProxyNetwork, TrustedProxies};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

const GUESSES: usize = 10;

fn trusting(network: &str) -> TrustedProxies {
    let network: ProxyNetwork = network.parse().expect("a network");
    [network].into_iter().collect()
}

async fn behind_proxy_protocol() -> Managed {
    managed_behind(ClientAddressSource::ProxyProtocol(trusting("127.0.0.1"))).await
}

fn text_header(client: &str) -> Vec<u8> {
    let family = if client.contains(':') { "TCP6" } else { "TCP4" };
    let own = if client.contains(':') {
        "::1"
    } else {
        "127.0.0.1"
    };
    format!("PROXY {family} {client} {own} 5 80\r\n").into_bytes()
}

fn binary_header(client: [u8; 4]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend(client);
    header.extend([127, 0, 0, 1, 0, 5, 0, 80]);
    header
}

/// A guess of a token, with these bytes in front and these lines in its head. The status, or 0 for a
/// connection that is closed without an answer.
async fn guess(managed: &Managed, front: &[u8], lines: &str) -> u16 {
    let mut stream = TcpStream::connect(managed.server.addr)
        .await
        .expect("it listens");
    let request = format!(
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n{lines}Authorization: Bearer guess\r\n\
         Connection: close\r\n\r\n"
    );
    let bytes = [front, request.as_bytes()].concat();
    // The listener may have closed already.
    drop(stream.write_all(&bytes).await);
    let mut answer = Vec::new();
    let read = timeout(crate::harness::PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset counts as an end.
    drop(read.expect("an end in time"));
    let text = String::from_utf8_lossy(&answer);
    text.split(' ')
        .nth(1)
        .map_or(0, |status| status.parse().expect("a status"))
}

/// Spends the guesses of one client, and says what this and another client get then.
async fn spend(managed: &Managed, one: (&[u8], &str), other: (&[u8], &str)) -> [u16; 2] {
    for n in 0..GUESSES {
        assert_eq!(guess(managed, one.0, one.1).await, 401, "guess {n}");
    }
    [
        guess(managed, one.0, one.1).await,
        guess(managed, other.0, other.1).await,
    ]
}

#[tokio::test]
async fn guesses_through_a_balancer_count_for_the_client_of_its_header() {
    let clients = [
        (text_header("203.0.113.1"), text_header("203.0.113.2")),
        (text_header("2001:db8:1::1"), text_header("2001:db8:2::1")),
        (
            binary_header([203, 0, 113, 1]),
            binary_header([203, 0, 113, 2]),
        ),
        // The balancer itself, and a client.
        (b"PROXY UNKNOWN\r\n".to_vec(), text_header("203.0.113.1")),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(),
            text_header("203.0.113.1"),
        ),
    ];
    for (one, other) in clients {
        let managed = behind_proxy_protocol().await;
        let statuses = spend(&managed, (&one, ""), (&other, "")).await;
        assert_eq!(statuses, [429, 401], "{one:?}");
    }
}

#[tokio::test]
async fn guesses_count_for_the_client_of_a_balancers_field() {
    for (one, other) in [
        (
            "X-Forwarded-For: 203.0.113.1\r\n",
            "X-Forwarded-For: 203.0.113.2\r\n",
        ),
        (
            "X-Forwarded-For: 2001:db8:1::1\r\n",
            "X-Forwarded-For: 2001:db8:2::1\r\n",
        ),
        // What a client writes itself does not give it a new budget.
        (
            "X-Forwarded-For: 198.51.100.1, 203.0.113.1\r\n",
            "X-Forwarded-For: 198.51.100.1, 203.0.113.2\r\n",
        ),
        ("", "X-Forwarded-For: 203.0.113.1\r\n"),
    ] {
        let source = ClientAddressSource::XForwardedFor(trusting("127.0.0.0/8"));
        let managed = managed_behind(source).await;
        let statuses = spend(&managed, (b"", one), (b"", other)).await;
        assert_eq!(statuses, [429, 401], "{one:?}");
    }
}

#[tokio::test]
async fn word_of_a_stranger_counts_for_nothing() {
    let field = ("", "X-Forwarded-For: 203.0.113.2\r\n");
    for source in [
        ClientAddressSource::Connection,
        ClientAddressSource::XForwardedFor(trusting("10.0.0.0/8")),
        ClientAddressSource::ProxyProtocol(trusting("10.0.0.0/8")),
    ] {
        let managed = managed_behind(source).await;
        let statuses = spend(&managed, (b"", field.0), (b"", field.1)).await;
        assert_eq!(statuses, [429, 429], "the field of a stranger");
        // To a stranger the listener speaks HTTP, and this is none.
        let status = guess(&managed, &text_header("203.0.113.2"), "").await;
        assert_eq!(status, 400);
    }
}

#[tokio::test]
async fn connections_of_a_balancer_without_a_sound_header_are_closed() {
    let managed = behind_proxy_protocol().await;
    for front in [
        &b""[..],
        b"PROXY TCP4 203.0.113.1 127.0.0.1 5\r\n",
        b"PROXY TCP4 client 127.0.0.1 5 80\r\n",
        b"PROXY UNKNOWN and more than one hundred and seven bytes, which is the longest that a header of the \
          first version may be\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\xcb\0\x71\x01\x7f\0\0\x01\0\x05\0\x50",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
    ] {
        assert_eq!(guess(&managed, front, "").await, 0, "{front:?}");
    }
    assert_eq!(guess(&managed, &text_header("203.0.113.1"), "").await, 401);
}

#[tokio::test]
async fn silent_balancer_is_cut_and_a_slow_one_is_served() {
    let managed = behind_proxy_protocol().await;
    let connect = || TcpStream::connect(managed.server.addr);
    let (mut silent, mut slow) = (
        connect().await.expect("it listens"),
        connect().await.expect("it listens"),
    );
    silent.write_all(b"PROXY TCP4").await.expect("open");
    for byte in text_header("203.0.113.1") {
        slow.write_all(&[byte]).await.expect("open");
        sleep(Duration::from_millis(2)).await;
    }
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("open");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut byte = [0];
    let early = timeout(Duration::from_secs(8), silent.read(&mut byte)).await;
    assert!(early.is_err(), "cut too early");
    let read = timeout(crate::harness::PATIENCE, silent.read(&mut byte)).await;
    assert_eq!(read.expect("cut").expect("an end"), 0);
}

/// Connections that announced another client do not take the places of this one.
#[tokio::test]
async fn places_count_for_the_client_of_the_header() {
    let managed = behind_proxy_protocol().await;
    let mut first = TcpStream::connect(managed.server.addr)
        .await
        .expect("it listens");
    first
        .write_all(&text_header("203.0.113.1"))
        .await
        .expect("open");
    let mut others = Vec::new();
    // More than one address may have, so that one address would lose its oldest.
    for _ in 0..200 {
        let mut other = TcpStream::connect(managed.server.addr)
            .await
            .expect("it listens");
        other
            .write_all(&text_header("203.0.113.2"))
            .await
            .expect("open");
        others.push(other);
    }
    // Served behind them, so that all of them have been seen.
    assert_eq!(guess(&managed, &text_header("203.0.113.3"), "").await, 401);
    first
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("open");
    let mut answer = String::new();
    first.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
