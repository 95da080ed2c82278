//! The client against local servers, one test for each way in which a request ends.

use bytes::Bytes;
use gateway_http_client::{
    HttpClient as _, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HyperClient, TrustError,
    trusted_roots,
};
use http::{HeaderMap, HeaderValue, Method};
use rustls::{RootCertStore, ServerConfig};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

const SECRET: &str = "planted-secret";

/// A certificate for `localhost` and its key.
struct Identity {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Identity {
    fn new() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        Self {
            certificate: cert,
            key: signing_key,
        }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = self.key.serialize_der().try_into().expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider's versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("a usable certificate");
        TlsAcceptor::from(Arc::new(config))
    }

    fn client(&self) -> HyperClient {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a root");
        HyperClient::with_roots(roots).expect("a client")
    }
}

/// A server that answers each connection with the same bytes, and tells what it read.
struct Server {
    port: u16,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Server {
    /// `answer: None` never answers.
    async fn start(tls: Option<TlsAcceptor>, answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (seen, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answer, seen) = (tls.clone(), answer.clone(), seen.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, answer, seen).await;
                            }
                        }
                        None => serve(stream, answer, seen).await,
                    }
                });
            }
        });
        Self { port, requests }
    }

    fn count(&mut self) -> usize {
        std::iter::from_fn(|| self.requests.try_recv().ok()).count()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Option<Vec<u8>>,
    seen: mpsc::UnboundedSender<String>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"grant_type=client_credentials") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    seen.send(String::from_utf8_lossy(&request).into_owned())
        .ok();
    let Some(answer) = answer else {
        return std::future::pending().await;
    };
    stream.write_all(&answer).await.ok();
    stream.shutdown().await.ok();
}

fn request(url: String) -> HttpRequest {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&format!("Basic {SECRET}")).expect("a value");
    headers.insert("authorization", value);
    headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    HttpRequest {
        method: Method::POST,
        url,
        headers,
        body: Bytes::from_static(b"grant_type=client_credentials"),
        timeout: Duration::from_secs(20),
        max_response: 4_096,
    }
}

fn answer(body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
}

async fn plain(answer: Option<Vec<u8>>) -> (Server, Result<HttpResponse, HttpError>) {
    let mut server = Server::start(None, answer).await;
    let request = request(format!("http://127.0.0.1:{}/token?q=1", server.port));
    let result = Identity::new().client().send(request).await;
    if let Err(error) = &result {
        assert!(!error.certainly_not_sent(), "the server read it: {error:?}");
    }
    let first = server
        .requests
        .try_recv()
        .expect("the server read a request");
    assert!(
        server.requests.try_recv().is_err(),
        "one request and no second one"
    );
    let (seen, requests) = mpsc::unbounded_channel();
    seen.send(first).expect("the receiver is here");
    (Server { requests, ..server }, result)
}

fn kind(result: Result<HttpResponse, HttpError>) -> HttpErrorKind {
    let error = result.expect_err("no response");
    assert!(!error.message.contains(SECRET), "{error}");
    error.kind
}

#[tokio::test]
async fn request_over_tls_reaches_the_server_as_written() {
    let identity = Identity::new();
    let mut server = Server::start(Some(identity.acceptor()), answer("{\"a\":1}")).await;
    let url = format!(
        "https://localhost:{}/security/v1/oauth/token?x=1",
        server.port
    );
    let response = identity
        .client()
        .send(request(url))
        .await
        .expect("a response");
    assert_eq!(
        (response.status.as_u16(), &response.body[..]),
        (200, &b"{\"a\":1}"[..])
    );
    let seen = server
        .requests
        .recv()
        .await
        .expect("a request")
        .to_ascii_lowercase();
    assert!(
        seen.starts_with("post /security/v1/oauth/token?x=1 http/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.contains(&format!("host: localhost:{}\r\n", server.port)),
        "{seen}"
    );
    assert!(seen.contains("content-length: 29\r\n"), "{seen}");
    assert!(
        !seen.contains("transfer-encoding"),
        "framing is the client's own: {seen}"
    );
}

#[tokio::test]
async fn name_that_does_not_resolve_is_certainly_not_sent() {
    let request = request("https://does-not-exist.invalid/".to_owned());
    let error = Identity::new()
        .client()
        .send(request)
        .await
        .expect_err("no such name");
    assert_eq!(error.kind, HttpErrorKind::Dns);
    assert!(error.certainly_not_sent());
}

#[tokio::test]
async fn refused_connection_is_certainly_not_sent() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let request = request(format!("http://127.0.0.1:{port}/"));
    let error = Identity::new()
        .client()
        .send(request)
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind, HttpErrorKind::Connect);
    assert!(error.certainly_not_sent());
}

