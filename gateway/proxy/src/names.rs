//! Field names: which are removed, which are ours, and telling them apart fast.

use http::{HeaderName, header};

/// Selects the account, and says which one served.
pub(crate) const WAYBILL_ACCOUNT: HeaderName = HeaderName::from_static("waybill-account");
/// Says which of the carrier's environments served (P17).
pub(crate) const WAYBILL_ENVIRONMENT: HeaderName = HeaderName::from_static("waybill-environment");
/// The stable code of an answer that the gateway made itself.
pub(crate) const WAYBILL_ERROR: HeaderName = HeaderName::from_static("waybill-error");
/// An app's static key.
pub(crate) const WAYBILL_KEY: HeaderName = HeaderName::from_static("waybill-key");
/// The request's id.
pub(crate) const WAYBILL_REQUEST_ID: HeaderName = HeaderName::from_static("waybill-request-id");

/// What becomes of a field that a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Forwarded.
    Keep,
    /// Removed; the number is its place in [`REMOVED`].
    Remove(u8),
    /// `Connection`: removed, with the fields it names.
    Connection,
    /// `Host`.
    Host,
    /// `Content-Length`.
    ContentLength,
    /// `Transfer-Encoding`: removed, framing is made anew.
    TransferEncoding,
    /// A protected name with `_` in place of `-` (H5).
    Twin,
}

/// Names removed from requests and answers: hop-by-hop fields (RFC 9110 section 7.6.1), credentials of
/// the client, forwarding claims that no carrier needs, and our own.
pub(crate) const REMOVED: [HeaderName; 24] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-authentication-info"),
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    header::EXPECT,
    header::AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("x-api-key"),
    WAYBILL_KEY,
    WAYBILL_ACCOUNT,
    WAYBILL_ENVIRONMENT,
    WAYBILL_ERROR,
    WAYBILL_REQUEST_ID,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
];

/// Those of [`REMOVED`] that an answer may carry on.
const ANSWER_KEEPS: &[&str] = &["authorization", "cookie", "x-api-key", "expect"];

/// What becomes of a request's field. One comparison of a length and a byte decides for most.
pub(crate) fn of_request(name: &str) -> Fate {
    let bytes = name.as_bytes();
    match (bytes.len(), bytes.first()) {
        (4, Some(b'h')) if name == "host" => return Fate::Host,
        (10, Some(b'c')) if name == "connection" => return Fate::Connection,
        (14, Some(b'c')) if name == "content-length" => return Fate::ContentLength,
        (17, Some(b't')) if name == "transfer-encoding" => return Fate::TransferEncoding,
        (2, Some(b't'))
        | (6 | 13, Some(b'c' | b'e' | b'a'))
        | (7, Some(b't' | b'u'))
        | (9, Some(b'f' | b'x'))
        | (10, Some(b'k'))
        | (11, Some(b'w'))
        | (14, Some(b'h'))
        | (13, Some(b'w'))
        | (15..=25, Some(b'p' | b'w' | b'x')) => {
            if let Some(at) = removed(name) {
                return Fate::Remove(at);
            }
        }
        _ => {}
    }
    if bytes.contains(&b'_') && is_twin(name) {
        Fate::Twin
    } else {
        Fate::Keep
    }
}

/// What becomes of an answer's field.
pub(crate) fn of_answer(name: &str) -> Fate {
    match of_request(name) {
        Fate::Remove(_) if ANSWER_KEEPS.contains(&name) => Fate::Keep,
        Fate::Twin | Fate::Host => Fate::Keep,
        fate @ (Fate::Keep
        | Fate::Remove(_)
        | Fate::Connection
        | Fate::ContentLength
        | Fate::TransferEncoding) => fate,
    }
}

fn removed(name: &str) -> Option<u8> {
    let at = REMOVED
        .iter()
        .position(|removed| removed.as_str() == name)?;
    u8::try_from(at).ok()
}

/// A name that a lenient server would take for a protected one.
fn is_twin(name: &str) -> bool {
    let name = name.replace('_', "-");
    let framing = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "content-type",
    ];
    removed(&name).is_some() || framing.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_removed_name_is_found() {
        for (at, name) in REMOVED.iter().enumerate() {
            assert_eq!(of_request(name.as_str()), Fate::Remove(at as u8), "{name}");
        }
    }

    // H5
    #[test]
    fn underscore_twins_are_told() {
        for name in [
            "x_api_key",
            "waybill_key",
            "content_length",
            "x_forwarded-for",
        ] {
            assert_eq!(of_request(name), Fate::Twin, "{name}");
        }
        assert_eq!(of_request("trans_id"), Fate::Keep);
    }
}
