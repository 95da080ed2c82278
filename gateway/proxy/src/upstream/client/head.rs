//! The head of a response, from the spans that the framing check found.

use crate::{
    fields::{Fields, LastNames},
    message::Response,
};
use bytes::Bytes;
use gateway_framing::{FieldSpan, ResponseHead, Violation, has_list_member};
use http::{StatusCode, Version, header};

/// The head, and whether it says that the connection ends with its answer. The values of its fields
/// share the memory of `bytes`.
pub(super) fn assemble(
    head: ResponseHead,
    bytes: &Bytes,
    spans: &[FieldSpan],
    names: &mut LastNames,
) -> Result<(Response<()>, bool), Violation> {
    let fields = Fields::of_head(bytes, spans, Fields::new(), names)?;
    // RFC 9112 section 9.6: no response follows one with `close`. HTTP/1.0 keeps a connection only if asked to,
    // which nobody does.
    let is_last = !head.http_11
        || fields
            .get_all(&header::CONNECTION)
            .any(|value| has_list_member(value.as_bytes(), "close"));
    let response = Response {
        status: StatusCode::from_u16(head.status).map_err(|_| Violation::StatusLine)?,
        version: if head.http_11 {
            Version::HTTP_11
        } else {
            Version::HTTP_10
        },
        fields,
        body: (),
    };
    Ok((response, is_last))
}
