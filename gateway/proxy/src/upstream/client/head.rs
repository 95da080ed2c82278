//! The head of a response, from the spans that the framing check found.

use bytes::Bytes;
use gateway_framing::{FieldSpan, ResponseHead, Violation, has_list_member, trim_ows};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};

/// Fields that the gateway adds.
const OURS: usize = 6;

/// The head, and whether it says that the connection ends with its answer. The values of its fields
/// share the memory of `bytes`.
pub(super) fn assemble(
    head: ResponseHead,
    bytes: &Bytes,
    spans: &[FieldSpan],
) -> Result<(Response<()>, bool), Violation> {
    // One allocation, the gateway's own fields included.
    let mut headers = HeaderMap::with_capacity(spans.len() + OURS);
    // HTTP/1.0 keeps a connection only if asked to, which nobody does.
    let mut last = !head.http_11;
    for &FieldSpan { start, colon, end } in spans {
        let name =
            HeaderName::from_bytes(&bytes[start..colon]).map_err(|_| Violation::FieldName)?;
        let value = bytes.slice_ref(trim_ows(&bytes[colon + 1..end]));
        // RFC 9112 section 9.6: no response follows one with `close`.
        last |= name == header::CONNECTION && has_list_member(&value, "close");
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| Violation::ControlByte)?;
        // `append`: a field such as `Set-Cookie` may occur several times.
        headers.append(name, value);
    }
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::from_u16(head.status).map_err(|_| Violation::StatusLine)?;
    *answer.version_mut() = if head.http_11 {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    *answer.headers_mut() = headers;
    Ok((answer, last))
}
