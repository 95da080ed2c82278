//! The TLS settings that all of Waybill's clients share.

use rustls::{
    ClientConfig, Error, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
};
use std::sync::Arc;

/// The one cryptographic provider of this program.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    // Named here, so that no dependency's choice of a default decides.
    Arc::new(aws_lc_rs::default_provider())
}

/// TLS 1.2 and 1.3 towards servers that these certificate authorities vouch for; the caller adds
/// the protocols it offers (ALPN).
///
/// # Errors
/// When the TLS library refuses its own defaults.
pub fn client_config(roots: RootCertStore) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Makes the provider's random generator gather its entropy now, so that the first handshake does
/// not wait for it. Blocks for about a tenth of a second.
pub fn warm_up() {
    // A failure here is not final: each later use of the generator reports its own.
    let _ = crypto_provider().secure_random.fill(&mut [0]);
}