#[tokio::test]
async fn server_that_is_not_trusted_gets_no_request() {
    let mut server = Server::start(Some(Identity::new().acceptor()), answer("{}")).await;
    let request = request(format!("https://localhost:{}/", server.port));
    let error = Identity::new()
        .client()
        .send(request)
        .await
        .expect_err("not trusted");
    assert_eq!(error.kind, HttpErrorKind::Tls);
    assert!(error.certainly_not_sent());
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn certificate_for_another_name_gets_no_request() {
    let identity = Identity::new();
    let mut server = Server::start(Some(identity.acceptor()), answer("{}")).await;
    let request = request(format!("https://127.0.0.1:{}/", server.port));
    assert_eq!(
        kind(identity.client().send(request).await),
        HttpErrorKind::Tls
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn deadline_during_the_tls_handshake_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut request = request(format!("https://localhost:{port}/"));
    request.timeout = Duration::from_millis(300);
    let error = Identity::new()
        .client()
        .send(request)
        .await
        .expect_err("nobody shakes hands");
    assert_eq!(error.kind, HttpErrorKind::Tls);
    assert!(error.certainly_not_sent());
}

#[tokio::test]
async fn silent_server_ends_at_the_deadline_and_may_have_processed_it() {
    let mut server = Server::start(None, None).await;
    let mut request = request(format!("http://127.0.0.1:{}/", server.port));
    request.timeout = Duration::from_millis(300);
    let error = Identity::new()
        .client()
        .send(request)
        .await
        .expect_err("no answer");
    assert_eq!(error.kind, HttpErrorKind::Timeout);
    assert!(!error.certainly_not_sent());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn answer_that_is_too_long_is_cut_while_it_streams() {
    // The announced length is never believed, and an endless one is not waited for.
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5_000));
    assert_eq!(
        kind(plain(Some(long.into_bytes())).await.1),
        HttpErrorKind::TooLarge
    );
    assert_eq!(
        kind(plain(answer(&"x".repeat(4_097))).await.1),
        HttpErrorKind::TooLarge
    );
    let exact = plain(answer(&"x".repeat(4_096)))
        .await
        .1
        .expect("not too long");
    assert_eq!(exact.body.len(), 4_096);
}

#[tokio::test]
async fn broken_exchange_may_have_been_processed() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"\x16\x03\x01 not HTTP",
        b"HTTP/1.1 200 OK\r\nX: ",
    ] {
        let result = plain(Some(bytes.to_vec())).await.1;
        assert_eq!(
            kind(result),
            HttpErrorKind::Other,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    // A redirect would carry the client secret to another host.
    let (mut elsewhere, redirected) = {
        let elsewhere = Server::start(None, answer("{}")).await;
        let location = format!("http://127.0.0.1:{}/", elsewhere.port);
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        );
        (elsewhere, plain(Some(answer.into_bytes())).await.1)
    };
    assert_eq!(
        redirected.expect("the redirect itself").status.as_u16(),
        307
    );
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn url_that_cannot_be_asked_is_denied_without_being_repeated() {
    for url in [
        String::new(),
        format!("/token?{SECRET}"),
        format!("ftp://localhost/{SECRET}"),
        format!("https://user:{SECRET}@localhost/"),
        format!("https://local host/{SECRET}"),
    ] {
        let result = Identity::new().client().send(request(url.clone())).await;
        assert_eq!(kind(result), HttpErrorKind::Denied, "{url:?}");
    }
}

#[tokio::test]
async fn extra_ca_file_is_trusted_beside_the_system() {
    let identity = Identity::new();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, identity.certificate.pem()).expect("written");
    let client = HyperClient::with_roots(trusted_roots(Some(&file)).expect("certificates"))
        .expect("a client");
    let server = Server::start(Some(identity.acceptor()), answer("{}")).await;
    let request = request(format!("https://localhost:{}/", server.port));
    assert_eq!(
        client.send(request).await.expect("trusted").status.as_u16(),
        200
    );
    for content in [
        "",
        "not PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&file, content).expect("written");
        let refused = trusted_roots(Some(&file)).expect_err("no certificate in it");
        assert!(matches!(refused, TrustError::CaFile { .. }), "{refused}");
        assert!(refused.to_string().contains("ca.pem"), "{refused}");
    }
}
