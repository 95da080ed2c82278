//! The first line of a head (RFC 9112 sections 3 and 4).

use crate::violation::Violation;
use crate::{host, limits, octets};

/// What the first line of a head says about framing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartLine {
    /// HTTP/1.1 rather than HTTP/1.0.
    pub(crate) http_11: bool,
    /// The status; 0 in a request.
    pub(crate) status: u16,
    /// The length of the method; 0 in a response.
    pub(crate) method: usize,
}

/// How long a request line may be without its target.
pub(crate) const OTHER_BYTES: usize = limits::METHOD_BYTES + 1 + VERSION_BYTES;
/// ` HTTP/1.1`.
pub(crate) const VERSION_BYTES: usize = 9;

/// The method of the request that stands for a refused one. A client that sends it is refused.
pub(crate) const REFUSED_METHOD: &str = "WAYBILL-REFUSED";

/// Checks `method SP target SP version`, the target of at most `limit` bytes.
pub(crate) fn request(line: &[u8], limit: usize) -> Result<StartLine, Violation> {
    let Some(words) = line.strip_suffix(b" HTTP/1.1") else {
        return check_in_full(line, limit);
    };
    // The fast path of almost every request; `check_in_full` says what is wrong with any other.
    match memchr::memchr(b' ', words) {
        Some(space) if is_plain(&words[..space], &words[space + 1..], limit) => Ok(StartLine {
            http_11: true,
            status: 0,
            method: space,
        }),
        Some(_) | None => check_in_full(line, limit),
    }
}

fn is_plain(method: &[u8], target: &[u8], limit: usize) -> bool {
    // Only the methods that carriers' clients use; the others take the longer way.
    matches!(
        method,
        b"GET" | b"POST" | b"PUT" | b"PATCH" | b"DELETE" | b"HEAD"
    ) && target.first() == Some(&b'/')
        && target.len() <= limit
        && octets::are_target_octets(target)
}

/// Checks any request line, part by part.
fn check_in_full(line: &[u8], limit: usize) -> Result<StartLine, Violation> {
    // RFC 9112 section 3 allows lenient parsing on any white space; two readers would then find two
    // different targets. Exactly one SP separates the words here.
    let space = memchr::memchr(b' ', line).ok_or(Violation::RequestLine)?;
    let (method, words) = (&line[..space], &line[space + 1..]);
    let version = memchr::memrchr(b' ', words).ok_or(Violation::RequestLine)?;
    let (target, version) = (&words[..version], &words[version + 1..]);
    if !octets::are_token_octets(method) || method.is_empty() {
        return Err(Violation::Method);
    }
    // The stand-in's method is refused, or a client could make a service answer for a violation of before.
    if method.len() > limits::METHOD_BYTES || method == REFUSED_METHOD.as_bytes() {
        return Err(Violation::MethodTooLong);
    }
    let http_11 = is_http_11(version)?;
    // Before the form of the target is looked at: the length is the cheaper question.
    if target.len() > limit {
        return Err(Violation::TargetTooLong);
    }
    // The target of CONNECT is an authority, which no check below would accept; say why instead.
    if method == b"CONNECT" {
        return Err(Violation::Connect);
    }
    if target.is_empty() || memchr::memchr(b' ', target).is_some() {
        return Err(Violation::RequestLine);
    }
    if !octets::are_target_octets(target) || !is_known_form(method, target) {
        return Err(Violation::Target);
    }
    Ok(StartLine {
        http_11,
        status: 0,
        method: space,
    })
}

/// Origin form, asterisk form for `OPTIONS`, or absolute form with a plain authority (RFC 9112 section 3.2).
fn is_known_form(method: &[u8], target: &[u8]) -> bool {
    match target {
        [b'/', ..] => true,
        b"*" => method == b"OPTIONS",
        // The absolute form, which RFC 9112 section 3.2.2 makes every server accept.
        _ => {
            let Some(scheme) = memchr::memmem::find(target, b"://") else {
                return false;
            };
            let (scheme, hier) = (&target[..scheme], &target[scheme + 3..]);
            let authority = memchr::memchr2(b'/', b'?', hier).map_or(hier, |end| &hier[..end]);
            (scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https"))
                // A user before the host would be a second reading of the authority.
                && host::is_valid(authority)
        }
    }
}

/// Checks `version SP status [SP reason]`.
///
/// The space after the status may be missing when no reason follows: many servers omit it, and it does not
/// affect framing.
pub(crate) fn response(line: &[u8]) -> Result<StartLine, Violation> {
    let (Some(version), Some(b' '), Some(status)) = (line.get(..8), line.get(8), line.get(9..12))
    else {
        return Err(Violation::StatusLine);
    };
    let http_11 = is_http_11(version).map_err(|_| Violation::StatusLine)?;
    // The reason phrase is not looked at, since nothing depends on it.
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
    Ok(StartLine {
        http_11,
        status,
        method: 0,
    })
}

fn is_http_11(version: &[u8]) -> Result<bool, Violation> {
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        // A real version that is not spoken gets 505; anything else is no request line.
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Violation::Version)
        }
        _ => Err(Violation::RequestLine),
    }
}
