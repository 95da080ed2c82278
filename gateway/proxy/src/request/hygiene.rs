//! Phase 1: what a request must look like before anything acts on it.
//!
//! One pass over the fields finds everything that later phases remove, so that the removal itself only
//! touches what is there.

use super::host;
use crate::{
    directory::view::DirectoryView,
    error::{Code, Problem},
    field_names::{self, Fate, NameLengths},
    message::Request,
    path_rules::{self, Spelling},
    upstream::body::AppBody,
    worker::Connection,
};
use gateway_framing::{are_target_octets, limits};
use http::{HeaderName, HeaderValue, Method, Uri, Version, header};

/// What the pass over a request's head found.
#[derive(Debug, Default)]
pub(crate) struct HeadInspection {
    /// Bits of [`field_names::REMOVED`].
    pub(crate) removed: u32,
    pub(crate) connection: bool,
    pub(crate) transfer_encoding: bool,
    /// What `Content-Length` says.
    pub(crate) length: Option<u64>,
    /// The lengths of all names.
    pub(crate) lengths: NameLengths,
    /// The `Host` is this machine's or a route's.
    pub(crate) known_host: bool,
    /// `Origin` or a telling `Sec-Fetch-Site`: a browser made this for a web page.
    pub(crate) browser: bool,
    /// How the path is spelled.
    pub(crate) spelling: Spelling,
}

/// Checks a request's head.
pub(super) fn inspect(
    connection: &Connection,
    directory: &DirectoryView,
    request: &Request<AppBody>,
) -> Result<HeadInspection, Problem> {
    // The cheap checks first: most refused requests end here.
    check_method(&request.method)?;
    let spelling = check_target(connection, &request.uri, &request.method)?;
    let (mut hosts, mut host) = (0, None);
    let mut lengths = 0;
    let mut inspection = HeadInspection {
        spelling,
        ..HeadInspection::default()
    };
    for (name, value) in request.fields.iter() {
        inspection.lengths.add(name.as_str());
        match field_names::of_request(name.as_str()) {
            Fate::Keep => inspection.browser |= is_browser_mark(name, value),
            Fate::Remove(at) => inspection.removed |= 1 << at,
            Fate::Connection => inspection.connection = true,
            Fate::TransferEncoding => inspection.transfer_encoding = true,
            Fate::Host => {
                hosts += 1;
                host = Some(value.as_bytes());
            }
            Fate::ContentLength => {
                lengths += 1;
                inspection.length = plain_number(value.as_bytes());
                if inspection.length.is_none() {
                    return Err(Problem::bad("Content-Length is not a plain number").closing());
                }
            }
            // Refused, not removed: the client may rely on the field, and another server would accept it.
            Fate::Twin => {
                return Err(Problem::bad(
                    "a field name with '_' imitates a protected field: remove it",
                ));
            }
        }
    }
    // The framing check refused these in HTTP/1. HTTP/2 forbids them too, and the next hop may be HTTP/1.
    if lengths > 1 || (lengths == 1 && inspection.transfer_encoding) {
        return Err(Problem::bad("the request has more than one length").closing());
    }
    if request.version == Version::HTTP_2 {
        check_http2(request)?;
    }
    host::check(connection, directory, request, (hosts, host))?;
    // After `check_host`, which filled it.
    let memo = connection.host_memo.borrow();
    inspection.known_host = (memo.as_ref()).is_some_and(|memo| memo.local || memo.route.is_some());
    Ok(inspection)
}

/// The rules that the framing check applies to the bytes of HTTP/1. HTTP/2 does not pass it.
fn check_http2(request: &Request<AppBody>) -> Result<(), Problem> {
    let (uri, fields) = (&request.uri, &request.fields);
    // HTTP/2 bounds only their size; the number is the framing check's rule.
    if fields.len() > usize::from(limits::FIELDS) {
        return Err(Problem::new(
            Code::HeadTooLarge,
            "the request has too many fields",
        ));
    }
    let scheme = uri.scheme_str();
    if !matches!(scheme, Some("http" | "https") | None) {
        return Err(Problem::bad("the scheme is neither http nor https"));
    }
    if uri
        .path_and_query()
        .is_some_and(|target| !are_target_octets(target.as_str().as_bytes()))
    {
        return Err(Problem::bad(
            "the request target holds a byte that must be percent-encoded",
        ));
    }
    // RFC 9113 section 8.2.1. Written to HTTP/1 they would be padding, and not part of the value.
    let padded = |value: &HeaderValue| {
        let ends = [value.as_bytes().first(), value.as_bytes().last()];
        ends.iter().flatten().any(|b| matches!(b, b' ' | b'\t'))
    };
    if fields.values().any(padded) {
        return Err(Problem::bad(
            "a field value begins or ends with white space",
        ));
    }
    let mut expectations = fields.get_all(&header::EXPECT);
    if expectations.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Problem::new(
            Code::ExpectationFailed,
            "the only expectation met here is 100-continue",
        ));
    }
    Ok(())
}

fn check_method(method: &Method) -> Result<(), Problem> {
    const ALLOWED: [Method; 7] = [
        Method::POST,
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if ALLOWED.contains(method) {
        Ok(())
    } else if [Method::CONNECT, Method::TRACE].contains(method) {
        Err(Problem::new(
            Code::MethodNotAllowed,
            "CONNECT and TRACE are not served here",
        )
        .closing())
    } else {
        // Close: the body of an unknown method may be framed in an unknown way.
        Err(Problem::new(
            Code::NotImplemented,
            "this method is not supported: use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        )
        .closing())
    }
}

fn check_target(connection: &Connection, uri: &Uri, method: &Method) -> Result<Spelling, Problem> {
    let limit = connection.worker.settings().limits.target_bytes;
    let path = uri.path();
    let query = uri.query().unwrap_or_default();
    if path.len() + uri.query().map_or(0, |query| query.len() + 1) > limit {
        return Err(Problem::new(
            Code::TargetTooLong,
            "the request target is too long",
        ));
    }
    // `*` asks about the server as a whole, which RFC 9110 section 9.3.7 allows for `OPTIONS` alone.
    if path == "*" && *method == Method::OPTIONS {
        return Ok(Spelling::Odd);
    }
    if !path.starts_with('/') {
        return Err(Problem::bad("the request target must begin with '/'"));
    }
    let spelling = path_rules::check(path.as_bytes())?;
    let odd = |b: u8| b <= b' ' || b >= 0x7F || b == b'\\';
    if query.bytes().any(odd) {
        return Err(Problem::bad(
            "the query holds a byte that must be percent-encoded",
        ));
    }
    Ok(spelling)
}

fn plain_number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    // A leading zero is octal to some readers.
    if !digits || (text.len() > 1 && text[0] == b'0') {
        return None;
    }
    // 19 digits fit.
    let add = |number, digit: &u8| number * 10 + u64::from(digit - b'0');
    Some(text.iter().fold(0, add))
}

fn is_browser_mark(name: &HeaderName, value: &HeaderValue) -> bool {
    match name.as_str() {
        "origin" => true,
        // `none` means that a person typed the address: no page is behind it.
        "sec-fetch-site" => value.as_bytes() != b"none",
        _ => false,
    }
}
