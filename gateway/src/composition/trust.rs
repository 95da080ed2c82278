//! Certificates, keys and randomness.

use super::StartError;
use crate::config::ListenTls;
use rand::{TryRng as _, rngs::SysRng};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{path::PathBuf, sync::Arc};

/// Why the apps listener cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate chain.
    #[error("{file}: no PEM certificate chain: {source}")]
    Certificate {
        /// `listen.tls.cert`.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The private key.
    #[error("{file}: no PEM private key: {source}")]
    Key {
        /// `listen.tls.key`.
        file: PathBuf,
        /// What is wrong with it; never its content.
        source: rustls::pki_types::pem::Error,
    },
    /// The two do not fit, or the protocol cannot be set up.
    #[error("listen.tls cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
}

/// TLS towards apps, with HTTP/2 and HTTP/1.1.
pub(super) fn server(tls: &ListenTls) -> Result<Arc<ServerConfig>, TlsError> {
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
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// TLS towards carriers; the data plane adds the protocols it offers.
pub(super) fn client(roots: RootCertStore) -> Result<Arc<ClientConfig>, TlsError> {
    let config =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(super) fn random_u64() -> Result<u64, StartError> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// For states, verifiers and secrets.
pub(super) fn random_seed() -> Result<[u8; 32], StartError> {
    let mut seed = [0; 32];
    fill(&mut seed)?;
    Ok(seed)
}

/// From the system, whose generator is ready; the provider's own gathers entropy for a tenth of a
/// second before its first number.
fn fill(bytes: &mut [u8]) -> Result<(), StartError> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|error| StartError::Random(error.to_string()))
}

/// Has the provider's generator gather its entropy, so that no renewal or handshake waits for it.
/// Blocks meanwhile.
pub(super) fn warm_up() {
    // Without randomness those who need it say so.
    let _ = provider().secure_random.fill(&mut [0]);
}
