//! Phase 10: which of a carrier's response fields go on to the app, and which the gateway adds.

use super::hop_by_hop::{remove_nominated, via};
use crate::{
    directory::{AccountView, RouteView},
    error::Problem,
    field_names::{self, Fate},
};
use http::{HeaderMap, HeaderValue, Response, Version, header};

/// The path was one of the carrier's older API.
const REWRITTEN: HeaderValue = HeaderValue::from_static("rewritten");

/// Checks a response's head, and removes the fields that must not go on.
pub(super) fn clean<T>(response: &mut Response<T>, idempotent: bool) -> Result<(), Problem> {
    let status = response.status().as_u16();
    // An interim response has no place here, and a status beyond 599 no meaning.
    if !(200..600).contains(&status) {
        return Err(Problem::malformed_response(idempotent));
    }
    let mut removed = 0_u32;
    let (mut connection, mut encoding, mut lengths) = (false, false, 0);
    for name in response.headers().keys() {
        match field_names::of_answer(name.as_str()) {
            Fate::Keep | Fate::Host | Fate::Twin => {}
            Fate::Remove(at) => removed |= 1 << at,
            Fate::Connection => connection = true,
            Fate::TransferEncoding => encoding = true,
            Fate::ContentLength => lengths += 1,
        }
    }
    let headers = response.headers_mut();
    let several = || headers.get_all(header::CONTENT_LENGTH).iter().count() != 1;
    // The body was framed by one of them; an app behind another proxy might believe the other.
    if lengths == 1 && (encoding || several()) {
        return Err(Problem::malformed_response(idempotent));
    }
    if encoding {
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let chunked = codings
            .next()
            .is_some_and(|c| c.as_bytes().eq_ignore_ascii_case(b"chunked"));
        // With another coding the end of the body is not known.
        if !chunked || codings.next().is_some() {
            return Err(Problem::malformed_response(idempotent));
        }
        headers.remove(header::TRANSFER_ENCODING);
    }
    if connection {
        remove_nominated(headers);
    }
    while removed != 0 {
        let at = removed.trailing_zeros() as usize;
        headers.remove(&field_names::REMOVED[at]);
        removed &= removed - 1;
    }
    // Extensions that the carrier's side left must not change how a server writes to the app.
    response.extensions_mut().clear();
    Ok(())
}

/// Adds the fields that say which account and environment served the request.
pub(super) fn annotate(
    headers: &mut HeaderMap,
    account: &AccountView,
    route: &RouteView,
    id: HeaderValue,
    version: Version,
    rewritten: bool,
) {
    if rewritten {
        headers.insert(field_names::WAYBILL_LEGACY, REWRITTEN);
    }
    // Inserted, so that a field of this name from the carrier does not stand beside it.
    headers.insert(field_names::WAYBILL_ACCOUNT, account.name.clone());
    headers.insert(field_names::WAYBILL_ENVIRONMENT, route.environment.clone());
    headers.insert(field_names::WAYBILL_REQUEST_ID, id);
    headers.append(header::VIA, via(version));
}
