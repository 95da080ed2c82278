//! Field names: which are removed, and which belong to the gateway.

use http::{HeaderName, header};

/// Selects the account, and says which one served.
pub(crate) const WAYBILL_ACCOUNT: HeaderName = HeaderName::from_static("waybill-account");
/// Says which of the carrier's environments served.
pub(crate) const WAYBILL_ENVIRONMENT: HeaderName = HeaderName::from_static("waybill-environment");
/// The stable code of an answer that the gateway made itself.
pub(crate) const WAYBILL_ERROR: HeaderName = HeaderName::from_static("waybill-error");
/// An app's static key.
pub(crate) const WAYBILL_KEY: HeaderName = HeaderName::from_static("waybill-key");
/// Says that the request was one of the carrier's older API.
pub(crate) const WAYBILL_LEGACY: HeaderName = HeaderName::from_static("waybill-legacy");
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
    /// A protected name with `_` in place of `-`: a lenient server would take it for the protected one.
    Twin,
}

/// Names removed from requests and answers: hop-by-hop fields (RFC 9110 section 7.6.1), credentials of
/// the client, forwarding claims that no carrier needs, and our own.
pub(crate) static REMOVED: [HeaderName; 25] = [
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
    WAYBILL_LEGACY,
];

/// Those of [`REMOVED`] that an answer may carry on.
const ANSWER_KEEPS: &[&str] = &["authorization", "cookie", "x-api-key", "expect"];

/// What becomes of a request's field.
pub(crate) fn of_request(name: &str) -> Fate {
    match name {
        "host" => return Fate::Host,
        "connection" => return Fate::Connection,
        "content-length" => return Fate::ContentLength,
        "transfer-encoding" => return Fate::TransferEncoding,
        _ => {}
    }
    if let Some(at) = removed(name) {
        return Fate::Remove(at);
    }
    // The search for an underscore first: almost no name has one.
    if memchr::memchr(b'_', name.as_bytes()).is_some() && is_twin(name) {
        Fate::Twin
    } else {
        Fate::Keep
    }
}

/// What becomes of an answer's field.
pub(crate) fn of_answer(name: &str) -> Fate {
    match name {
        "connection" => return Fate::Connection,
        "content-length" => return Fate::ContentLength,
        "transfer-encoding" => return Fate::TransferEncoding,
        _ => {}
    }
    match removed(name) {
        Some(at) if !ANSWER_KEEPS.contains(&name) => Fate::Remove(at),
        Some(_) | None => Fate::Keep,
    }
}

/// The bit of `Authorization` in the set of names from [`REMOVED`] that a request has.
pub(crate) const AUTHORIZATION_BIT: u32 = 1 << 10;
/// The bit of `Waybill-Key`.
pub(crate) const KEY_BIT: u32 = 1 << 13;
/// The bit of `Waybill-Account`.
pub(crate) const ACCOUNT_BIT: u32 = 1 << 14;

/// A set of names that tells for certain which are not in it: by their lengths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NameLengths(u64);

impl NameLengths {
    pub(crate) const fn add(&mut self, name: &str) {
        self.0 |= Self::bit(name);
    }

    pub(crate) const fn may_contain(self, name: &str) -> bool {
        self.0 & Self::bit(name) != 0
    }

    const fn bit(name: &str) -> u64 {
        1 << if name.len() < 63 { name.len() } else { 63 }
    }
}

/// The place in [`REMOVED`]. Written out, because comparing with literals is a length and a few
/// words, while comparing with the names of the table costs their look-up; a test ties the two.
fn removed(name: &str) -> Option<u8> {
    Some(match name {
        "keep-alive" => 0,
        "proxy-connection" => 1,
        "proxy-authenticate" => 2,
        "proxy-authorization" => 3,
        "proxy-authentication-info" => 4,
        "te" => 5,
        "trailer" => 6,
        "upgrade" => 7,
        "http2-settings" => 8,
        "expect" => 9,
        "authorization" => 10,
        "cookie" => 11,
        "x-api-key" => 12,
        "waybill-key" => 13,
        "waybill-account" => 14,
        "waybill-environment" => 15,
        "waybill-error" => 16,
        "waybill-request-id" => 17,
        "forwarded" => 18,
        "x-forwarded-for" => 19,
        "x-forwarded-host" => 20,
        "x-forwarded-proto" => 21,
        "x-forwarded-port" => 22,
        "x-real-ip" => 23,
        "waybill-legacy" => 24,
        _ => return None,
    })
}

/// A name that a lenient server would take for a protected one.
fn is_twin(name: &str) -> bool {
    // Only underscores: other signs are no dash to any server.
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

    #[test]
    fn bits_are_those_of_their_names() {
        for (bit, name) in [
            (AUTHORIZATION_BIT, header::AUTHORIZATION),
            (KEY_BIT, WAYBILL_KEY),
            (ACCOUNT_BIT, WAYBILL_ACCOUNT),
        ] {
            assert_eq!(REMOVED[bit.trailing_zeros() as usize], name);
        }
    }

    #[test]
    fn lengths_never_deny_what_is_there() {
        let mut lengths = NameLengths::default();
        assert!(!lengths.may_contain("ab"));
        for length in [1, 2, 62, 63, 64, 200] {
            lengths.add(&"a".repeat(length));
            assert!(lengths.may_contain(&"a".repeat(length)), "{length}");
        }
        assert!(!lengths.may_contain("abc"));
    }

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
