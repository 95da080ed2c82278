//! What a start reads from files besides the store. `serve` uses it, and `check-config` reports its errors.

use super::{error::StartError, listen_tls};
use gateway_config::Config;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

pub(super) struct Prepared {
    /// The certificate authorities that are trusted.
    pub(super) roots: RootCertStore,
    /// TLS towards apps.
    pub(super) tls: Option<Arc<ServerConfig>>,
}

impl Prepared {
    /// # Errors
    /// With everything that cannot be used, not only with the first.
    pub(super) fn of(config: &Config) -> Result<Self, Vec<StartError>> {
        let roots = gateway_http_client::trusted_roots(config.upstream.ca_file.as_deref());
        let tls = config.listen.tls.as_ref().map(listen_tls::server_config);
        match (roots, tls.transpose()) {
            (Ok(roots), Ok(tls)) => Ok(Self { roots, tls }),
            (roots, tls) => {
                let roots = roots.err().map(StartError::from);
                Err(roots
                    .into_iter()
                    .chain(tls.err().map(StartError::from))
                    .collect())
            }
        }
    }
}
