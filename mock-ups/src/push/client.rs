//! Posts a body over a connection of its own, plain or TLS.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// Time for all of a post.
const DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of an answer at most.
const MOST: usize = 64 * 1024;

/// Why a post has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("not an http or https URL")]
    Url,
    #[error("no answer in time")]
    TooSlow,
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the TLS settings make no sense")]
    Tls,
    #[error("the exchange failed")]
    Exchange,
}

/// Whom to trust behind `https`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust<'a> {
    pub(super) any: bool,
    pub(super) ca_file: Option<&'a Path>,
}

/// Posts, and gives status and body.
pub(super) async fn post(
    url: &str,
    headers: HeaderMap,
    body: Bytes,
    trust: Trust<'_>,
) -> Result<(StatusCode, Bytes), PostError> {
    let exchange = exchange(url, headers, body, trust);
    let answered = tokio::time::timeout(DEADLINE, exchange).await;
    answered.unwrap_or(Err(PostError::TooSlow))
}

async fn exchange(
    url: &str,
    headers: HeaderMap,
    body: Bytes,
    trust: Trust<'_>,
) -> Result<(StatusCode, Bytes), PostError> {
    let url: Url = url.parse().map_err(|_| PostError::Url)?;
    let host = url.host_str().ok_or(PostError::Url)?;
    let port = url.port_or_known_default().ok_or(PostError::Url)?;
    // The brackets of an IPv6 address belong to the URL only.
    let name = host.trim_matches(['[', ']']);
    let mut request = Request::post(match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    })
    .body(Full::new(body))
    .map_err(|_| PostError::Url)?;
    *request.headers_mut() = headers;
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let authority = authority.parse().map_err(|_| PostError::Url)?;
    request.headers_mut().insert(header::HOST, authority);
    let stream = TcpStream::connect((name, port)).await?;
    match url.scheme() {
        "http" => send(stream, request).await,
        "https" => {
            let connector = TlsConnector::from(Arc::new(trust.config()?));
            let server = ServerName::try_from(name.to_owned()).map_err(|_| PostError::Url)?;
            send(connector.connect(server, stream).await?, request).await
        }
        _ => Err(PostError::Url),
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), PostError> {
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| PostError::Exchange)?;
    // It ends with the sender, which this function owns.
    let driver = tokio::spawn(connection);
    let answer = sender
        .send_request(request)
        .await
        .map_err(|_| PostError::Exchange)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST).collect().await;
    driver.abort();
    let body = body.map_err(|_| PostError::Exchange)?;
    Ok((status, body.to_bytes()))
}

impl Trust<'_> {
    fn config(self) -> Result<ClientConfig, PostError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| PostError::Tls)?;
        if self.any {
            let verifier = Arc::new(TrustAny(provider));
            return Ok(builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth());
        }
        let mut roots = RootCertStore::empty();
        let path = self.ca_file.ok_or(PostError::Tls)?;
        let certificates = CertificateDer::pem_file_iter(path).map_err(|_| PostError::Tls)?;
        for certificate in certificates {
            let certificate = certificate.map_err(|_| PostError::Tls)?;
            roots.add(certificate).map_err(|_| PostError::Tls)?;
        }
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Takes any certificate; the setting that asks for it says so.
#[derive(Debug)]
struct TrustAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
