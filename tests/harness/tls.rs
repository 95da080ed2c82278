//! Certificates of a test, and an app that speaks TLS.

use crate::{Answer, soon};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use std::{fs, net::SocketAddr, path::Path, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

/// A certificate for `localhost` and its key, as a listener wants them.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
    key_pem: String,
}

impl Certificate {
    /// A new one, signed by itself.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn for_localhost() -> Self {
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).expect("a plain certificate");
        Self {
            der: cert.der().clone(),
            pem: cert.pem(),
            key_pem: signing_key.serialize_pem(),
        }
    }

    /// One that was good until the year 2000.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn expired_for_localhost() -> Self {
        let names = vec!["localhost".to_owned()];
        let mut params = CertificateParams::new(names).expect("a name");
        params.not_before = rcgen::date_time_ymd(1999, 1, 1);
        params.not_after = rcgen::date_time_ymd(2000, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&key).expect("a plain certificate");
        Self {
            der: cert.der().clone(),
            pem: cert.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// Writes `cert.pem` and `key.pem`.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) {
        for (name, text) in [("cert.pem", &self.pem), ("key.pem", &self.key_pem)] {
            fs::write(folder.join(name), text).expect("the test owns the folder");
        }
    }

    /// A reverse proxy that shows this certificate and passes on what comes to `upstream`, on a free
    /// port; it ends with the test's runtime.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn in_front_of(&self, upstream: SocketAddr) -> SocketAddr {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("our own key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("it is bound");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut down = acceptor.accept(stream).await?;
                    let mut up = TcpStream::connect(upstream).await?;
                    tokio::io::copy_bidirectional(&mut down, &mut up).await
                });
            }
        });
        addr
    }

    /// Connects to a listener with this certificate, offering these protocols.
    ///
    /// # Errors
    /// When there is no agreement.
    pub async fn connect(
        &self,
        addr: SocketAddr,
        alpn: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(addr).await?, alpn).await
    }

    /// Speaks TLS over a connection to such a listener.
    ///
    /// # Errors
    /// When there is no agreement.
    pub async fn over(
        &self,
        stream: TcpStream,
        alpn: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("it is a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").expect("a name");
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        soon("the TLS handshake", handshake).await
    }
}

/// Sends a request over one HTTP/1.1 connection.
///
/// # Panics
/// When no complete answer came.
pub async fn send_http1<S>(stream: S, mut request: Request<Bytes>) -> Answer
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let host = http::HeaderValue::from_static("localhost");
    request.headers_mut().entry("host").or_insert(host);
    let io = TokioIo::new(stream);
    let (mut sender, connection) = http1::handshake(io).await.expect("a connection");
    tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new));
    collect(soon("an answer", answer).await.expect("an answer")).await
}

/// Sends a request over one HTTP/2 connection, which the server must speak at once.
///
/// # Panics
/// When no complete answer came.
pub async fn send_http2<S>(stream: S, scheme: &str, mut request: Request<Bytes>) -> Answer
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let path = request.uri().path_and_query().expect("a path");
    *request.uri_mut() = format!("{scheme}://localhost{path}")
        .parse()
        .expect("a URI");
    let io = TokioIo::new(stream);
    let handshake = http2::handshake(TokioExecutor::new(), io);
    let (mut sender, connection) = handshake.await.expect("a connection");
    tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new));
    collect(soon("an answer", answer).await.expect("an answer")).await
}

async fn collect(response: Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = soon("the body", body.collect()).await;
    let body = body.expect("a whole body").to_bytes();
    Answer::new(Response::from_parts(parts, body))
}
