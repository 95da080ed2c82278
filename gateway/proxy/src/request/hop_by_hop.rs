//! Fields of one connection, and `Via`: what every intermediary changes (RFC 9110 section 7.6).

use crate::fields::Fields;
use http::{HeaderName, HeaderValue, Version, header};

const VIA_1_0: HeaderValue = HeaderValue::from_static("1.0 waybill");
const VIA_1_1: HeaderValue = HeaderValue::from_static("1.1 waybill");
const VIA_2: HeaderValue = HeaderValue::from_static("2 waybill");

/// Says in `Via` which protocol a message came in.
pub(super) const fn via(version: Version) -> HeaderValue {
    match version {
        Version::HTTP_2 => VIA_2,
        Version::HTTP_09 | Version::HTTP_10 => VIA_1_0,
        _ => VIA_1_1,
    }
}

/// Removes the fields that `Connection` names, and `Connection` itself (RFC 9110 section 7.6.1).
pub(super) fn remove_nominated(fields: &mut Fields) {
    // `keep-alive` and `close` are options of the connection, and name no field.
    let nominated: Vec<HeaderName> = fields
        .get_all(&header::CONNECTION)
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.eq_ignore_ascii_case(b"keep-alive"))
        .filter(|token| !token.eq_ignore_ascii_case(b"close"))
        .filter_map(|token| HeaderName::from_bytes(token).ok())
        .collect();
    // The field itself as well: the next hop has a connection of its own.
    fields.remove(&header::CONNECTION);
    for name in nominated {
        fields.remove(&name);
    }
}
