//! What a start or a reload reads from files besides the store. `check-config` reports its errors.

use super::{error::StartError, listen_tls::Certificate};
use gateway_config::Config;
use rustls::RootCertStore;

#[derive(Clone)]
pub(super) struct Prepared {
    /// The certificate authorities that are trusted.
    pub(super) roots: RootCertStore,
    /// The certificate of the apps listeners.
    pub(super) certificate: Option<Certificate>,
}

impl Prepared {
    /// # Errors
    /// With everything that cannot be used, not only with the first.
    pub(super) fn of(config: &Config) -> Result<Self, Vec<StartError>> {
        let roots = gateway_http_client::trusted_roots(config.upstream.ca_file.as_deref());
        let certificate = config.listen.tls.as_ref().map(Certificate::load);
        match (roots, certificate.transpose()) {
            (Ok(roots), Ok(certificate)) => Ok(Self { roots, certificate }),
            (roots, certificate) => {
                let roots = roots.err().map(StartError::from);
                Err(roots
                    .into_iter()
                    .chain(certificate.err().map(StartError::from))
                    .collect())
            }
        }
    }
}
