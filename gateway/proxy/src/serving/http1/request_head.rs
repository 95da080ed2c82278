//! A request, from where the framing check found its parts.

use crate::{
    fields::{Fields, LastNames},
    message::Request,
    upstream::body::AppBody,
};
use gateway_framing::{Arrival, FieldSpan, Violation};
use http::{Method, Uri, Version};

/// The request without its body. Target and values share the memory of the head, and the list has that of `spare`.
pub(super) fn assemble(
    arrival: &Arrival,
    spans: &[FieldSpan],
    spare: Fields,
    names: &mut LastNames,
) -> Result<Request<AppBody>, Violation> {
    let (bytes, head) = (&arrival.bytes, &arrival.head);
    let target = bytes.slice(head.target());
    Ok(Request {
        method: Method::from_bytes(&bytes[head.method()]).map_err(|_| Violation::Method)?,
        uri: Uri::from_maybe_shared(target).map_err(|_| Violation::Target)?,
        version: if head.http_11 {
            Version::HTTP_11
        } else {
            Version::HTTP_10
        },
        fields: Fields::of_head(bytes, spans, spare, names)?,
        body: AppBody::Empty,
    })
}
