//! The socket to a carrier's token endpoint.

use crate::distrust;
use gateway_plugin_host::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use http::{Request, Uri, header, uri::Scheme};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// One address of several must not use up the whole deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the trust store could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The extra CA file cannot be read or holds no certificate.
    #[error("CA file {path} cannot be used: {reason}; it must hold PEM certificates")]
    CaFile {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Nothing to trust.
    #[error(
        "the system has no trusted CA certificates: install them (package ca-certificates), or \
         name a CA file"
    )]
    Empty,
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// What the system trusts and, if given, the certificates in a PEM file.
///
/// # Errors
/// When the file is unusable, or there is nothing to trust at all.
pub fn trusted_roots(extra_ca_file: Option<&Path>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a part of the system's trust store was not read");
    }
    // One malformed certificate in a system's store is common and harms nobody.
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = extra_ca_file {
        add_ca_file(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(TrustError::Empty);
    }
    Ok(roots)
}

/// Makes token requests: a fresh connection for each, no redirect, no retry, one deadline for
/// everything.
///
/// A fresh connection costs one round trip an hour and buys certainty: a request on a reused one
/// can fail without anyone knowing whether the carrier saw it, and a refresh token may be presented
/// once.
#[derive(Clone, Debug)]
pub struct HyperClient {
    tls: Arc<ClientConfig>,
}

impl HyperClient {
    /// Trusts exactly these.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, TrustError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: Arc::new(config),
        })
    }

    /// `late` follows what a deadline that passes now means.
    async fn exchange(&self, request: HttpRequest, late: &Late) -> Result<HttpResponse, HttpError> {
        let target = Target::parse(&request.url)?;
        let stream = connect(&target, late).await?;
        if !target.tls {
            late.means(HttpErrorKind::Timeout);
            return converse(stream, &target, request).await;
        }
        late.means(HttpErrorKind::Tls);
        let name = ServerName::try_from(target.host.clone()).map_err(|_| {
            error(
                HttpErrorKind::Tls,
                format!("{} has no TLS name", target.host),
            )
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(|cause| {
            error(
                HttpErrorKind::Tls,
                format!(
                    "no TLS session with {}: {}",
                    target.host,
                    distrust::words(&cause)
                ),
            )
        })?;
        late.means(HttpErrorKind::Timeout);
        converse(stream, &target, request).await
    }
}

/// What it means if the deadline passes: before the request is written, nothing was sent.
struct Late(Mutex<HttpErrorKind>);

impl Late {
    fn means(&self, kind: HttpErrorKind) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kind;
    }

    fn kind(&self) -> HttpErrorKind {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for HyperClient {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        Box::pin(async move {
            let limit = request.timeout;
            let late = Late(Mutex::new(HttpErrorKind::Dns));
            let exchange = tokio::time::timeout(limit, self.exchange(request, &late)).await;
            exchange.unwrap_or_else(|_| {
                let message = format!("no complete answer within {} s", limit.as_secs_f32());
                Err(error(late.kind(), message))
            })
        })
    }
}

fn add_ca_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TrustError> {
    let refuse = |reason: String| TrustError::CaFile {
        path: path.display().to_string(),
        reason,
    };
    let mut added = 0;
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|cause| refuse(cause.to_string()))?
    {
        let certificate = certificate.map_err(|cause| refuse(cause.to_string()))?;
        roots
            .add(certificate)
            .map_err(|cause| refuse(cause.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(refuse("it holds no certificate".to_owned()));
    }
    Ok(())
}

/// Where a request goes.
struct Target {
    tls: bool,
    /// Without the brackets of an IPv6 literal.
    host: String,
    port: u16,
    /// Path and query.
    path: String,
    authority: String,
}

impl Target {
    fn parse(url: &str) -> Result<Self, HttpError> {
        // The URL may carry a secret in its query: no part of it goes into the message.
        let denied = |what: &str| error(HttpErrorKind::Denied, format!("the URL {what}"));
        let uri: Uri = url.parse().map_err(|_| denied("is malformed"))?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(_) | None => return Err(denied("is neither http nor https")),
        };
        let authority = uri.authority().ok_or_else(|| denied("has no host"))?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(denied("names a user or no host"));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        Ok(Self {
            tls,
            host,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            authority: authority.to_string(),
        })
    }
}

/// Connects to the first address that answers.
async fn connect(target: &Target, late: &Late) -> Result<TcpStream, HttpError> {
    let addresses: Vec<_> = tokio::net::lookup_host((target.host.as_str(), target.port))
        .await
        .map_err(|cause| {
            error(
                HttpErrorKind::Dns,
                format!("{} was not resolved: {cause}", target.host),
            )
        })?
        .collect();
    late.means(HttpErrorKind::Connect);
    let mut last = error(
        HttpErrorKind::Dns,
        format!("{} has no address", target.host),
    );
    for address in addresses {
        last = match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Costs latency only if it fails.
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
            Ok(Err(cause)) => error(
                HttpErrorKind::Connect,
                format!("no connection to {address}: {cause}"),
            ),
            Err(_elapsed) => error(
                HttpErrorKind::Connect,
                format!("no connection to {address} in time"),
            ),
        };
    }
    Err(last)
}

/// One request and its response on a connection of its own.
async fn converse<S>(
    stream: S,
    target: &Target,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = request.max_response;
    let other = |cause: hyper::Error| {
        error(
            HttpErrorKind::Other,
            format!("the exchange with {} broke: {cause}", target.host),
        )
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(64 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(other)?;
    let wire = wire_request(target, request)?;
    let exchange = async {
        let response = sender.send_request(wire).await.map_err(other)?;
        let (head, mut body) = response.into_parts();
        let mut content = Vec::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(other)?.into_data() {
                if data.len() > limit.saturating_sub(content.len()) {
                    let message = format!("the answer is longer than {limit} bytes");
                    return Err(error(HttpErrorKind::TooLarge, message));
                }
                content.extend_from_slice(&data);
            }
        }
        Ok(HttpResponse {
            status: head.status,
            headers: head.headers,
            body: content.into(),
        })
    };
    // The connection is driven here and not in a task of its own, so it ends with the request.
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        response = &mut exchange => response,
        _ended = &mut connection => exchange.await,
    }
}

fn wire_request(
    target: &Target,
    request: HttpRequest,
) -> Result<Request<Full<bytes::Bytes>>, HttpError> {
    let denied = || {
        error(
            HttpErrorKind::Denied,
            "the request cannot be written".to_owned(),
        )
    };
    let mut wire = Request::builder()
        .method(request.method)
        .uri(target.path.as_str())
        .body(Full::new(request.body))
        .map_err(|_| denied())?;
    *wire.headers_mut() = request.headers;
    for framing in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ] {
        wire.headers_mut().remove(framing);
    }
    let authority = target.authority.parse().map_err(|_| denied())?;
    wire.headers_mut().insert(header::HOST, authority);
    let close = http::HeaderValue::from_static("close");
    wire.headers_mut().insert(header::CONNECTION, close);
    Ok(wire)
}

fn error(kind: HttpErrorKind, message: String) -> HttpError {
    HttpError { kind, message }
}
