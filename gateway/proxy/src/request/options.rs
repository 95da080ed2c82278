//! `OPTIONS` requests that end at this server (RFC 9110 sections 9.3.7 and 7.6.2).

use crate::fields::Fields;
use http::{HeaderValue, Method, header};

/// Whether the request asks about the server as a whole.
pub(super) fn is_about_server(method: &Method, path: &str) -> bool {
    *method == Method::OPTIONS && path == "*"
}

/// Whether this server is the last hop of an `OPTIONS` request, by its `Max-Forwards`. Counts the field down.
pub(super) fn is_last_hop(method: &Method, fields: &mut Fields) -> bool {
    if *method != Method::OPTIONS {
        return false;
    }
    let Some(value) = fields.get(&header::MAX_FORWARDS) else {
        return false;
    };
    // A value that is no number is somebody else's business: the field is passed on as it is.
    let Some(hops) = value
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
    else {
        return false;
    };
    // 0 must not be forwarded; any other value must be one less at the next hop.
    if hops > 0 {
        fields.insert(header::MAX_FORWARDS, HeaderValue::from(hops - 1));
    }
    hops == 0
}
