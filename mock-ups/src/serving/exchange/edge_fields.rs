//! The fields that UPS's edge adds to the APIs' answers, as recorded.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

const STANDING: [(HeaderName, &str); 9] = [
    (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "max-age=0, no-cache, no-store"),
    (header::PRAGMA, "no-cache"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000 ; includeSubDomains",
    ),
];

/// Adds them. The request id comes from the transaction's, so that a seed repeats it.
pub(super) fn add(headers: &mut HeaderMap, transaction: &[u8], now: Timestamp) {
    for (name, value) in STANDING {
        // Replaced, not appended: an answer that has the field already must not have it twice.
        headers.insert(name, HeaderValue::from_static(value));
    }
    let mut random = [0; 16];
    // A digest, since the transaction id is shorter than a UUID's bytes and not random.
    random.copy_from_slice(&Sha256::digest(transaction)[..16]);
    let id = uuid::Builder::from_random_bytes(random).into_uuid();
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
    for (name, value) in [
        (HeaderName::from_static("x-request-id"), id.to_string()),
        (header::EXPIRES, date.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}
