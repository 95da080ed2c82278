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
use crate::{directory::RouteView, field_names, fields::Fields};
use gateway_model::HeaderWhenAbsent;
use http::{HeaderName, HeaderValue, Version, header};

/// Removes what must not reach the carrier.
pub(super) fn strip(fields: &mut Fields, inspection: &HeadInspection, route: &RouteView) {
    // First, while `Connection` is still there to say which fields it names.
    if inspection.connection {
        remove_nominated(fields);
    }
    let mut left = inspection.removed;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        fields.remove(&field_names::REMOVED[at]);
        left &= left - 1;
    }
    if inspection.transfer_encoding {
        fields.remove(&header::TRANSFER_ENCODING);
    }
    for name in &route.credential_headers {
        // By the set of lengths first: most requests have no such field.
        if inspection.lengths.may_contain(name.as_str()) {
            fields.remove(name);
        }
    }
}

/// Adds what the carrier needs besides the credential.
pub(super) fn complete(
    fields: &mut Fields,
    inspection: &HeadInspection,
    route: &RouteView,
    id: &HeaderValue,
    version: Version,
) {
    fields.insert(header::HOST, route.host.clone());
    // Appended, because proxies before this one have said theirs.
    fields.append(header::VIA, via(version));
    for wanted in &route.when_absent {
        let (name, value) = match wanted {
            HeaderWhenAbsent::Fixed(name, value) => (name, value),
            HeaderWhenAbsent::RequestId(name) => (name, id),
        };
        // The app's own value wins: it may be a transaction id that the app looks for later.
        if !inspection.lengths.may_contain(name.as_str()) || !has_value(fields, name) {
            fields.insert(name.clone(), value.clone());
        }
    }
}

/// Whether a value of the field says something. Widely copied samples send such fields empty, and carriers
/// refuse them so; empty values beside others go, because the carrier may read the first one.
fn has_value(fields: &mut Fields, name: &HeaderName) -> bool {
    fields.retain(|other, value| other != name || !value.is_empty());
    fields.contains(name)
}
