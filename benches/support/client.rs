//! A connection of the load, in either version of HTTP, with or without TLS.

use crate::{
    ask::Ask,
    wire::{Connection, Reply, Stream},
};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{fmt, net::SocketAddr, path::Path, sync::Arc};
use tokio::{net::TcpStream, task::spawn_local};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore},
};

/// Where a load goes, and how it speaks.
#[derive(Clone)]
pub struct Target {
    /// The server.
    pub addr: SocketAddr,
    /// HTTP/2, with prior knowledge where there is no TLS.
    pub http2: bool,
    /// TLS; see [`tls`].
    pub tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.http2 { "HTTP/2" } else { "HTTP/1.1" };
        let tls = if self.tls.is_some() { " over TLS" } else { "" };
        write!(f, "{} by {version}{tls}", self.addr)
    }
}

impl Target {
    /// HTTP/1.1 without TLS.
    #[must_use]
    pub const fn plain(addr: SocketAddr) -> Self {
        Self {
            addr,
            http2: false,
            tls: None,
        }
    }
}

/// TLS that trusts what this file holds, and offers one version of HTTP.
///
/// # Errors
/// When the file holds no certificate.
pub fn tls(ca_file: &Path, http2: bool) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file)? {
        roots.add(certificate?)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
    ));
    let mut config = builder
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let version: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
    config.alpn_protocols = vec![version.to_vec()];
    Ok(Arc::new(config))
}

/// A request in the form that a target's connections take.
#[derive(Debug)]
pub enum Prepared {
    /// Bytes.
    Http1(Vec<u8>),
    /// A message; its body is shared.
    Http2(Box<Request<Full<Bytes>>>),
}

impl Prepared {
    /// Prepares a request.
    ///
    /// # Errors
    /// When it has no HTTP/2 form.
    pub fn new(ask: &Ask, target: &Target) -> Result<Self> {
        Ok(if target.http2 {
            Self::Http2(Box::new(ask.http2(target.tls.is_some())?))
        } else {
            Self::Http1(ask.http1())
        })
    }
}

/// One request at a time: a connection of HTTP/1.1, or a place on one of HTTP/2.
#[derive(Debug)]
pub enum Client {
    /// A connection.
    Http1(Connection),
    /// A place on a connection; the last one that goes closes it.
    Http2(SendRequest<Full<Bytes>>),
}

impl Client {
    /// Connects. Within a `LocalSet`, where HTTP/2's connections run.
    ///
    /// # Errors
    /// When the server does not accept, or speaks another version.
    pub async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.addr)
            .await
            .with_context(|| format!("cannot connect to {}", target.addr))?;
        stream.set_nodelay(true)?;
        let Some(config) = &target.tls else {
            return Self::over(stream, target.http2).await;
        };
        let name = ServerName::try_from("localhost").context("a name")?;
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await
            .context("the TLS handshake failed")?;
        ensure!(
            stream.get_ref().1.alpn_protocol() == Some(b"h2") || !target.http2,
            "the server did not take HTTP/2"
        );
        Self::over(stream, target.http2).await
    }

    async fn over(stream: impl Stream + 'static, http2: bool) -> Result<Self> {
        if !http2 {
            return Ok(Self::Http1(Connection::new(Box::new(stream))));
        }
        let (sender, connection) = http2::Builder::new(OnThisThread)
            .handshake(TokioIo::new(stream))
            .await
            .context("HTTP/2 could not begin")?;
        // Its error reaches the request that waits for an answer.
        spawn_local(async { drop(connection.await) });
        Ok(Self::Http2(sender))
    }

    /// Another place on the same connection, if it has several.
    #[must_use]
    pub fn another(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(sender) => Some(Self::Http2(sender.clone())),
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection ends early, or the request was prepared for another version.
    pub async fn exchange(&mut self, request: &Prepared) -> Result<Reply> {
        match (self, request) {
            (Self::Http1(connection), Prepared::Http1(bytes)) => connection.exchange(bytes).await,
            (Self::Http2(sender), Prepared::Http2(request)) => {
                sender.ready().await?;
                let answer = sender.send_request((**request).clone()).await?;
                let status = answer.status().as_u16();
                let content = answer.into_body().collect().await?.to_bytes();
                Ok(Reply::new(status, &content))
            }
            (Self::Http1(_), Prepared::Http2(_)) | (Self::Http2(_), Prepared::Http1(_)) => {
                anyhow::bail!("the request was prepared for another version of HTTP")
            }
        }
    }
}

/// Runs HTTP/2's streams where the load runs.
#[derive(Clone, Copy)]
struct OnThisThread;

impl<F: Future + 'static> hyper::rt::Executor<F> for OnThisThread {
    fn execute(&self, future: F) {
        spawn_local(async { drop(future.await) });
    }
}
