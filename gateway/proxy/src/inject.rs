//! Phase 6: every credential of the client goes, ours comes; the order is what makes it safe.
//!
//! First everything that the client could use against us is removed: fields that `Connection` names,
//! hop-by-hop fields, credentials. Only then is anything added, so that no field of the client can
//! remove or replace what the gateway adds. The credential itself is written behind all of it as the
//! request goes out ([`crate::client`]), so that the head is as it was when it has to go out again.

use crate::{
    hygiene::{self, Found},
    names,
    view::{AccountView, RouteView},
};
use gateway_model::HeaderWhenAbsent;
use http::{HeaderMap, HeaderValue, Method, Version, header};

const VIA_1_0: HeaderValue = HeaderValue::from_static("1.0 waybill");
const VIA_1_1: HeaderValue = HeaderValue::from_static("1.1 waybill");
const VIA_2: HeaderValue = HeaderValue::from_static("2 waybill");

/// The path was one of the carrier's older API.
const REWRITTEN: HeaderValue = HeaderValue::from_static("rewritten");

/// Says in `Via` which protocol a message came in.
pub(crate) const fn via(version: Version) -> HeaderValue {
    match version {
        Version::HTTP_2 => VIA_2,
        Version::HTTP_09 | Version::HTTP_10 => VIA_1_0,
        _ => VIA_1_1,
    }
}

/// Removes what must not reach the carrier.
pub(crate) fn strip(headers: &mut HeaderMap, found: &Found, route: &RouteView) {
    if found.connection {
        hygiene::remove_nominated(headers);
    }
    let mut left = found.removed;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        headers.remove(&names::REMOVED[at]);
        left &= left - 1;
    }
    if found.transfer_encoding {
        headers.remove(header::TRANSFER_ENCODING);
    }
    for name in &route.credential_headers {
        if found.lengths.may_hold(name.as_str()) {
            headers.remove(name);
        }
    }
}

/// Adds what the carrier needs besides the credential.
pub(crate) fn complete(
    headers: &mut HeaderMap,
    found: &Found,
    route: &RouteView,
    id: &HeaderValue,
    version: Version,
) {
    headers.insert(header::HOST, route.host.clone());
    headers.append(header::VIA, via(version));
    for wanted in &route.when_absent {
        let (name, value) = match wanted {
            HeaderWhenAbsent::Fixed(name, value) => (name, value),
            HeaderWhenAbsent::RequestId(name) => (name, id),
        };
        // Never overwrites what the app sent (P22).
        if !found.lengths.may_hold(name.as_str()) || !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
}

/// `Max-Forwards` of `OPTIONS` (RFC 9110 section 7.6.2): whether this server is the last.
pub(crate) fn is_last_hop(method: &Method, headers: &mut HeaderMap) -> bool {
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

/// Adds to an answer who served it.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    account: &AccountView,
    route: &RouteView,
    id: HeaderValue,
    version: Version,
    rewritten: bool,
) {
    if rewritten {
        headers.insert(names::WAYBILL_LEGACY, REWRITTEN);
    }
    headers.insert(names::WAYBILL_ACCOUNT, account.name.clone());
    headers.insert(names::WAYBILL_ENVIRONMENT, route.environment.clone());
    headers.insert(names::WAYBILL_REQUEST_ID, id);
    headers.append(header::VIA, via(version));
}
