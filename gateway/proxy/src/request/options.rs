//! `OPTIONS` requests that end at this server (RFC 9110 sections 9.3.7 and 7.6.2).

use http::{HeaderMap, HeaderValue, Method, header};

/// Whether the gateway answers this target itself, whoever calls.
pub(super) fn is_about_server(method: &Method, path: &str) -> bool {
    *method == Method::OPTIONS && path == "*"
}

/// `Max-Forwards` of `OPTIONS` (RFC 9110 section 7.6.2): whether this server is the last.
pub(super) fn is_last_hop(method: &Method, headers: &mut HeaderMap) -> bool {
    if *method != Method::OPTIONS {
        return false;
    }
    let Some(value) = headers.get(header::MAX_FORWARDS) else {
        return false;
    };
    let Some(hops) = value
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
    else {
        return false;
    };
    if hops > 0 {
        headers.insert(header::MAX_FORWARDS, HeaderValue::from(hops - 1));
    }
    hops == 0
}
