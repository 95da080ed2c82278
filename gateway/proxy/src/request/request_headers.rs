//! Phase 6: rewriting the request's head. The order of the two steps makes it safe.
//!
//! [`strip`] removes what the client must not control: fields that `Connection` names, hop-by-hop
//! fields, credentials. Only then [`complete`] adds fields, so that no field of the client can remove or
//! replace one of the gateway. The credential itself is written behind all of it as the
//! request goes out (`upstream/client`), so that the head is as it was when it has to go out again.

use super::{
    hop_by_hop::{remove_nominated, via},
    hygiene::HeadInspection,
};
use crate::{directory::RouteView, field_names};
use gateway_model::HeaderWhenAbsent;
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};

/// Removes what must not reach the carrier.
pub(super) fn strip(headers: &mut HeaderMap, inspection: &HeadInspection, route: &RouteView) {
    // First, while `Connection` is still there to say which fields it names.
    if inspection.connection {
        remove_nominated(headers);
    }
    let mut left = inspection.removed;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        headers.remove(&field_names::REMOVED[at]);
        left &= left - 1;
    }
    if inspection.transfer_encoding {
        headers.remove(header::TRANSFER_ENCODING);
    }
    for name in &route.credential_headers {
        // By the set of lengths first: most requests have no such field.
        if inspection.lengths.may_contain(name.as_str()) {
            headers.remove(name);
        }
    }
}

/// Adds what the carrier needs besides the credential.
pub(super) fn complete(
    headers: &mut HeaderMap,
    inspection: &HeadInspection,
    route: &RouteView,
    id: &HeaderValue,
    version: Version,
) {
    headers.insert(header::HOST, route.host.clone());
    // Appended, because proxies before this one have said theirs.
    headers.append(header::VIA, via(version));
    for wanted in &route.when_absent {
        let (name, value) = match wanted {
            HeaderWhenAbsent::Fixed(name, value) => (name, value),
            HeaderWhenAbsent::RequestId(name) => (name, id),
        };
        // The app's own value wins: it may be a transaction id that the app looks for later.
        if !inspection.lengths.may_contain(name.as_str()) || !has_value(headers, name) {
            headers.insert(name, value.clone());
        }
    }
}

/// Whether a value of the field says something. Widely copied samples send such fields empty, and carriers
/// refuse them so; empty values beside others go, because the carrier may read the first one.
fn has_value(headers: &mut HeaderMap, name: &HeaderName) -> bool {
    let values = || headers.get_all(name).iter();
    if values().all(|value| !value.is_empty()) {
        return headers.contains_key(name);
    }
    let kept: Vec<HeaderValue> = values().filter(|v| !v.is_empty()).cloned().collect();
    headers.remove(name);
    for value in &kept {
        headers.append(name, value.clone());
    }
    !kept.is_empty()
}
