//! Trust in one server's certificate that is known beforehand, beside the certificate authorities.
//!
//! A command on the gateway's machine can read the certificate that the gateway shows. Who proves to have
//! its key is the gateway, by whatever name or address it was called.

use crate::{TrustError, crypto_provider};
use rustls::{
    DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use std::{path::Path, sync::Arc};

/// Accepts the known certificate, and what the certificate authorities vouch for.
#[derive(Debug)]
pub(crate) struct KnownCertificate {
    known: CertificateDer<'static>,
    others: Arc<WebPkiServerVerifier>,
}

impl KnownCertificate {
    /// Reads the first certificate of a PEM file, which is the server's own.
    pub(crate) fn read(file: &Path, mut roots: RootCertStore) -> Result<Self, TrustError> {
        let refuse = |reason: String| TrustError::KnownCertificate {
            path: file.display().to_string(),
            reason,
        };
        let known = CertificateDer::from_pem_file(file);
        let known = known.map_err(|cause| refuse(cause.to_string()))?;
        // A machine without certificate authorities can still know this one server.
        (roots.add(known.clone())).map_err(|cause| refuse(cause.to_string()))?;
        let provider = crypto_provider();
        let others = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let others = others.map_err(|cause| refuse(cause.to_string()))?;
        Ok(Self { known, others })
    }
}

impl ServerCertVerifier for KnownCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.known {
            // Also after its end: an operator must be able to ask the gateway to take a new one.
            return Ok(ServerCertVerified::assertion());
        }
        (self.others).verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    // The two below are the proof that the server has the certificate's key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.others.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.others.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.others.supported_verify_schemes()
    }
}
