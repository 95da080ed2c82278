//! The typed client against the real listener, and against what is none.

use crate::harness::{PATIENCE, start};
use gateway_admin::client::{Client, ClientError};
use gateway_model::Secret;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

fn client(addr: SocketAddr) -> Client {
    let token = Secret::new("planted-token".into());
    Client::new(&format!("http://{addr}"), token).expect("an address")
}

/// The error of a call, which never shows the token.
async fn error(client: &Client) -> ClientError {
    let answer = timeout(PATIENCE, client.status()).await;
    let error = answer.expect("an answer in time").expect_err("an error");
    assert!(
        !format!("{error} {error:?}").contains("planted"),
        "{error:?}"
    );
    error
}

/// Answers every connection with the same bytes.
async fn fake(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            drop(stream.read(&mut head).await);
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    addr
}

#[tokio::test]
async fn client_hears_what_the_gateway_says() {
    let server = start().await;
    let error = error(&client(server.addr)).await;
    let said = error.api().expect("an answer of the gateway");
    assert_eq!(
        (said.status.as_u16(), said.code.as_str()),
        (503, "no_control_plane")
    );
    assert!(
        error
            .remedy()
            .is_some_and(|remedy| remedy.contains("waybill serve"))
    );
}

#[tokio::test]
async fn client_without_a_gateway_says_how_to_start_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    drop(listener);
    let error = error(&client(addr)).await;
    assert!(matches!(error, ClientError::NotRunning { .. }), "{error:?}");
    let text = error.to_string();
    for part in [&addr.to_string(), "waybill serve", "--offline"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn client_that_calls_something_else_says_so() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(
            matches!(error, ClientError::NotUnderstood { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn client_of_another_version_says_so() {
    for answer in [
        "HTTP/1.1 200 OK\r\nwaybill-version: 99.0.0\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\nwaybill-version: 99.0.0\r\nContent-Length: 47\r\n\r\n\
         {\"error\":{\"code\":\"not_found\",\"message\":\"none\"}}",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(matches!(error, ClientError::Version { .. }), "{error:?}");
        assert!(error.to_string().contains("99.0.0"), "{error}");
    }
}

#[tokio::test]
async fn client_hears_when_its_token_is_unknown() {
    let addr = fake(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 54\r\n\r\n\
         {\"error\":{\"code\":\"unauthorized\",\"message\":\"whose?\"}}\r\n",
    )
    .await;
    let error = error(&client(addr)).await;
    assert!(matches!(error, ClientError::Unauthorized(_)), "{error:?}");
}

#[tokio::test]
async fn client_does_not_wait_for_ever() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let client = client(addr).with_deadline(Duration::from_millis(200));
    let error = error(&client).await;
    assert!(matches!(error, ClientError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn client_takes_an_exchange_that_breaks_for_what_it_is() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        "garbage\r\n\r\n",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(
            matches!(error, ClientError::Unreachable { .. }),
            "{error:?}"
        );
    }
}
