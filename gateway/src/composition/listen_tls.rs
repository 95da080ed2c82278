//! TLS of the listeners: a configuration for each kind, and a certificate that may be exchanged while it
//! serves.

use gateway_config::{Config, ListenTls};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest as _, Sha256};
use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

/// Why a listener cannot serve TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The certificate's or the key's.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate chain is unusable.
    #[error("{file}: no PEM certificate chain: {source}")]
    Certificate {
        /// The certificate's.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The private key is unusable.
    #[error("{file}: no PEM private key: {source}")]
    Key {
        /// The key's.
        file: PathBuf,
        /// What is wrong with it; never its content.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or the TLS library refuses them.
    #[error("{section} cannot be used: {source}")]
    Rustls {
        /// `listen.tls` or `listen.admin_tls`.
        section: &'static str,
        /// Why.
        source: rustls::Error,
    },
}

/// The listeners that may have TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsSide {
    Apps,
    Admin,
}

impl TlsSide {
    pub(super) const ALL: [Self; 2] = [Self::Apps, Self::Admin];

    /// The section of the configuration.
    const fn section(self) -> &'static str {
        match self {
            Self::Apps => "listen.tls",
            Self::Admin => "listen.admin_tls",
        }
    }

    /// In messages.
    pub(super) const fn listeners(self) -> &'static str {
        match self {
            Self::Apps => "the apps listeners",
            Self::Admin => "the admin listener",
        }
    }

    pub(super) const fn of(self, config: &Config) -> Option<&ListenTls> {
        let listen = &config.listen;
        match self {
            Self::Apps => listen.tls.as_ref(),
            Self::Admin => listen.admin_tls.as_ref(),
        }
    }

    /// The protocols that are offered, in order of preference: the server's order decides.
    fn alpn(self) -> Vec<Vec<u8>> {
        let http1 = b"http/1.1".to_vec();
        match self {
            Self::Apps => vec![b"h2".to_vec(), http1],
            Self::Admin => vec![http1],
        }
    }

    fn refused(self, source: rustls::Error) -> TlsError {
        let section = self.section();
        TlsError::Rustls { section, source }
    }
}

/// A certificate chain and its key, as their files had them.
#[derive(Clone)]
pub(super) struct Certificate {
    side: TlsSide,
    key: Arc<CertifiedKey>,
    /// Of both files, to tell whether they were renewed.
    digest: [u8; 32],
    ends: Option<SystemTime>,
}

impl Certificate {
    pub(super) fn load(side: TlsSide, tls: &ListenTls) -> Result<Self, TlsError> {
        let files = Files::read(tls)?;
        // All certificates or none: a chain with a gap would fail with some clients only.
        let chain = CertificateDer::pem_slice_iter(&files.cert).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|source| TlsError::Certificate {
            file: tls.cert.clone(),
            source,
        })?;
        let key = PrivateKeyDer::from_pem_slice(&files.key);
        let key = key.map_err(|source| TlsError::Key {
            file: tls.key.clone(),
            source,
        })?;
        let ends = chain.first().and_then(|first| end_of(first));
        let provider = gateway_http_client::crypto_provider();
        // It refuses a key that is not the certificate's.
        let key = CertifiedKey::from_der(chain, key, &provider);
        let key = key.map_err(|error| side.refused(error))?;
        Ok(Self {
            side,
            key: Arc::new(key),
            digest: files.digest(),
            ends,
        })
    }

    /// Why no client would accept it now.
    pub(super) fn expired(&self, now: SystemTime) -> Option<String> {
        let ends = self.ends.filter(|ends| *ends <= now)?;
        let ends = jiff::Timestamp::try_from(ends).ok()?;
        let section = self.side.section();
        Some(format!(
            "the certificate of {section} has expired at {ends}"
        ))
    }
}

/// The content of both files.
struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(tls: &ListenTls) -> Result<Self, TlsError> {
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|source| TlsError::Unreadable {
                file: file.clone(),
                source,
            })
        };
        Ok(Self {
            cert: read(&tls.cert)?,
            key: read(&tls.key)?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        // Each by its own digest, so that bytes cannot move from one file to the other unnoticed.
        for part in [&self.cert, &self.key] {
            hash.update(Sha256::digest(part));
        }
        hash.finalize().into()
    }
}

/// When a certificate ends, if that can be read.
fn end_of(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// TLS of running listeners.
#[derive(Clone)]
pub(super) struct ServedTls {
    pub(super) config: Arc<ServerConfig>,
    served: Arc<ServedCertificate>,
}

impl ServedTls {
    /// The server's side.
    pub(super) fn new(certificate: Certificate) -> Result<Self, TlsError> {
        let side = certificate.side;
        let served = Arc::new(ServedCertificate(RwLock::new(certificate)));
        let provider = gateway_http_client::crypto_provider();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| side.refused(error))?
            // Apps and operators prove themselves by a token or a key, not by a certificate.
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&served) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = side.alpn();
        Ok(Self {
            config: Arc::new(config),
            served,
        })
    }

    /// Whether the files have the content that is served.
    pub(super) fn is_current(&self, tls: &ListenTls) -> bool {
        Files::read(tls).is_ok_and(|files| files.digest() == self.served.read().digest)
    }

    pub(super) fn serves(&self, certificate: &Certificate) -> bool {
        self.served.read().digest == certificate.digest
    }

    /// Handshakes that begin from now on get this certificate. Connections stay.
    pub(super) fn replace(&self, certificate: Certificate) {
        let served = self.served.0.write();
        *served.unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

/// The certificate that handshakes get.
struct ServedCertificate(RwLock<Certificate>);

impl ServedCertificate {
    fn read(&self) -> Certificate {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ResolvesServerCert for ServedCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.read().key)
    }
}

impl fmt::Debug for ServedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServedCertificate")
    }
}
