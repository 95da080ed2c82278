//! Phase 6: every credential of the client goes, ours comes; the order is what makes it safe.
//!
//! First everything that the client could use against us is removed: fields that `Connection` names,
//! hop-by-hop fields, credentials. Only then is anything added, so that no field of the client can
//! remove or replace what the gateway adds. The credential itself is written behind all of it as the
//! request goes out (`upstream/client`), so that the head is as it was when it has to go out again.

use super::{
    hop_by_hop::{remove_nominated, via},
    hygiene::Found,
};
use crate::{directory::RouteView, field_names as names};
use gateway_model::HeaderWhenAbsent;
use http::{HeaderMap, HeaderValue, Version, header};

/// Removes what must not reach the carrier.
pub(super) fn strip(headers: &mut HeaderMap, found: &Found, route: &RouteView) {
    if found.connection {
        remove_nominated(headers);
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
pub(super) fn complete(
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
        // Never overwrites what the app sent .
        if !found.lengths.may_hold(name.as_str()) || !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
}
