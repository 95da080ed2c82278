//! The head of an answer, out of the places that the framing check found.

use crate::framing::{AnswerHead, FieldAt, Violation, trim_ows};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};

/// Fields that the gateway adds.
const OURS: usize = 6;

/// The head, and whether it says that the connection ends with its answer. The values of its fields
/// share the memory of `bytes`.
pub(super) fn assemble(
    head: AnswerHead,
    bytes: &Bytes,
    places: &[FieldAt],
) -> Result<(Response<()>, bool), Violation> {
    // One allocation, the gateway's own fields included.
    let mut headers = HeaderMap::with_capacity(places.len() + OURS);
    // HTTP/1.0 keeps a connection only if asked to, which nobody does.
    let mut last = !head.modern;
    for &FieldAt { from, colon, end } in places {
        let name = HeaderName::from_bytes(&bytes[from..colon]).map_err(|_| Violation::FieldName)?;
        let value = bytes.slice_ref(trim_ows(&bytes[colon + 1..end]));
        last |= name == header::CONNECTION && says_close(&value);
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| Violation::ControlByte)?;
        // `append`: a field such as `Set-Cookie` may occur several times.
        headers.append(name, value);
    }
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::from_u16(head.status).map_err(|_| Violation::StatusLine)?;
    *answer.version_mut() = if head.modern {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    *answer.headers_mut() = headers;
    Ok((answer, last))
}

/// RFC 9112 section 9.6: `close` among the options, in any case.
fn says_close(connection: &[u8]) -> bool {
    connection
        .split(|&byte| byte == b',')
        .any(|option| trim_ows(option).eq_ignore_ascii_case(b"close"))
}
