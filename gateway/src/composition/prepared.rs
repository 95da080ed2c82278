//! What a start or a reload reads from files besides the store. `check-config` reports its errors.

use super::{
    error::StartError,
    listen_tls::{Certificate, TlsSide},
};
use gateway_config::Config;
use rustls::RootCertStore;

#[derive(Clone)]
pub(super) struct Prepared {
    /// The certificate authorities that are trusted.
    pub(super) roots: RootCertStore,
    /// The certificate of the apps listeners.
    pub(super) certificate: Option<Certificate>,
    /// The certificate of the admin listener.
    pub(super) admin_certificate: Option<Certificate>,
}

impl Prepared {
    /// # Errors
    /// With everything that cannot be used, not only with the first.
    pub(super) fn of(config: &Config) -> Result<Self, Vec<StartError>> {
        let roots = gateway_http_client::trusted_roots(config.upstream.ca_file.as_deref());
        let mut errors: Vec<StartError> = Vec::new();
        let mut certificate = |side: TlsSide| {
            let loaded = side.of(config).map(|tls| Certificate::load(side, tls));
            let loaded = loaded.transpose();
            loaded.unwrap_or_else(|error| {
                errors.push(error.into());
                None
            })
        };
        let (apps, admin) = (certificate(TlsSide::Apps), certificate(TlsSide::Admin));
        match roots {
            Ok(roots) if errors.is_empty() => Ok(Self {
                roots,
                certificate: apps,
                admin_certificate: admin,
            }),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.insert(0, error.into());
                Err(errors)
            }
        }
    }

    pub(super) const fn certificate_of(&self, side: TlsSide) -> Option<&Certificate> {
        match side {
            TlsSide::Apps => self.certificate.as_ref(),
            TlsSide::Admin => self.admin_certificate.as_ref(),
        }
    }
}
