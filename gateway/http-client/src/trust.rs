//! Which certificate authorities are trusted.

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use std::path::Path;

/// The trust store, or a TLS configuration on top of it, cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The extra CA file cannot be read, or holds no certificate.
    #[error("CA file {path} cannot be used: {reason}; it must hold PEM certificates")]
    CaFile {
        /// The file's path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system trust store is empty, so no server's certificate can be verified.
    #[error(
        "the system has no trusted CA certificates: install them (package ca-certificates), or \
         name a CA file"
    )]
    Empty,
    /// The certificate of a known server cannot be read.
    #[error(
        "the gateway's certificate {path} cannot be read: {reason}; name the gateway with --url, and the \
         certificate authority with --ca-file"
    )]
    KnownCertificate {
        /// The file's path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The system's trust store and, if given, the certificates in a PEM file.
///
/// # Errors
/// When the file is unusable, or there is no certificate at all.
pub fn trusted_roots(extra_ca_file: Option<&Path>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a part of the system's trust store was not read");
    }
    // Skip what does not parse: one malformed certificate in a system's store is common and harmless.
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = extra_ca_file {
        add_ca_file(&mut roots, path)?;
    }
    // Better now than with the first token request.
    if roots.is_empty() {
        return Err(TrustError::Empty);
    }
    Ok(roots)
}

/// Unlike the system's store, the operator's own file must be right in every certificate.
fn add_ca_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TrustError> {
    let refuse = |reason: String| TrustError::CaFile {
        path: path.display().to_string(),
        reason,
    };
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|cause| refuse(cause.to_string()))?;
    let mut added = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|cause| refuse(cause.to_string()))?;
        roots
            .add(certificate)
            .map_err(|cause| refuse(cause.to_string()))?;
        added += 1;
    }
    // An empty file is most likely the wrong one.
    if added == 0 {
        return Err(refuse("it holds no certificate".to_owned()));
    }
    Ok(())
}
