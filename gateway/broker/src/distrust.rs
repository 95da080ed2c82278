//! Why there is no TLS session, in words for people.

use rustls::{CertificateError, Error};
use std::io;

/// What the handshake's failure means, as the end of a sentence.
pub(crate) fn words(cause: &io::Error) -> String {
    let of_tls = cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    let plain = of_tls.and_then(plain);
    plain.map_or_else(|| cause.to_string(), str::to_owned)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "both enums are open, and the rest speaks for itself"
)]
const fn plain(error: &Error) -> Option<&'static str> {
    let Error::InvalidCertificate(certificate) = error else {
        return None;
    };
    Some(match certificate {
        CertificateError::UnknownIssuer => {
            "its certificate is not trusted here: nobody known here has signed it"
        }
        CertificateError::BadSignature => {
            "its certificate is not trusted here: another than it names has signed it"
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
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: Error) -> String {
        words(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn certificates_are_told_apart_in_plain_words() {
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
    fn what_is_no_certificates_fault_is_said_as_it_came() {
        let said = said(Error::HandshakeNotComplete);
        assert!(said.contains("handshake"), "{said}");
        assert_eq!(words(&io::Error::other("reset")), "reset");
    }
}
