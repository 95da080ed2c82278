//! Why a TLS handshake failed, in plain words.

use rustls::{CertificateError, Error};
use std::io;

/// Explains a handshake's failure, as the end of a sentence.
pub(crate) fn describe(cause: &io::Error) -> String {
    let tls_error = cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    let explained = tls_error.and_then(explain_certificate);
    explained.map_or_else(|| cause.to_string(), str::to_owned)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "both enums are non-exhaustive, and the other variants explain themselves"
)]
const fn explain_certificate(error: &Error) -> Option<&'static str> {
    let Error::InvalidCertificate(certificate) = error else {
        return None;
    };
    Some(match certificate {
        CertificateError::UnknownIssuer => {
            "its certificate is not trusted: no certificate authority known here signed it"
        }
        CertificateError::BadSignature => {
            "its certificate is not trusted: the issuer that it names did not sign it"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is ahead"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is behind"
        }
        CertificateError::Revoked => "its certificate was revoked",
        // What the TLS library says of itself is plain enough.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: Error) -> String {
        describe(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn certificate_errors_are_explained_in_plain_words() {
        for (error, part) in [
            (CertificateError::UnknownIssuer, "not trusted"),
            (CertificateError::BadSignature, "not trusted"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::Expired, "has expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::Revoked, "revoked"),
        ] {
            let said = said(Error::InvalidCertificate(error));
            assert!(
                said.contains(part) && said.contains("certificate"),
                "{said}"
            );
        }
    }

    #[test]
    fn other_errors_keep_their_own_text() {
        let said = said(Error::HandshakeNotComplete);
        assert!(said.contains("handshake"), "{said}");
        assert_eq!(describe(&io::Error::other("reset")), "reset");
    }
}
