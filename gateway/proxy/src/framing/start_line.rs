//! The first line of a head.

use super::{Violation, bytes, host, limits};

/// What the first line of a head says about framing.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartLine {
    /// HTTP/1.1 rather than HTTP/1.0.
    pub(super) modern: bool,
    /// The status; 0 in a request.
    pub(super) status: u16,
}

/// What a request line may hold besides its target.
pub(super) const OTHER_BYTES: usize = limits::METHOD_BYTES + 1 + VERSION_BYTES;
/// ` HTTP/1.1`.
const VERSION_BYTES: usize = 9;

/// The method of the request that a guard makes up; no client may send it.
pub(super) const REFUSED_METHOD: &str = "WAYBILL-REFUSED";

/// Checks `method SP target SP version`, the target of at most `limit` bytes.
pub(super) fn request(line: &[u8], limit: usize) -> Result<StartLine, Violation> {
    let Some(rest) = line.strip_suffix(b" HTTP/1.1") else {
        return judge(line, limit);
    };
    // Almost every request line; whatever is odd about one is told by `judge`.
    match memchr::memchr(b' ', rest) {
        Some(space) if is_plain(&rest[..space], &rest[space + 1..], limit) => Ok(StartLine {
            modern: true,
            status: 0,
        }),
        Some(_) | None => judge(line, limit),
    }
}

fn is_plain(method: &[u8], target: &[u8], limit: usize) -> bool {
    matches!(
        method,
        b"GET" | b"POST" | b"PUT" | b"PATCH" | b"DELETE" | b"HEAD"
    ) && target.first() == Some(&b'/')
        && target.len() <= limit
        && bytes::all_target(target)
}

/// Any request line, part by part.
fn judge(line: &[u8], limit: usize) -> Result<StartLine, Violation> {
    let space = memchr::memchr(b' ', line).ok_or(Violation::RequestLine)?;
    let (method, rest) = (&line[..space], &line[space + 1..]);
    let version = memchr::memrchr(b' ', rest).ok_or(Violation::RequestLine)?;
    let (target, version) = (&rest[..version], &rest[version + 1..]);
    if !bytes::all_token(method) || method.is_empty() {
        return Err(Violation::Method);
    }
    if method.len() > limits::METHOD_BYTES || method == REFUSED_METHOD.as_bytes() {
        return Err(Violation::MethodTooLong);
    }
    let modern = modern(version)?;
    if target.len() > limit {
        return Err(Violation::TargetTooLong);
    }
    if method == b"CONNECT" {
        return Err(Violation::Connect);
    }
    if target.is_empty() || memchr::memchr(b' ', target).is_some() {
        return Err(Violation::RequestLine);
    }
    if !bytes::all_target(target) || !is_known_form(method, target) {
        return Err(Violation::Target);
    }
    Ok(StartLine { modern, status: 0 })
}

/// Origin form, `*` for `OPTIONS`, or absolute form with a plain authority.
fn is_known_form(method: &[u8], target: &[u8]) -> bool {
    match target {
        [b'/', ..] => true,
        b"*" => method == b"OPTIONS",
        _ => {
            let Some(scheme) = memchr::memmem::find(target, b"://") else {
                return false;
            };
            let (scheme, rest) = (&target[..scheme], &target[scheme + 3..]);
            let authority = memchr::memchr2(b'/', b'?', rest).map_or(rest, |end| &rest[..end]);
            (scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https"))
                && host::is_valid(authority)
        }
    }
}

/// Checks `version SP status [SP reason]`.
///
/// The space after the status is forgiven when no reason follows: many servers leave it out, and
/// it frames nothing.
pub(super) fn response(line: &[u8]) -> Result<StartLine, Violation> {
    let (Some(version), Some(b' '), Some(status)) = (line.get(..8), line.get(8), line.get(9..12))
    else {
        return Err(Violation::StatusLine);
    };
    let modern = modern(version).map_err(|_| Violation::StatusLine)?;
    if !matches!(line[12..], [] | [b' ', ..]) {
        return Err(Violation::StatusLine);
    }
    if !status.iter().all(u8::is_ascii_digit) {
        return Err(Violation::StatusLine);
    }
    let status = status
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    if !(100..600).contains(&status) {
        return Err(Violation::StatusLine);
    }
    Ok(StartLine { modern, status })
}

fn modern(version: &[u8]) -> Result<bool, Violation> {
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Violation::Version)
        }
        _ => Err(Violation::RequestLine),
    }
}
