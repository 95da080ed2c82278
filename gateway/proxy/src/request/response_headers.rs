//! Phase 10: what of a carrier's head goes on to the app, and what it says about the way.

use super::hop_by_hop::{remove_nominated, via};
use crate::{
    directory::{AccountView, RouteView},
    error::Problem,
    field_names::{self as names, Fate},
};
use http::{HeaderMap, HeaderValue, Response, Version, header};

/// The path was one of the carrier's older API.
const REWRITTEN: HeaderValue = HeaderValue::from_static("rewritten");

/// Checks an answer's head and removes what must not go on.
pub(super) fn clean<T>(response: &mut Response<T>, idempotent: bool) -> Result<(), Problem> {
    let status = response.status().as_u16();
    if !(200..600).contains(&status) {
        return Err(Problem::malformed_response(idempotent));
    }
    let mut removed = 0_u32;
    let (mut connection, mut encoding, mut lengths) = (false, false, 0);
    for name in response.headers().keys() {
        match names::of_answer(name.as_str()) {
            Fate::Keep | Fate::Host | Fate::Twin => {}
            Fate::Remove(at) => removed |= 1 << at,
            Fate::Connection => connection = true,
            Fate::TransferEncoding => encoding = true,
            Fate::ContentLength => lengths += 1,
        }
    }
    let headers = response.headers_mut();
    let several = || headers.get_all(header::CONTENT_LENGTH).iter().count() != 1;
    if lengths == 1 && (encoding || several()) {
        return Err(Problem::malformed_response(idempotent));
    }
    if encoding {
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let chunked = codings
            .next()
            .is_some_and(|c| c.as_bytes().eq_ignore_ascii_case(b"chunked"));
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
        headers.remove(&names::REMOVED[at]);
        removed &= removed - 1;
    }
    response.extensions_mut().clear();
    Ok(())
}

/// Adds to an answer who served it.
pub(super) fn annotate(
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
