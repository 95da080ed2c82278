//! Phase 10: which of a carrier's response fields go on to the app, and which the gateway adds.

use super::hop_by_hop::{remove_nominated, via};
use crate::{
    directory::{AccountView, RouteView},
    error::Problem,
    field_names::{self, Fate},
    fields::Fields,
    message::Response,
};
use http::{HeaderValue, Version, header};

/// The path was one of the carrier's older API.
const REWRITTEN: HeaderValue = HeaderValue::from_static("rewritten");

/// Checks a response's head, and removes the fields that must not go on.
pub(super) fn clean<T>(response: &mut Response<T>, idempotent: bool) -> Result<(), Problem> {
    let status = response.status.as_u16();
    // An interim response has no place here, and a status beyond 599 no meaning.
    if !(200..600).contains(&status) {
        return Err(Problem::malformed_response(idempotent));
    }
    let mut removed = 0_u32;
    let (mut connection, mut encoding, mut lengths) = (false, false, 0);
    for name in response.fields.names() {
        match field_names::of_answer(name.as_str()) {
            Fate::Keep | Fate::Host | Fate::Twin => {}
            Fate::Remove(at) => removed |= 1 << at,
            Fate::Connection => connection = true,
            Fate::TransferEncoding => encoding = true,
            Fate::ContentLength => lengths += 1,
        }
    }
    // The body was framed by one of them; an app behind another proxy might believe the other.
    if lengths > 1 || (lengths == 1 && encoding) {
        return Err(Problem::malformed_response(idempotent));
    }
    let fields = &mut response.fields;
    if encoding {
        // With another coding the end of the body is not known.
        if !is_chunked(fields) {
            return Err(Problem::malformed_response(idempotent));
        }
        fields.remove(&header::TRANSFER_ENCODING);
    }
    if connection {
        remove_nominated(fields);
    }
    while removed != 0 {
        let at = removed.trailing_zeros() as usize;
        fields.remove(&field_names::REMOVED[at]);
        removed &= removed - 1;
    }
    Ok(())
}

/// Whether `chunked` is the only transfer coding.
fn is_chunked(fields: &Fields) -> bool {
    let mut codings = fields.get_all(&header::TRANSFER_ENCODING);
    let coding = codings.next().map(HeaderValue::as_bytes);
    coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) && codings.next().is_none()
}

/// Adds the fields that say which account and environment served the request.
pub(super) fn annotate(
    fields: &mut Fields,
    account: &AccountView,
    route: &RouteView,
    id: HeaderValue,
    version: Version,
    rewritten: bool,
) {
    if rewritten {
        fields.insert(field_names::WAYBILL_LEGACY, REWRITTEN);
    }
    // Inserted, so that a field of this name from the carrier does not stand beside it.
    fields.insert(field_names::WAYBILL_ACCOUNT, account.name.clone());
    fields.insert(field_names::WAYBILL_ENVIRONMENT, route.environment.clone());
    fields.insert(field_names::WAYBILL_REQUEST_ID, id);
    fields.append(header::VIA, via(version));
}
