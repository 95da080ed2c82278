//! A certificate authority of the mock's own, made at the start, and the server's certificate.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Names that the certificate is for: UPS's, so that a client with hard-coded hosts can be led here.
const NAMES: [&str; 7] = [
    "localhost",
    "wwwcie.ups.com",
    "onlinetools.ups.com",
    "www.onlinetools.ups.com",
    "www.onlinetoolsuat.ups.com",
    "www.ups.com",
    "mock-ups",
];

/// What TLS listeners and their clients need.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate, for the clients' trust store.
    pub(crate) ca_pem: Arc<str>,
}

/// The certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFailure {
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Makes the authority and a server certificate for loopback, UPS's names and `address`.
pub(crate) fn generate(address: IpAddr) -> Result<Tls, TlsFailure> {
    let mut authority = CertificateParams::new(Vec::new())?;
    // No authority below it: it signs this server only.
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "mock-ups test authority");
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem().into();
    // The authority's key is dropped with this function, so nobody can sign with it later.
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    let loopback = [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    server
        .subject_alt_names
        .extend(loopback.map(SanType::IpAddress));
    // A listener on all addresses has none of its own to name.
    if !loopback.contains(&address) && !address.is_unspecified() {
        server.subject_alt_names.push(SanType::IpAddress(address));
    }
    server
        .distinguished_name
        .push(DnType::CommonName, "mock-ups");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &issuer)?;

    // The provider is named, as two may be linked in and rustls would then refuse to choose.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    // HTTP/2 first, as UPS's edge offers it.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_pem,
    })
}
