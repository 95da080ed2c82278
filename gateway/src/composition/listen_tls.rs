//! TLS towards apps.

use gateway_config::ListenTls;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{path::PathBuf, sync::Arc};

/// Why the apps listener cannot serve TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate chain is unusable.
    #[error("{file}: no PEM certificate chain: {source}")]
    Certificate {
        /// `listen.tls.cert`.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The private key is unusable.
    #[error("{file}: no PEM private key: {source}")]
    Key {
        /// `listen.tls.key`.
        file: PathBuf,
        /// What is wrong with it; never its content.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or the TLS library refuses them.
    #[error("listen.tls cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The server's side, with HTTP/2 and HTTP/1.1.
pub(super) fn server_config(tls: &ListenTls) -> Result<Arc<ServerConfig>, TlsError> {
    // All certificates or none: a chain with a gap would fail with some clients only.
    let chain =
        CertificateDer::pem_file_iter(&tls.cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|source| TlsError::Certificate {
        file: tls.cert.clone(),
        source,
    })?;
    let key = PrivateKeyDer::from_pem_file(&tls.key);
    let key = key.map_err(|source| TlsError::Key {
        file: tls.key.clone(),
        source,
    })?;
    let provider = gateway_http_client::crypto_provider();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // Apps prove themselves by their login or key, not by a certificate.
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // Listed in order of preference: the server's order decides.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
