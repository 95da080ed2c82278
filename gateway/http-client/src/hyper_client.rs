//! The implementation over TCP, TLS and hyper.

use crate::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, TrustError, connect,
    exchange::exchange, handshake_error, known_certificate::KnownCertificate, progress::Progress,
    target::Target, tls,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use std::{future::Future, path::Path, pin::Pin, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Makes each request on a fresh connection: no redirect, no retry, one deadline for everything.
///
/// A fresh connection costs a few round trips an hour and buys certainty. A request on a reused
/// connection can fail in a way that does not tell whether the server saw it, and a refresh token
/// may be presented only once.
#[derive(Clone, Debug)]
pub struct HyperClient {
    tls: Arc<ClientConfig>,
}

impl HyperClient {
    /// A client that trusts exactly these certificate authorities.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, TrustError> {
        Ok(Self::with_tls(tls::client_config(roots)?))
    }

    /// A client that trusts these certificate authorities, and the server whose certificate is in this file.
    ///
    /// # Errors
    /// When the file cannot be used, or TLS cannot be set up.
    pub fn with_known_server(roots: RootCertStore, file: &Path) -> Result<Self, TrustError> {
        let verifier = KnownCertificate::read(file, roots)?;
        let mut config = tls::client_config(RootCertStore::empty())?;
        (config.dangerous()).set_certificate_verifier(Arc::new(verifier));
        Ok(Self::with_tls(config))
    }

    fn with_tls(mut config: ClientConfig) -> Self {
        // The exchange speaks HTTP/1.1 only, so the server must not choose HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            tls: Arc::new(config),
        }
    }

    async fn send_once(
        &self,
        request: HttpRequest,
        progress: &Progress,
    ) -> Result<HttpResponse, HttpError> {
        let target = Target::parse(&request.url)?;
        let stream = connect::connect(&target, progress).await?;
        if !target.tls {
            // Set before the first byte is written: from here on nobody can say it was not sent.
            progress.begin(HttpErrorKind::Timeout);
            return exchange(stream, &target, request).await;
        }
        progress.begin(HttpErrorKind::Tls);
        let stream = self.handshake(stream, &target).await?;
        progress.begin(HttpErrorKind::Timeout);
        exchange(stream, &target, request).await
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        target: &Target,
    ) -> Result<TlsStream<TcpStream>, HttpError> {
        let host = &target.host;
        let failed = |message: String| HttpError::new(HttpErrorKind::Tls, message);
        let name = ServerName::try_from(host.clone())
            .map_err(|_| failed(format!("{host} has no TLS name")))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|cause| {
            let cause = handshake_error::describe(&cause);
            failed(format!("no TLS session with {host}: {cause}"))
        })
    }
}

impl HttpClient for HyperClient {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        Box::pin(async move {
            let limit = request.timeout;
            let progress = Progress::new();
            // Around everything, DNS included: a step of its own deadline could add up to more.
            let sent = tokio::time::timeout(limit, self.send_once(request, &progress)).await;
            sent.unwrap_or_else(|_elapsed| {
                let message = format!("no complete answer within {} s", limit.as_secs_f32());
                Err(HttpError::new(progress.deadline_kind(), message))
            })
        })
    }
}
