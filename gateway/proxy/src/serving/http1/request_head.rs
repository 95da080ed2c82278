//! A request, from where the framing check found its parts.

use gateway_framing::{Arrival, FieldSpan, Violation, trim_ows};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

/// Fields that the gateway adds on the way to a carrier.
const OURS: usize = 6;

/// The request without its body. Target and values share the memory of the head; `headers` is empty, and may
/// have memory of a map that was used before.
pub(super) fn assemble(
    arrival: &Arrival,
    spans: &[FieldSpan],
    mut headers: HeaderMap,
) -> Result<Request<()>, Violation> {
    let bytes = &arrival.bytes;
    headers.reserve(spans.len() + OURS);
    for &FieldSpan { start, colon, end } in spans {
        let name =
            HeaderName::from_bytes(&bytes[start..colon]).map_err(|_| Violation::FieldName)?;
        let value = bytes.slice_ref(trim_ows(&bytes[colon + 1..end]));
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| Violation::ControlByte)?;
        // `append`: what occurs several times is for the phases to judge.
        headers.append(name, value);
    }
    let head = &arrival.head;
    let mut request = Request::new(());
    *request.method_mut() =
        Method::from_bytes(&bytes[head.method()]).map_err(|_| Violation::Method)?;
    let target = bytes.slice(head.target());
    *request.uri_mut() = Uri::from_maybe_shared(target).map_err(|_| Violation::Target)?;
    *request.version_mut() = if head.http_11 {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    *request.headers_mut() = headers;
    Ok(request)
}
