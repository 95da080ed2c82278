//! TLS and HTTP/2.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mock_ups::{Action, Fault, MockUps};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn connector(ca_pem: &str, protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsConnector::from(Arc::new(config))
}

fn token_request(uri: &str) -> Request<Full<Bytes>> {
    Request::post(uri)
        .header("host", "wwwcie.ups.com")
        .header("authorization", "Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new("grant_type=client_credentials".into()))
        .unwrap()
}

async fn over_http2<B>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> hyper::client::conn::http2::SendRequest<B>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = handshake.unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn tls_listener_speaks_both_versions_under_upss_names() {
    let ups = MockUps::builder().tls().start().await.unwrap();
    let base = ups.tls_base_url().expect("asked for");
    let authority = base.trim_start_matches("https://").to_owned();
    for (name, protocol) in [
        ("wwwcie.ups.com", "h2"),
        ("onlinetools.ups.com", "http/1.1"),
        ("localhost", "http/1.1"),
        ("127.0.0.1", "h2"),
    ] {
        let tcp = TcpStream::connect(&authority).await.unwrap();
        let connector = connector(ups.ca_pem().expect("made"), &[protocol]);
        let name = ServerName::try_from(name).unwrap();
        let stream = connector.connect(name, tcp).await.unwrap();
        assert_eq!(
            stream.get_ref().1.alpn_protocol(),
            Some(protocol.as_bytes())
        );
        let response = if protocol == "h2" {
            let request = token_request("https://wwwcie.ups.com/security/v1/oauth/token");
            over_http2(stream)
                .await
                .send_request(request)
                .await
                .unwrap()
        } else {
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
            let (mut sender, connection) = handshake.unwrap();
            tokio::spawn(connection);
            sender
                .send_request(token_request("/security/v1/oauth/token"))
                .await
                .unwrap()
        };
        assert_eq!(response.status(), StatusCode::OK, "{protocol}");
    }
    ups.token_requests_of("mock-client").exactly(4).unwrap();
}

#[tokio::test]
async fn tls_listener_is_distrusted_without_its_authority() {
    let ups = MockUps::builder().tls().start().await.unwrap();
    let other = MockUps::builder().tls().start().await.unwrap();
    let authority = ups
        .tls_base_url()
        .unwrap()
        .trim_start_matches("https://")
        .to_owned();
    let tcp = TcpStream::connect(authority).await.unwrap();
    let connector = connector(other.ca_pem().unwrap(), &["h2"]);
    let name = ServerName::try_from("localhost").unwrap();
    assert!(
        connector.connect(name, tcp).await.is_err(),
        "each instance has its own authority"
    );
    assert!(MockUps::start().await.unwrap().tls_base_url().is_none());
}

#[tokio::test]
async fn http2_with_prior_knowledge_works_on_the_plain_listener() {
    let ups = MockUps::start().await.unwrap();
    let mut sender = over_http2(TcpStream::connect(ups.address()).await.unwrap()).await;
    let uri = format!("{}/security/v1/oauth/token", ups.base_url());
    let response = sender.send_request(token_request(&uri)).await.unwrap();
    assert_eq!(
        (response.status(), response.version()),
        (StatusCode::OK, Version::HTTP_2)
    );
    assert!(!response.headers().contains_key("connection"));
    let fault = ups.add_fault(Fault::new(Action::ResetBefore)).unwrap();
    assert!(sender.send_request(token_request(&uri)).await.is_err());
    drop(fault);
    // An error answer must not carry HTTP/1 fields either.
    let request = Request::post(format!("{}/api/rating/v1/Rate", ups.base_url()));
    let refused = sender
        .send_request(request.body(Full::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

/// A body that tells how much of it was taken.
struct Counted {
    left: usize,
    taken: Arc<AtomicUsize>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.left.min(16 * 1024);
        if piece == 0 {
            return Poll::Ready(None);
        }
        self.left -= piece;
        self.taken.fetch_add(piece, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b' '; piece])))))
    }
}

/// Some clients lose an answer when the stream is reset before they have sent all of a body.
#[tokio::test]
async fn http2_client_may_finish_its_huge_body_before_the_413() {
    const BODY: usize = 5_000_000;
    let ups = MockUps::start().await.unwrap();
    let tcp = TcpStream::connect(ups.address()).await.unwrap();
    let mut sender = over_http2(tcp).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let body = Counted {
        left: BODY,
        taken: Arc::clone(&taken),
    };
    let request = Request::post("http://a/api/rating/v2409/Shop").body(body);
    let answer = sender.send_request(request.unwrap()).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let text = answer.into_body().collect().await.expect("no reset");
    assert!(text.to_bytes().starts_with(b"{"));
    assert_eq!(taken.load(Ordering::Relaxed), BODY);
}
